"""One of the processes of a race: takes any step of the daily job, and the next, until it dies."""

import json
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TextIO

from sqlalchemy import text

from schemas.enums import Decision
from store import reviews
from store.database import exclusively, transaction
from store.persons import suppress
from tasks import allot, collect, decisions, forms, ghosts, plan, push, reconcile
from tasks.forms import Answer, Choice
from tasks.growth import FLOW, GrowthRun
from tasks.wiring import wiring
from tests.house import plan_and_word

FAILED = "failed"
_OPEN_TASKS, _CALLS, _REFUSALS = 12, 6, 2
_PLANNED_AT_ONCE = (100, 250, 600)
_RELEASED_AT_ONCE = (200, 1_000, 10_000)

_UNCONFIRMED = """
SELECT id FROM message WHERE state = 'dispatched' ORDER BY md5(id || :salt) LIMIT :n
"""


@dataclass(frozen=True)
class Course:
    """
    What the racers share.

    `clock`, in seconds since the epoch, and `over` are raw shared values: who is killed while
    holding a lock would hold it for ever.
    """

    runs: tuple[GrowthRun, ...]
    persons: int
    environment: Mapping[str, str]
    clock: Any
    over: Any

    def now(self) -> datetime:
        """Return the rehearsed instant."""
        return datetime.fromtimestamp(self.clock.value, UTC)


@dataclass(frozen=True)
class _Racer:
    course: Course
    dice: Random
    journal: TextIO

    def note(self, what: str, told: Any) -> None:
        self.journal.write(json.dumps([what, told]) + "\n")
        self.journal.flush()

    def some(self, of: Sequence[int], most: int) -> list[int]:
        return self.dice.sample(of, min(most, len(of)))

    def plan(self) -> None:
        """
        Plan a chunk beside whoever plans the same persons, in the same run or another one.

        Whoever finds nothing left to plan goes on with the run, as the flow does: alone.
        """
        begun = [run for run in self.course.runs if run.as_of <= self.course.now()]
        run = self.dice.choice(begun)
        plan.CHUNK = self.dice.choice(_PLANNED_AT_ONCE)
        somewhere = self.dice.choice((0, self.dice.randrange(self.course.persons)))
        if plan.plan_chunk.fn(run, somewhere) or plan.plan_chunk.fn(run):
            self.note("plan", 1)
            return
        with exclusively(wiring().database, FLOW, run.id) as mine:
            if mine:
                plan_and_word(run)
                self.note("word", 1)

    def settle_deferred(self) -> None:
        begun = [run for run in self.course.runs if run.as_of <= self.course.now()]
        self.note("settle deferred", allot.settle_deferred.fn(self.dice.choice(begun)))

    def decide(self) -> None:
        with transaction(wiring().database) as connection:
            undecided = [batch.id for batch in reviews.undecided(connection)]
        for batch in self.some(undecided, 1):
            form = forms.review_form(batch)
            if form is not None:
                choices = {content: self._choice(shown) for content, shown in form.texts.items()}
                answer = Answer("测试员", form.round, choices)
                self.note("decide", sum(decisions.apply_review.fn(batch, answer).values()))

    def _choice(self, shown: str) -> Choice:
        approved, held, rejected = Decision.APPROVE, Decision.HOLD, Decision.REJECT
        edit = f"{shown}。" if self.dice.random() < 0.1 else None
        (decision,) = self.dice.choices((approved, held, rejected), (85, 10, 5))
        return Choice(decision, edit)

    def release(self) -> None:
        push.CHUNK = self.dice.choice(_RELEASED_AT_ONCE)
        self.note("release", push.release_chunk.fn(self.course.now()))

    def call(self) -> None:
        for dispatch in self.some(push.queued.fn(), _CALLS):
            self.note(f"call: {push.call.fn(dispatch, self.course.now())}", 1)

    def poll(self) -> None:
        for dispatch in self.some(collect.open_tasks.fn(), _OPEN_TASKS):
            self.note(f"poll: {collect.poll.fn(dispatch, self.course.now())}", 1)

    def reconcile(self) -> None:
        for dispatch in reconcile.unanswered.fn():
            self.note(f"reconcile: {reconcile.reconcile.fn(dispatch, self.course.now())}", 1)

    def expire(self) -> None:
        self.note("expire", collect.expire_chunk.fn(self.course.now()))

    def settle_ghosts(self) -> None:
        self.note("settle ghosts", ghosts.settle_ghosts.fn(self.course.now()))

    def refuse(self) -> None:
        """Let persons refuse while their message waits for its employee."""
        values = {"salt": str(self.dice.random()), "n": _REFUSALS}
        with transaction(wiring().database) as connection:
            found = connection.execute(text(_UNCONFIRMED), values).scalars().all()
            suppress(connection, found, reason="refused", at=self.course.now())
        self.note("refuse", len(found))


_STEPS: Mapping[Callable[[_Racer], None], int] = {
    _Racer.plan: 40,
    _Racer.settle_deferred: 2,
    _Racer.decide: 10,
    _Racer.release: 8,
    _Racer.call: 15,
    _Racer.poll: 15,
    _Racer.reconcile: 5,
    _Racer.expire: 3,
    _Racer.settle_ghosts: 3,
    _Racer.refuse: 2,
}
"""How often each step is taken beside the others."""


def run(course: Course, seed: int, journal: Path) -> None:
    """Take steps until all is over; what goes wrong is in the journal, and ends the racer."""
    os.environ |= course.environment
    dice = Random(seed)  # noqa: S311  nothing to guess here
    with journal.open("a", encoding="utf-8") as told:
        racer = _Racer(course, dice, told)
        while not course.over.value:
            (step,) = dice.choices(list(_STEPS), list(_STEPS.values()))
            try:
                step(racer)
            except Exception:
                racer.note(FAILED, traceback.format_exc())
                raise
