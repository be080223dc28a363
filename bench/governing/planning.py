"""The real plan and allotment, task by task, in a process of its own so its memory can be told."""

import logging
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter

from bench.governing.town import AS_OF, TODAY
from bench.memory import peak_mb
from bench.processor import Processor, processor


@dataclass
class Planned:
    """What it took: seconds by task, MB of memory at most, and of the processors."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0
    had: Processor = field(default_factory=Processor)

    @property
    def took(self) -> float:
        """The seconds of all tasks."""
        return sum(self.seconds.values())


def plan(url: str, run_id: int) -> Planned:
    """Decide all candidates of a run as the daily flow does."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_plan, url, run_id).result()


def _plan(url: str, run_id: int) -> Planned:
    os.environ["DATABASE_URL"] = url
    from tasks.allot import allot_budgets
    from tasks.growth import GrowthRun
    from tasks.plan import plan_chunk

    logging.getLogger("runwu").setLevel(logging.WARNING)
    run = GrowthRun(run_id, TODAY, AS_OF, done=False)
    planned = Planned()
    before = processor()
    for last, name in ((False, "first round"), (True, "second round")):
        began = perf_counter()
        above: int | None = 0
        while above is not None:
            above = plan_chunk.fn(run, above)
            planned.peak_mb = max(planned.peak_mb, peak_mb())
        planned.seconds[f"plan, {name}"] = perf_counter() - began
        began = perf_counter()
        again = allot_budgets.fn(run, last=last)
        planned.seconds[f"allot, {name}"] = perf_counter() - began
        if not again:
            break
    planned.peak_mb = max(planned.peak_mb, peak_mb())
    planned.had = processor() - before
    return planned
