"""What came of it: send results, later orders, windows that close."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from prefect import task
from prefect.deployments import arun_deployment
from sqlalchemy import Connection

from adapters.channels.base import Channel
from prompts.catalogue import scenes
from schemas.channel import Progress, Reached
from schemas.clock import now
from schemas.enums import DispatchState, MessageState
from schemas.errors import ChannelError, NoSuchTask
from store import messages as store_messages
from store import outbox, outcomes
from store.database import exclusively, transaction
from store.outbox import Sealed
from store.persons import lock_persons, mark_stale, suppress
from tasks import answers
from tasks.moves import move
from tasks.reissue import reissue, taken_out
from tasks.wiring import wiring

_log = logging.getLogger("runwu.collect")
CHUNK = 1_000
DEPLOYMENT = "collect-outcomes/collect-outcomes"
_AWAITED = (MessageState.DISPATCHED, MessageState.CONFIRMED)
_ENDS = {
    Reached.SENT: (MessageState.DELIVERED, "sent"),
    Reached.NOT_FRIEND: (MessageState.UNREACHABLE, "deleted by the customer"),
    Reached.CAPPED: (MessageState.CAPPED, "the platform's quota was used up"),
}


@task(name="list open tasks")
def open_tasks() -> list[int]:
    """Return the dispatches the channel has accepted and not finished."""
    with transaction(wiring().database) as connection:
        return outbox.in_state(connection, DispatchState.ACCEPTED)


@task(name="schedule collect")
async def schedule_collect(as_of: datetime) -> int:
    """
    Have every open task looked at the moment its time is up; return how many moments that is.

    A round every half hour would leave unconfirmed tasks open into the night.
    """
    with transaction(wiring().database) as connection:
        ends = outbox.ends_ahead(connection, as_of)
    for until, marker in ends:
        await arun_deployment(
            DEPLOYMENT,
            parameters={"as_of": until.isoformat()},
            scheduled_time=now() + (until - as_of),
            as_subflow=False,
            timeout=0,
            idempotency_key=f"{marker}-end",
        )
    return len(ends)


@task(name="poll", task_run_name="poll dispatch {dispatch}")
def poll(dispatch: int, as_of: datetime) -> str:
    """
    Learn how far a task has come, and take it back once its time is up.

    Whoever refused while it waits, or was reached otherwise and has no room for both, must not get
    it: the task is cancelled, and issued again without them. At its end the task is cancelled and
    polled a last time; only what then still waits for its employee is expired and its reservation
    released. A task that could not be cancelled may still be confirmed, so it keeps its
    reservations.
    """
    with exclusively(wiring().database, answers.LOCK, dispatch) as mine:
        if not mine:
            return answers.ELSEWHERE
        with transaction(wiring().database) as connection:
            sealed = outbox.load(connection, dispatch)
            if sealed.state is not DispatchState.ACCEPTED or sealed.msgid is None:
                return sealed.state.value
            split = bool(taken_out(connection, sealed, as_of))
        channel = wiring().channel(as_of, sealed.via)
        over = sealed.until <= as_of
        if (over or split) and not _cancelled(channel, sealed.msgid):
            return "not cancelled yet"
        progress = _progress(channel, sealed)
        if progress is None:
            return _unheard(sealed, as_of)
        return _record(sealed, progress, as_of, over=over, split=split)


@task(name="expire overdue")
def expire_chunk(as_of: datetime) -> int:
    """Expire one chunk of messages whose window or hold ended before they went out."""
    wired = wiring()
    with transaction(wired.database) as connection:
        overdue = store_messages.overdue(connection, as_of, CHUNK)
        held = store_messages.held_too_long(connection, as_of, wired.policy.hold_hours, CHUNK)
        ids = [*(message for message, _ in overdue), *held]
        rows = store_messages.addressed(connection, ids)
        lock_persons(connection, [row.person_id for row in rows])
        done = 0
        for state in sorted({state for _, state in overdue}):
            ids = [message for message, its in overdue if its is state]
            done += len(_expire(connection, ids, state, as_of, "its window ended"))
        return done + len(_expire(connection, held, MessageState.HELD, as_of, "held too long"))


@task(name="credit orders")
def credit_orders(as_of: datetime) -> int:
    """Credit later orders to the messages they answer, and close the windows that have passed."""
    with transaction(wiring().database) as connection:
        credited = outcomes.credit_orders(connection, as_of)
        mark_stale(connection, outcomes.close_windows(connection, as_of))
    _log.info("orders_credited count=%d", credited)
    return credited


def _cancelled(channel: Channel, msgid: str) -> bool:
    """Tell whether nothing of a task can be confirmed any more."""
    try:
        channel.cancel(msgid)
    except NoSuchTask:
        return True
    except ChannelError as error:
        _log.warning("cancel_failed msgid=%s kind=%s", msgid, type(error).__name__)
        return False
    return True


def _progress(channel: Channel, sealed: Sealed) -> Progress | None:
    try:
        return channel.progress(sealed.msgid or "", sealed.sender)
    except ChannelError as error:
        _log.warning("poll_failed dispatch=%d kind=%s", sealed.id, type(error).__name__)
        return None


def _unheard(sealed: Sealed, as_of: datetime) -> str:
    """Wait on for what nothing is heard of, but not for ever."""
    ttl = timedelta(hours=wiring().settings.channels.wecom.unknown_ttl_hours)
    if as_of < sealed.until + ttl:
        return "no answer"
    return answers.settle(sealed, as_of)


def _record(
    sealed: Sealed, progress: Progress, as_of: datetime, *, over: bool, split: bool = False
) -> str:
    with transaction(wiring().database) as connection:
        rows = [row for state in _AWAITED for row in _rows(connection, sealed, state)]
        lock_persons(connection, [row.person_id for row in rows])
        if progress.confirmed:
            ids = [row.id for row in _rows(connection, sealed, MessageState.DISPATCHED)]
            _step(connection, ids, as_of)
        for state in _AWAITED:
            by_address = {row.contact: row.id for row in _rows(connection, sealed, state)}
            for end, at, ids in _ended(progress, by_address, as_of):
                _finish(connection, sealed, ids, state, end, at)
        if over:
            ids = [row.id for row in _rows(connection, sealed, MessageState.DISPATCHED)]
            late = _expire(connection, ids, MessageState.DISPATCHED, as_of, "not confirmed in time")
            _deliver(connection, sealed, late, MessageState.EXPIRED, as_of)
        elif split:
            reissue(connection, sealed, as_of)
        mark_stale(connection, [row.person_id for row in rows])
        if not any(_rows(connection, sealed, state) for state in _AWAITED):
            cancelled = {"cancelled_at": as_of} if over or split else {}
            outbox.change(
                connection, sealed.id, DispatchState.ACCEPTED, DispatchState.CLOSED, **cancelled
            )
            return DispatchState.CLOSED.value
    # What an employee confirmed and the channel has no result for may have arrived.
    return _unheard(sealed, as_of) if over else DispatchState.ACCEPTED.value


def _rows(connection: Connection, sealed: Sealed, state: MessageState) -> list[Any]:
    return outbox.recipients(connection, sealed.id, state.value)


def _ended(
    progress: Progress, by_address: dict[str, int], as_of: datetime
) -> list[tuple[Reached, datetime, list[int]]]:
    """Group the results that are final by outcome and instant."""
    groups: dict[tuple[Reached, datetime], list[int]] = {}
    for result in progress.results:
        if result.reached is not Reached.WAITING and result.recipient in by_address:
            key = (result.reached, result.at or as_of)
            groups.setdefault(key, []).append(by_address[result.recipient])
    return [(reached, at, ids) for (reached, at), ids in groups.items()]


def _finish(
    connection: Connection,
    sealed: Sealed,
    ids: Sequence[int],
    origin: MessageState,
    end: Reached,
    at: datetime,
) -> None:
    state, reason = _ENDS[end]
    moved = move(connection, ids, origin, state, at=at, reason=reason)
    _deliver(connection, sealed, moved, state, at)
    if end is Reached.NOT_FRIEND:
        suppress(connection, moved, reason="deleted_by_customer", at=at)


def _deliver(
    connection: Connection,
    sealed: Sealed,
    ids: Sequence[int],
    state: MessageState,
    at: datetime,
) -> None:
    days = scenes()[sealed.scene].rules.answer_days
    outcomes.record_deliveries(
        connection, ids, state, at=at, answer_until=at + timedelta(days=days)
    )


def _step(connection: Connection, ids: Sequence[int], as_of: datetime) -> None:
    move(
        connection,
        ids,
        MessageState.DISPATCHED,
        MessageState.CONFIRMED,
        at=as_of,
        reason="confirmed by the employee",
    )


def _expire(
    connection: Connection, ids: Sequence[int], state: MessageState, as_of: datetime, why: str
) -> list[int]:
    return move(connection, ids, state, MessageState.EXPIRED, at=as_of, reason=why)
