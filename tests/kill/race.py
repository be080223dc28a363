"""A race: eight processes, a clock that hurries, and somebody who kills them at random."""

import json
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any

from sandbox.control import Control
from sandbox.records import FaultKind
from tasks.growth import GrowthRun
from tests.kill import racer
from tests.kill.nursery import born
from tests.kill.racer import FAILED, Course

RACERS = 8
_CONTEXT = multiprocessing.get_context("forkserver")
_TICK = 0.25
_KILLS = (3, 6)
"""After how many ticks the next one dies."""

_MOST_WAITED = 240
"""For how many ticks the clock stands still in all, if it must."""

_LOST: tuple[FaultKind, ...] = ("drop_after", "hang_after")
_FAULTS = 0.05
"""How often, per tick, a call is made whose answer is lost or late."""


@dataclass
class Race:
    """A race under way."""

    course: Course
    control: Control
    dice: Random
    folder: Path
    lives: ExitStack
    racing: list[ForkServerProcess] = field(default_factory=list)
    killed: int = 0
    ticks: int = 0
    _born: int = 0
    _next_kill: int = 0
    _waited: int = 0

    def live(self, at: datetime) -> None:
        """Let it be an instant for a tick; perhaps somebody dies of it."""
        self.control.set_clock(at)
        self.course.clock.value = at.timestamp()
        if self.dice.random() < _FAULTS:
            self.control.fault("add_msg_template", self.dice.choice(_LOST), seconds=_TICK)
        while len(self.racing) < RACERS:
            self._enter()
        time.sleep(_TICK)
        assert all(one.exitcode is None for one in self.racing), self.failures()
        self.ticks += 1
        if self.ticks > self._next_kill:
            self._next_kill = self.ticks + self.dice.randint(*_KILLS)
            self._kill()

    def waits(self, for_something: bool) -> bool:
        """Tell whether the clock should stand still for what takes longer than it would."""
        self._waited += for_something
        return for_something and self._waited < _MOST_WAITED

    def told(self) -> Counter[str]:
        """Return how much of what the racers did; a step that somebody died in is missing."""
        done: Counter[str] = Counter()
        for what, count in self._lines():
            if what != FAILED:
                done[what] += count
        return done

    def failures(self) -> list[str]:
        """Return what went wrong."""
        return [told for what, told in self._lines() if what == FAILED]

    def end(self) -> list[int | None]:
        """Let everybody finish the step they are at; return their exit codes."""
        self.course.over.value = 1
        for one in self.racing:
            one.join(60)
        return [one.exitcode for one in self.racing]

    def _enter(self) -> None:
        self._born += 1
        journal = self.folder / f"racer-{self._born}.jsonl"
        seed = self.dice.randrange(2**32)
        self.racing.append(self.lives.enter_context(born(racer.run, self.course, seed, journal)))

    def _kill(self) -> None:
        victim = self.racing.pop(self.dice.randrange(RACERS))
        victim.kill()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        self.killed += 1

    def _lines(self) -> Iterator[tuple[str, Any]]:
        for journal in sorted(self.folder.glob("racer-*.jsonl")):
            for line in journal.read_text(encoding="utf-8").splitlines():
                if line.endswith("]"):  # who is killed may leave half a line
                    what, told = json.loads(line)
                    yield what, told


@contextmanager
def race(
    runs: tuple[GrowthRun, ...],
    persons: int,
    environment: Mapping[str, str],
    control: Control,
    seed: int,
    folder: Path,
) -> Iterator[Race]:
    """A race over the same runs; whoever still lives in the end is killed."""
    clock, over = _CONTEXT.RawValue("d", 0), _CONTEXT.RawValue("b", 0)
    course = Course(runs, persons, environment, clock, over)
    with ExitStack() as lives:
        yield Race(course, control, Random(seed), folder, lives)  # noqa: S311  reproducible
