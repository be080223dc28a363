"""What flows ask of Prefect, answered without it: a file that outlives those who are killed."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from tests.kill.boundaries import Step

REVIEWER = "王店长"
REWORDED = "您好，"
FORBIDDEN = "全网第一，"


@dataclass(frozen=True)
class Run:
    """A run of a deployment that somebody asked for."""

    id: str
    deployment: str
    key: str
    parameters: dict[str, Any]


class Clockwork:
    """Keeps runs by idempotency key, as Prefect does, and answers every form like one reviewer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def runs(self, deployment: str) -> list[Run]:
        """Return the runs of a deployment, in the order in which they were first asked for."""
        found = {run["key"]: Run(**run) for kind, run in self._lines() if kind == "run"}
        return [run for run in found.values() if run.deployment == deployment]

    def end(self, run: Run) -> None:
        """Note that a run is over, however it ended."""
        self._write("end", {"id": run.id})

    def under_way(self, deployment: str) -> list[Run]:
        """Return the runs of a deployment that are not over."""
        return [run for run in self.runs(deployment) if run.id not in self._ended()]

    def install(self, step: Step) -> None:
        """Stand in for Prefect wherever our code has imported it; take a step after each call."""
        self._step = step
        stand_ins = {
            "arun_deployment": self.arun_deployment,
            "asuspend_flow_run": self.asuspend_flow_run,
            "get_client": lambda: self,
        }
        ours = [name for name in sys.modules if name.startswith(("flows.", "tasks."))]
        for name, stand_in in stand_ins.items():
            for module in ours:
                if hasattr(sys.modules[module], name):
                    setattr(sys.modules[module], name, stand_in)

    async def arun_deployment(
        self, deployment: str, *, parameters: dict[str, Any], idempotency_key: str, **_: Any
    ) -> Run:
        """Return the run of this key; it is made for the first caller."""
        for known in self.runs(deployment):
            if known.key == idempotency_key:
                return known
        made = str(uuid5(NAMESPACE_URL, idempotency_key))
        run = Run(made, deployment, idempotency_key, parameters)
        self._write("run", vars(run))
        self._step("make", f"make {deployment}")
        return run

    async def asuspend_flow_run(self, wait_for_input: Any, *, key: str, **_: Any) -> Any:
        """Approve all that a form shows; a first form's first texts are edited, one of them ill."""
        fields = wait_for_input.model_fields
        texts = [name for name in fields if name.startswith("t")]
        answer = {name: "approve" for name in fields if name.startswith("w")}
        if key.endswith("-1"):
            for name, beginning in zip(texts, (FORBIDDEN, REWORDED), strict=False):
                answer[name] = beginning + fields[name].default
        else:
            for name in texts:
                answer[name] = fields[name].default.replace(FORBIDDEN, REWORDED)
        batch, round_ = key.split("-")[1::2]  # between them stands the generation
        self._step("answer", f"answer batch {batch} round {round_}")
        return wait_for_input(reviewer=REVIEWER, **answer)

    async def read_flow_run(self, run: str) -> Any:
        """Return a run whose state is final once it was ended."""
        over = str(run) in self._ended()
        return SimpleNamespace(state=SimpleNamespace(is_final=lambda: over))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def _ended(self) -> set[str]:
        return {run["id"] for kind, run in self._lines() if kind == "end"}

    def _lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                kind, content = json.loads(line)
                yield kind, content

    def _write(self, kind: str, content: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([kind, content]) + "\n")
