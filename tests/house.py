"""The flows' steps without Prefect's engine: the same tasks in the same order, called plainly."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from sandbox.control import Control
from schemas.enums import Decision
from schemas.errors import ChannelError
from store import reviews
from store.database import transaction
from tasks import (
    allot,
    collect,
    decisions,
    draft,
    forms,
    ghosts,
    growth,
    own_sends,
    plan,
    pull,
    push,
    reading,
    reconcile,
    refresh,
    review,
    scenes,
)
from tasks.forms import Answer, Choice
from tasks.funnels import count_funnel, equations
from tasks.growth import GrowthRun

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of March 2026 in the business zone; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


def refresh_all(as_of: datetime) -> None:
    """Bring facts, segments and the wheel to the state of an instant."""
    refresh.mark_due.fn(as_of)
    while refresh.rebuild_facts.fn(as_of):
        pass
    while refresh.refresh_chunk.fn(as_of):
        pass
    refresh.learn_population.fn(as_of)
    while refresh.rebuild_segments.fn(as_of):
        pass
    while refresh.turn_chunk.fn(as_of):
        pass


def plan_and_word(run: GrowthRun) -> None:
    """Decide all candidates of a run, and go on up to its review batches."""
    for last in (False, True):
        planned: int | None = 0
        while planned is not None:
            planned = plan.plan_chunk.fn(run, planned)
        if not allot.allot_budgets.fn(run, last=last):
            break
    draft.form_wordings.fn(run)
    while asyncio.run(draft.draft_chunk.fn(run)):
        pass
    review.form_batches.fn(run)


@dataclass(frozen=True)
class House:
    """A database, a world, and the daily job over both."""

    database: Engine
    control: Control
    sandbox_url: str
    database_url: str

    def pull(self, as_of: datetime) -> dict[str, Any]:
        """Pull everything up to an instant; return the books by source and entity."""
        self.control.set_clock(as_of)
        run = pull.open_pull.fn(as_of)
        books = {}
        for source, entity in run.windows:
            stage = asyncio.run(reading.read_window.fn(source, entity, as_of))
            staged = pull.stage_window.fn(stage)
            verdict = pull.judge_window.fn(staged)
            books[staged.name] = pull.publish_window.fn(run.id, staged, verdict)
        pull.close_pull.fn(run.id, as_of, books)
        return books

    def grow(self, as_of: datetime) -> GrowthRun:
        """Run the day up to its review batches."""
        run = growth.open_growth.fn(as_of)
        refresh_all(as_of)
        self.learn_own_sends(as_of)
        for scene in scenes.scene_names.fn():
            while scenes.find_candidates.fn(run, scene):
                pass
        allot.settle_deferred.fn(run)
        plan_and_word(run)
        growth.close_growth.fn(run)
        return run

    def decide(
        self, decision: Decision = Decision.APPROVE, edit: str | None = None
    ) -> dict[str, int]:
        """Decide alike on every wording of every undecided batch; return persons by decision."""
        counts: Counter[str] = Counter()
        with transaction(self.database) as connection:
            batches = [batch.id for batch in reviews.undecided(connection)]
        for batch in batches:
            form = forms.review_form(batch)
            if form is None:
                continue
            choices = {content: Choice(decision, edit) for content in form.texts}
            counts.update(decisions.apply_review.fn(batch, Answer("测试员", form.round, choices)))
        return dict(counts)

    def push(self, as_of: datetime) -> list[str]:
        """Push as of an instant; return what became of each call."""
        self.control.set_clock(as_of)
        states = [reconcile.reconcile.fn(one, as_of) for one in reconcile.unanswered.fn()]
        if not self.learn_own_sends(as_of):
            return states
        while push.release_chunk.fn(as_of):
            pass
        return states + [push.call.fn(one, as_of) for one in push.queued.fn()]

    def collect(self, as_of: datetime) -> list[str]:
        """Collect as of an instant; return what became of each poll."""
        self.control.set_clock(as_of)
        for one in reconcile.unanswered.fn():
            reconcile.reconcile.fn(one, as_of)
        self.learn_own_sends(as_of)
        states = [collect.poll.fn(one, as_of) for one in collect.open_tasks.fn()]
        while collect.expire_chunk.fn(as_of):
            pass
        while ghosts.settle_ghosts.fn(as_of):
            pass
        collect.credit_orders.fn(as_of)
        return states

    def learn_own_sends(self, as_of: datetime) -> bool:
        """Learn whom employees wrote to by themselves; return whether that is known by now."""
        try:
            own_sends.read_own_sends.fn(as_of)
        except ChannelError:
            return False
        return True

    def approved_day(self, day: int) -> GrowthRun:
        """Pull and plan at 07:30 of a day and approve everything."""
        self.pull(at(day, 7, 30))
        run = self.grow(at(day, 7, 30))
        self.decide()
        return run

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Return the rows of a query."""
        with transaction(self.database) as connection:
            return list(connection.execute(text(query), values))

    def change(self, statement: str, **values: Any) -> None:
        """Execute a statement and commit."""
        with transaction(self.database) as connection:
            connection.execute(text(statement), values)

    def states(self) -> dict[str, int]:
        """Return how many messages are in each state, ghosts left out."""
        return {row.state: row.n for row in self.rows(_STATES, ghost=False)}

    def ghosts(self) -> dict[str, int]:
        """Return how many of the holdout's messages are in each state."""
        return {row.state: row.n for row in self.rows(_STATES, ghost=True)}

    def unbalanced(self) -> list[str]:
        """Return the equations of the funnel that are off, and slots closed twice or never."""
        wrong = [str(book) for book in equations(count_funnel.fn()) if not book.balances]
        wrong += [f"slot {row.slot} {row.kinds}" for row in self.rows(_CROOKED_SLOTS)]
        return wrong + [f"message {row.id} {row.state}" for row in self.rows(_FORGOTTEN)]


_STATES = "SELECT state, count(*) AS n FROM message WHERE ghost = :ghost GROUP BY state"

_CROOKED_SLOTS = """
SELECT l.slot, array_agg(l.kind ORDER BY l.id) AS kinds
FROM ledger l JOIN message m ON m.id = l.slot
GROUP BY l.slot, m.state
HAVING count(*) FILTER (WHERE l.kind = 'reservation') <> 1
    OR count(*) FILTER (WHERE l.kind <> 'reservation') <>
       (m.state IN ('delivered', 'rejected', 'expired', 'blocked', 'capped', 'unreachable',
                    'cancelled', 'draft_failed', 'failed', 'unknown_settled'))::int
"""

_FORGOTTEN = """
SELECT m.id, m.state FROM message m
JOIN dispatch_recipient r ON r.message_id = m.id JOIN dispatch s ON s.id = r.dispatch_id
WHERE m.state IN ('queued', 'dispatched', 'confirmed', 'unknown')
  AND s.state IN ('closed', 'rejected', 'settled')
"""
