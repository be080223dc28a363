"""Batches for review, the Prefect runs that show them, and what is done with the answers."""

import logging
from dataclasses import dataclass
from datetime import datetime

from prefect import task
from prefect.client.orchestration import get_client
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound

from rules.hours import AHEAD
from schemas.clock import now, own_time
from schemas.enums import MessageState
from store import reviews, runs
from store.database import transaction
from store.persons import lock_persons
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.wiring import wiring

_log = logging.getLogger("runwu.review")
DEPLOYMENT = "review-batch/review-batch"
PUSH_DEPLOYMENT = "push-approved/push-approved"
_IN_REVIEW = MessageState.IN_REVIEW


@dataclass(frozen=True)
class Approved:
    """When the first approved message of a batch is due; `key` changes with every answer."""

    run_id: int
    key: str
    as_of: datetime
    first_due: datetime | None


@task(name="form review batches")
def form_batches(run: GrowthRun) -> int:
    """Put this run's drafts, and held ones still within their window, into batches."""
    wired = wiring()
    made = 0
    with transaction(wired.database) as connection:
        waiting = reviews.waiting(connection, run.id, run.as_of)
        lock_persons(connection, [person for row in waiting for person in row.persons])
        drafts = list(dict.fromkeys(row.draft_id for row in waiting if row.anybody))
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


@task(name="find approved")
def approved_so_far(batch: int) -> Approved:
    """Return what of a batch is approved and waits to be pushed."""
    with transaction(wiring().database) as connection:
        found = reviews.progress(connection, batch)
        return Approved(
            run_id=found.run_id,
            key=f"{found.token}-{found.answered}",
            as_of=own_time(*runs.run_clock(connection, found.run_id)),
            first_due=reviews.first_due(connection, batch),
        )


@task(name="schedule push")
async def schedule_push(approved: Approved) -> str | None:
    """
    Have what was approved pushed when its time comes on the run's own clock; return the run's id.

    What is approved in the evening was due that morning; sent at once it would find closed hours,
    and nobody would come back for it, so the push waits until they open.
    """
    if approved.first_due is None:
        return None
    due = max(approved.as_of, approved.first_due)
    opens = wiring().hours.opens(due, due + AHEAD)
    if opens is None:
        return None
    wait = opens - approved.as_of
    flow_run = await arun_deployment(
        PUSH_DEPLOYMENT,
        parameters={"on_clock_of": approved.run_id},
        scheduled_time=now() + wait,
        as_subflow=False,
        timeout=0,
        idempotency_key=f"{approved.key}-push",
        flow_run_name=f"push run {approved.run_id}",
    )
    return str(flow_run.id)


async def _is_over(flow_run_id: str) -> bool:
    async with get_client() as client:
        try:
            flow_run = await client.read_flow_run(flow_run_id)  # type: ignore[arg-type]
        except ObjectNotFound:
            return True
    return flow_run.state is None or flow_run.state.is_final()
