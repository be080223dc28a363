"""The real pull, step by step, in a process of its own so that its memory can be told."""

import asyncio
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from time import perf_counter
from typing import Any
from unittest.mock import patch

from bench.source import Shop

IMPORTS, GX, PLAIN = "imports", "Great Expectations", "plain SQL"
"""What a process needs but once, and two parts of what the step "judge" contains."""
MADE = "made up"
"""What the bench takes for itself while the pull reads."""


@dataclass
class Pulled:
    """What a pull took: seconds by step, MB of memory at most; and the rows it published."""

    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: float = 0
    published: int = 0

    @property
    def total(self) -> float:
        """Seconds from the first row asked for to the last commit, less those the bench took."""
        steps = self.seconds.keys() - {IMPORTS, GX, PLAIN, MADE}
        return sum(self.seconds[step] for step in steps) - self.seconds[MADE]

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time of the body to a step."""
        began = perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0) + perf_counter() - began

    def timing(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function whose calls are added to a step."""

        def called(*args: Any, **named: Any) -> Any:
            with self.timed(step):
                return function(*args, **named)

        return called


def pull(url: str, shop: Shop, as_of: datetime) -> Pulled:
    """Pull everything the shop tells up to an instant, by the tasks of the flow."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_pull, url, shop, as_of).result()


def _pull(url: str, shop: Shop, as_of: datetime) -> Pulled:
    pulled = Pulled()
    with pulled.timed(IMPORTS):
        from great_expectations import expectations  # noqa: F401 - else its seconds are a step's

        from store.counting import bad_counts
        from tasks import pull, verdicts
        from tasks.wiring import wiring
    os.environ["DATABASE_URL"] = url
    vars(wiring())["sources"] = {shop.name: shop}
    ours = patch.object(verdicts, "bad_counts", pulled.timing(PLAIN, bad_counts))
    theirs = patch.object(
        verdicts, "expectations_say", pulled.timing(GX, verdicts.expectations_say)
    )
    with ours, theirs:
        run = pull.open_pull.fn(as_of)
        for source, entity in run.windows:
            with pulled.timed(f"read {entity}"):
                stage = asyncio.run(pull.read_window.fn(source, entity, as_of))
            with pulled.timed(f"stage {entity}"):
                staged = pull.stage_window.fn(stage)
            with pulled.timed(f"judge {entity}"):
                judgement = pull.judge_window.fn(staged)
            if not judgement.passed:
                raise RuntimeError(judgement.reason)
            with pulled.timed(f"publish {entity}"):
                books = pull.publish_window.fn(run.id, staged, judgement)
            pulled.published += books.parts["published"]
        pull.close_pull.fn(run.id, as_of, {})
    pulled.seconds[MADE] = sum(shop.spent)
    pulled.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pulled
