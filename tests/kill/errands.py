"""What a victim does: one real flow, until it ends or dies at a boundary it was told to die at."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.context import refresh_global_settings_context

from flows.collect_outcomes import collect_outcomes
from flows.daily_growth import daily_growth
from flows.push_approved import push_approved
from flows.review_batch import review_batch
from tasks import collect, draft, ghosts, plan, push, refresh, scenes
from tests.kill.boundaries import Step, after_each_task, die
from tests.kill.clockwork import Clockwork

FLOWS = {one.name: one for one in (daily_growth, review_batch, push_approved, collect_outcomes)}
CHUNKS = {refresh: 50, scenes: 8, plan: 8, draft: 3, push: 6, collect: 4, ghosts: 1}
"""Small enough that every loop goes round more than once."""


@dataclass(frozen=True)
class Errand:
    """
    One life: a flow and its parameters, the world it lives in, and where it will die.

    With `deadly` that is where it did not die yet as often as is said there, without it after
    every task that it did not die after yet. `clockwork` answers in place of Prefect; without it
    the flow goes through Prefect's engine.
    """

    flow: str
    parameters: Mapping[str, Any]
    environment: Mapping[str, str]
    journal: Path
    died: Counter[str]
    deadly: Counter[str] | None = None
    clockwork: Path | None = None

    def dies_at(self, boundary: str) -> bool:
        """Tell whether this life ends here."""
        wanted = 1 if self.deadly is None else self.deadly[boundary]
        return self.died[boundary] < wanted


def run(errand: Errand) -> None:
    """Run the errand; its journal tells every boundary that was reached, and how it ended."""
    os.environ.update(errand.environment)
    with errand.journal.open("w", encoding="utf-8") as journal:

        def note(kind: str, what: Any) -> None:
            journal.write(json.dumps([kind, what], default=str) + "\n")
            journal.flush()

        def step(name: str, told: str) -> None:
            boundary = f"{errand.flow}: {name if errand.deadly is None else told}"
            note("reached", boundary)
            if errand.dies_at(boundary):
                note("died", boundary)
                die()

        note("ended", asyncio.run(_flow(errand, step)))


async def _flow(errand: Errand, step: Step) -> Any:
    flow: Any = FLOWS[errand.flow]
    after_each_task(step, engine=errand.clockwork is None)
    if errand.clockwork is None:
        refresh_global_settings_context()
        return await flow(**errand.parameters)
    for module, size in CHUNKS.items():
        assert "CHUNK" in vars(module), f"{module.__name__} works off its load in another way now"
        vars(module)["CHUNK"] = size
    Clockwork(errand.clockwork).install(step)
    return await flow.fn(**errand.parameters)
