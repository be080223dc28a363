"""The real refresh, task by task, in a process of its own so that its memory can be told."""

import logging
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from time import perf_counter

from bench.memory import peak_mb


@dataclass
class Refreshed:
    """What a refresh took: seconds by task, whom each was done for, and MB of memory at most."""

    seconds: dict[str, float] = field(default_factory=dict)
    persons: dict[str, int] = field(default_factory=dict)
    peak_mb: float = 0

    @property
    def took(self) -> float:
        """The seconds of all tasks."""
        return sum(self.seconds.values())


def refresh(url: str, as_of: datetime) -> Refreshed:
    """Do of a daily run what makes facts, segments and the wheel, by the tasks of its flow."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_refresh, url, as_of).result()


def _refresh(url: str, as_of: datetime) -> Refreshed:
    os.environ["DATABASE_URL"] = url
    from tasks import refresh

    logging.getLogger("runwu").setLevel(logging.WARNING)
    refreshed = Refreshed()
    for task, till_done in (
        (refresh.mark_due, False),
        (refresh.rebuild_facts, True),
        (refresh.refresh_chunk, True),
        (refresh.learn_population, False),
        (refresh.rebuild_segments, True),
        (refresh.turn_chunk, True),
    ):
        began = perf_counter()
        done = task.fn(as_of) or 0
        persons = done
        while done and till_done:
            done = task.fn(as_of) or 0
            persons += done
        refreshed.seconds[task.name] = perf_counter() - began
        refreshed.persons[task.name] = persons
    refreshed.peak_mb = peak_mb()
    return refreshed
