"""Flows in processes of their own that are killed and run again."""

import json
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.kill import errands
from tests.kill.errands import Errand
from tests.kill.nursery import born

_PATIENCE = 120
_EXITS = {"ended": 0, "died": -signal.SIGKILL}


@dataclass
class Mortal:
    """Lives as often as it must, and remembers where it died."""

    environment: Mapping[str, str]
    folder: Path
    deadly: Counter[str] | None = None
    clockwork: Path | None = None
    reached: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    lives: int = 0

    def once(self, flow: str, **parameters: Any) -> tuple[bool, Any]:
        """Run a flow once; return whether it came to its end, and its result."""
        self.lives += 1
        journal = self.folder / f"life-{self.lives}.jsonl"
        errand = Errand(
            flow,
            parameters,
            self.environment,
            journal,
            self.died,
            self.deadly,
            self.clockwork,
        )
        with born(errands.run, errand) as process:
            process.join(_PATIENCE)
        told = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        kind, what = (told or [("never began", "")])[-1]
        assert process.exitcode == _EXITS.get(kind), f"{flow}: {process.exitcode} after {told}"
        self.reached.update(boundary for kind, boundary in told if kind == "reached")
        if kind == "died":
            self.died[what] += 1
            return False, None
        return True, what

    def until_done(self, flow: str, **parameters: Any) -> Any:
        """Run a flow, again whenever it is killed, and return its result."""
        while True:
            ended, result = self.once(flow, **parameters)
            if ended:
                return result
