"""Batches for review, the Prefect runs that show them, and what is done with the answers."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect import task
from prefect.client.orchestration import get_client
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from sqlalchemy import Connection

from rules.quiet_hours import wait_to_send
from schemas.clock import now, own_time
from schemas.enums import Decision, MessageState
from store import reviews, runs
from store.database import transaction
from store.persons import lock_persons
from tasks.forms import Answer
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.rechecks import still_allowed
from tasks.wiring import wiring

_log = logging.getLogger("runwu.review")
DEPLOYMENT = "review-batch/review-batch"
PUSH_DEPLOYMENT = "push-approved/push-approved"
_IN_REVIEW = MessageState.IN_REVIEW


@dataclass(frozen=True)
class Applied:
    """What a review came to, in messages, and when the first approved one is due."""

    run_id: int
    token: str
    as_of: datetime
    counts: dict[str, int]
    first_due: datetime | None


@task(name="form review batches")
def form_batches(run: GrowthRun) -> int:
    """Put this run's drafts, and held ones still within their window, into batches."""
    wired = wiring()
    made = 0
    with transaction(wired.database) as connection:
        waiting = reviews.waiting(connection, run.id, run.as_of)
        drafts = list(dict.fromkeys(row.draft_id for row in waiting))
        for start in range(0, len(drafts), wired.settings.review.batch_size):
            chosen = drafts[start : start + wired.settings.review.batch_size]
            batch = reviews.add_batch(connection, run.id, chosen, run.as_of)
            for row in waiting:
                if row.draft_id in chosen:
                    move(
                        connection,
                        row.messages,
                        MessageState(row.state),
                        _IN_REVIEW,
                        at=run.as_of,
                        reason=f"batch {batch}",
                    )
            made += 1
    return made


@task(name="open review runs")
async def open_reviews() -> list[str]:
    """
    See that every undecided batch has a Prefect run showing it; return the runs' ids.

    A run that ended without a decision (cancelled, crashed) is followed by the next generation;
    the idempotency key keeps a repeated call from opening a second one.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        batches = reviews.undecided(connection)
    opened = []
    for batch in batches:
        over = batch.flow_run_id is not None and await _is_over(batch.flow_run_id)
        generation = batch.generation + (1 if over else 0)
        flow_run = await arun_deployment(
            DEPLOYMENT,
            parameters={"batch": batch.id, "generation": generation},
            as_subflow=False,
            timeout=0,
            idempotency_key=f"{batch.token}-{generation}",
            flow_run_name=f"review batch {batch.id}",
        )
        with transaction(wired.database) as connection:
            reviews.set_flow_run(connection, batch.id, generation, str(flow_run.id))
        opened.append(str(flow_run.id))
    _log.info("reviews_open count=%d", len(opened))
    return opened


@task(name="apply review", retries=3, retry_delay_seconds=5)
def apply_review(batch: int, answer: Answer) -> Applied | None:
    """
    Carry a reviewer's decisions into our tables; None if the batch was decided before.

    A decision counts only where the wording still stands for the content it was made on; for
    anything else it is void, and the wording is not sent.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        locked = reviews.lock_batch(connection, batch)
        if locked is None:
            return None
        run_id, token = locked
        as_of = own_time(*runs.run_clock(connection, run_id))
        counts: dict[str, int] = {}
        # All at once, in id order: batch by batch would deadlock with a plan under way.
        shown = reviews.current_drafts(connection, batch)
        lock_persons(connection, [person for draft in shown for person in draft.persons])
        for draft in reviews.current_drafts(connection, batch):
            shown_as = (draft.draft_id, draft.content_hash)
            decision = answer.decisions.get(shown_as, Decision.HOLD)
            moved = _apply(connection, draft, decision, answer.reviewer, as_of)
            counts[decision.value] = counts.get(decision.value, 0) + len(moved)
        first_due = reviews.first_due(connection, batch)
        reviews.decide_batch(connection, batch, answer.reviewer, as_of)
    _log.info("review_applied batch=%d counts=%s", batch, counts)
    return Applied(run_id, token, as_of, counts, first_due)


@task(name="find applied review")
def applied_before(batch: int) -> Applied | None:
    """Return what a decided batch still has to be pushed, for a run that died before saying so."""
    with transaction(wiring().database) as connection:
        found = reviews.decided(connection, batch)
        if found is None:
            return None
        run_id, token = found
        as_of = own_time(*runs.run_clock(connection, run_id))
        return Applied(run_id, token, as_of, {}, reviews.first_due(connection, batch))


@task(name="schedule push")
async def schedule_push(applied: Applied) -> str | None:
    """
    Have what was approved pushed when its time comes on the run's own clock; return the run's id.

    Within the quiet hours the push waits for their end.
    """
    if applied.first_due is None:
        return None
    wired = wiring()
    quiet = wired.policy.quiet_hours
    wait = wait_to_send(applied.as_of, applied.first_due, wired.zone, quiet)
    flow_run = await arun_deployment(
        PUSH_DEPLOYMENT,
        parameters={"on_clock_of": applied.run_id},
        scheduled_time=now() + wait,
        as_subflow=False,
        timeout=0,
        idempotency_key=f"{applied.token}-push",
        flow_run_name=f"push run {applied.run_id}",
    )
    return str(flow_run.id)


def _apply(
    connection: Connection, draft: Any, decision: Decision, reviewer: str, as_of: datetime
) -> list[int]:
    messages: Sequence[int] = draft.messages
    if decision is Decision.REJECT:
        return _move(connection, messages, MessageState.REJECTED, as_of, f"rejected by {reviewer}")
    if decision is Decision.HOLD:
        return _move(connection, messages, MessageState.HELD, as_of, f"held by {reviewer}")
    if draft.expires_at <= as_of:
        return _move(connection, messages, MessageState.EXPIRED, as_of, "approved too late")
    moved = _move(connection, messages, MessageState.APPROVED, as_of, f"approved by {reviewer}")
    reviews.approve(
        connection, draft.draft_id, draft.content_hash, moved, reviewer=reviewer, at=as_of
    )
    return still_allowed(connection, moved, MessageState.APPROVED, as_of)


def _move(
    connection: Connection,
    messages: Sequence[int],
    target: MessageState,
    as_of: datetime,
    reason: str,
) -> list[int]:
    return move(connection, messages, _IN_REVIEW, target, at=as_of, reason=reason)


async def _is_over(flow_run_id: str) -> bool:
    async with get_client() as client:
        try:
            flow_run = await client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
        except ObjectNotFound:
            return True
    return flow_run.state is None or flow_run.state.is_final()
