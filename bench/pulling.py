"""The real pull, step by step, in a process of its own so that its memory can be told."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from time import perf_counter
from typing import Any
from unittest.mock import patch

from bench.memory import peak_mb
from bench.source import Shop
from schemas.enums import Entity
from store.staging import Stage

IMPORTS, GX, PLAIN = "imports", "Great Expectations", "plain SQL"
"""What a process needs but once, and two parts of what the step "judge" contains."""
MADE = "made up"
"""What the bench takes for itself while the pull does nothing but read."""


@dataclass
class Pulled:
    """
    What a pull took: seconds by step, and MB of memory at most.

    `took` is from the first row asked for to the last commit, less what the bench took. Steps add
    up to more, as a window is published while the next is read.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    took: float = 0
    peak_mb: float = 0

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

        from tasks import pull
        from tasks.wiring import wiring
    os.environ["DATABASE_URL"] = url
    vars(wiring())["sources"] = {shop.name: shop}
    with _watched(pulled, shop):
        began = perf_counter()
        run = pull.open_pull.fn(as_of)
        brought = asyncio.run(pull.bring_in(run))
        pull.close_pull.fn(run.id, as_of, {})
        pulled.took = perf_counter() - began
    pulled.took -= pulled.seconds[MADE]
    for one in brought:
        if isinstance(one, Exception) or one.refused:
            raise RuntimeError(one)
    pulled.peak_mb = peak_mb()
    return pulled


@contextmanager
def _watched(pulled: Pulled, shop: Shop) -> Iterator[None]:
    """Have the tasks called as plain functions, each of them timed."""
    from store.counting import bad_counts
    from tasks import pull, verdicts
    from tasks.reading import read_window

    beside = [0.0]  # what was made up while something else than reading went on, too

    def reading(read: Callable[..., Awaitable[Stage]]) -> Callable[..., Awaitable[Stage]]:
        async def called(source: str, entity: Entity, as_of: datetime) -> Stage:
            with pulled.timed(f"read {entity}"):
                return await read(source, entity, as_of)

        return called

    def working(step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*told: Any) -> Any:
            before = sum(shop.spent)
            with pulled.timed(f"{step} {_entity(told)}"):
                done = work(*told)
            beside[0] += sum(shop.spent) - before
            return done

        return called

    with (
        patch.multiple(
            pull,
            read_window=reading(read_window.fn),
            stage_window=working("stage", pull.stage_window.fn),
            judge_window=working("judge", pull.judge_window.fn),
            publish_window=working("publish", pull.publish_window.fn),
        ),
        patch.multiple(
            verdicts,
            bad_counts=pulled.timing(PLAIN, bad_counts),
            expectations_say=pulled.timing(GX, verdicts.expectations_say),
        ),
    ):
        yield
    pulled.seconds[MADE] = sum(shop.spent) - beside[0]


def _entity(told: tuple[Any, ...]) -> Entity:
    """Return the entity that a task is told to work on: it is told a stage, or what holds one."""
    stages = (getattr(one, "stage", one) for one in told)
    return next(stage.entity for stage in stages if isinstance(stage, Stage))
