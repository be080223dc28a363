"""Out of the house: released into the outbox, called once, reconciled when unanswered."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from prefect import task
from sqlalchemy import Connection

from adapters.channels.wecom import marked
from rules.governor import task_until
from rules.quiet_hours import is_quiet
from schemas.channel import Link, Parcel, Receipt
from schemas.enums import DispatchState, MessageState
from schemas.errors import ChannelError, Nobody, NotSent, Rejected
from store import outbox, outcomes
from store.database import exclusively, transaction
from store.outbox import Sealed
from store.persons import lock_persons
from tasks.moves import move
from tasks.rechecks import still_allowed
from tasks.wiring import wiring

_log = logging.getLogger("runwu.push")
CHUNK = 1_000
_LOCK = "dispatch"
_ELSEWHERE = "under way elsewhere"


@task(name="release approved")
def release_chunk(as_of: datetime) -> int:
    """
    Put one chunk of what is approved, due and still allowed into the outbox; 0 when none is left.

    Persons are locked, everything is checked again, outbox rows and states are committed before
    anything is called.
    """
    wired = wiring()
    if is_quiet(as_of, wired.zone, wired.policy.quiet_hours):
        return 0
    with transaction(wired.database) as connection:
        due = outbox.due(connection, as_of, CHUNK)
        lock_persons(connection, [row.person_id for row in due])
        uncovered = [row.id for row in due if not row.covered]
        move(
            connection,
            uncovered,
            MessageState.APPROVED,
            MessageState.BLOCKED,
            at=as_of,
            reason="no approval covers it",
        )
        covered = [row for row in due if row.covered]
        allowed = set(still_allowed(connection, [row.id for row in covered], as_of))
        _seal(connection, [row for row in covered if row.id in allowed], as_of)
    return len(due)


@task(name="list outbox")
def queued() -> list[int]:
    """Return the dispatches that wait for their call."""
    with transaction(wiring().database) as connection:
        return outbox.in_state(connection, DispatchState.QUEUED)


@task(name="list unanswered")
def unanswered() -> list[int]:
    """Return the dispatches whose call was begun and never answered."""
    with transaction(wiring().database) as connection:
        return outbox.in_state(connection, DispatchState.CALLING, DispatchState.UNKNOWN)


@task(name="call channel", task_run_name="call for dispatch {dispatch}")
def call(dispatch: int, as_of: datetime) -> str:
    """
    Make the one call of a dispatch and return the state it is then in.

    The advisory lock lives on its own connection: while this process is only paused, no other
    one takes its place. The mark "calling" is committed first, so that a process that dies in
    here leaves a trace that says: ask before you send.
    """
    with exclusively(wiring().database, _LOCK, dispatch) as mine:
        begun = _begin(dispatch, as_of) if mine else _ELSEWHERE
        if isinstance(begun, str):
            return begun
        sealed, parcel = begun
        try:
            receipt = wiring().channels["wecom"].send(parcel)
        except ChannelError as error:
            return _not_accepted(sealed, error, as_of)
        return _accepted(sealed, DispatchState.CALLING, receipt, as_of)


@task(name="reconcile", task_run_name="reconcile dispatch {dispatch}")
def reconcile(dispatch: int, as_of: datetime) -> str:
    """
    Find out what became of an unanswered call, by its marker; never send here.

    A task that is not found only counts as never made once the channel has had time to list it.
    A channel that stays silent until the time to live is over is believed to have sent it.
    """
    wired = wiring()
    wecom = wired.settings.channels.wecom
    with exclusively(wired.database, _LOCK, dispatch) as mine:
        if not mine:
            return _ELSEWHERE
        with transaction(wired.database) as connection:
            sealed = outbox.load(connection, dispatch)
            if sealed.state is DispatchState.CALLING:
                _unknown(connection, sealed, as_of, "the caller died")
            elif sealed.state is not DispatchState.UNKNOWN:
                return sealed.state.value
        called = sealed.called_at or as_of
        try:
            msgid = wired.channels["wecom"].find(
                sealed.marker, called - timedelta(days=1), max(as_of, called) + timedelta(days=1)
            )
        except ChannelError as error:
            if as_of < called + timedelta(hours=wecom.unknown_ttl_hours):
                return _note(sealed, DispatchState.UNKNOWN, str(error))
            return _settle(sealed, as_of)
        if msgid is not None:
            return _accepted(sealed, DispatchState.UNKNOWN, Receipt(msgid), as_of)
        if as_of < called + timedelta(minutes=wecom.reconcile_after_minutes):
            return DispatchState.UNKNOWN.value
        return _never_made(sealed, as_of)


def _begin(dispatch: int, as_of: datetime) -> tuple[Sealed, Parcel] | str:
    """Commit that the call is about to be made, or return why it is not."""
    with transaction(wiring().database) as connection:
        sealed = outbox.load(connection, dispatch)
        if sealed.state is not DispatchState.QUEUED:
            return sealed.state.value
        if sealed.until <= as_of:
            return _too_late(connection, sealed, as_of)
        outbox.change(
            connection, dispatch, DispatchState.QUEUED, DispatchState.CALLING, called_at=as_of
        )
        return sealed, _parcel(connection, sealed)


def _seal(connection: Connection, rows: Sequence[Any], as_of: datetime) -> None:
    """Insert one outbox row per cell and recipients limit; the rows come ordered by cell."""
    wired = wiring()
    size = wired.settings.channels.wecom.max_recipients
    for (wording, draft, sender), group in groupby(
        rows, key=lambda row: (row.wording_id, row.draft_id, row.sender)
    ):
        cell = list(group)
        for start in range(0, len(cell), size):
            part = cell[start : start + size]
            messages = [row.id for row in part]
            window = min(row.window_until for row in part)
            outbox.seal(
                connection,
                wording,
                draft,
                sender,
                messages,
                channel="wecom",
                queued_at=as_of,
                until=task_until(as_of, window, wired.policy, wired.zone),
            )
            move(
                connection,
                messages,
                MessageState.APPROVED,
                MessageState.QUEUED,
                at=as_of,
                reason="released",
            )


def _parcel(connection: Connection, sealed: Sealed) -> Parcel:
    rows = outbox.recipients(connection, sealed.id, MessageState.QUEUED.value)
    link = Link(sealed.link["title"], sealed.link["description"], sealed.link["url"])
    return Parcel(
        sender=sealed.sender,
        recipients=tuple(row.contact for row in rows),
        text=sealed.text,
        link=marked(link, sealed.marker),
    )


def _accepted(sealed: Sealed, origin: DispatchState, receipt: Receipt, as_of: datetime) -> str:
    state = MessageState.QUEUED if origin is DispatchState.CALLING else MessageState.UNKNOWN
    with transaction(wiring().database) as connection:
        rows = outbox.recipients(connection, sealed.id, state.value)
        lock_persons(connection, [row.person_id for row in rows])
        if not outbox.change(
            connection, sealed.id, origin, DispatchState.ACCEPTED, msgid=receipt.msgid
        ):
            return "changed elsewhere"
        move(
            connection,
            [row.id for row in rows],
            state,
            MessageState.DISPATCHED,
            at=as_of,
            reason=f"task {receipt.msgid}",
        )
        _refused(connection, rows, receipt, as_of)
    return DispatchState.ACCEPTED.value


def _refused(
    connection: Connection, rows: Sequence[Any], receipt: Receipt, as_of: datetime
) -> None:
    refused = set(receipt.refused)
    move(
        connection,
        [row.id for row in rows if row.contact in refused],
        MessageState.DISPATCHED,
        MessageState.UNREACHABLE,
        at=as_of,
        reason="refused by the channel",
    )


def _not_accepted(sealed: Sealed, error: ChannelError, as_of: datetime) -> str:
    _log.warning("call_failed dispatch=%d kind=%s", sealed.id, type(error).__name__)
    if isinstance(error, NotSent):
        # Nobody was reached: it waits in the outbox for the next round.
        with transaction(wiring().database) as connection:
            outbox.change(
                connection,
                sealed.id,
                DispatchState.CALLING,
                DispatchState.QUEUED,
                error=str(error),
            )
        return DispatchState.QUEUED.value
    if isinstance(error, Rejected):
        return _rejected(sealed, error, as_of)
    with transaction(wiring().database) as connection:
        _unknown(connection, sealed, as_of, str(error))
    return DispatchState.UNKNOWN.value


def _rejected(sealed: Sealed, error: Rejected, as_of: datetime) -> str:
    with transaction(wiring().database) as connection:
        outbox.change(
            connection,
            sealed.id,
            DispatchState.CALLING,
            DispatchState.REJECTED,
            error=str(error),
        )
        move(
            connection,
            sealed.messages,
            MessageState.QUEUED,
            MessageState.UNREACHABLE if isinstance(error, Nobody) else MessageState.FAILED,
            at=as_of,
            reason=str(error),
        )
    return DispatchState.REJECTED.value


def _unknown(connection: Connection, sealed: Sealed, as_of: datetime, reason: str) -> None:
    outbox.change(connection, sealed.id, DispatchState.CALLING, DispatchState.UNKNOWN, error=reason)
    move(
        connection,
        sealed.messages,
        MessageState.QUEUED,
        MessageState.UNKNOWN,
        at=as_of,
        reason=reason,
    )


def _note(sealed: Sealed, state: DispatchState, error: str) -> str:
    with transaction(wiring().database) as connection:
        outbox.change(connection, sealed.id, state, state, error=error)
    return state.value


def _never_made(sealed: Sealed, as_of: datetime) -> str:
    with transaction(wiring().database) as connection:
        outbox.change(connection, sealed.id, DispatchState.UNKNOWN, DispatchState.QUEUED)
        move(
            connection,
            sealed.messages,
            MessageState.UNKNOWN,
            MessageState.QUEUED,
            at=as_of,
            reason="the channel has no such task",
        )
    return DispatchState.QUEUED.value


def _settle(sealed: Sealed, as_of: datetime) -> str:
    """Count an unknown as delivered at the latest possible instant: nobody gets more for it."""
    latest = min(sealed.until, as_of)
    with transaction(wiring().database) as connection:
        outbox.change(connection, sealed.id, DispatchState.UNKNOWN, DispatchState.SETTLED)
        settled = move(
            connection,
            sealed.messages,
            MessageState.UNKNOWN,
            MessageState.UNKNOWN_SETTLED,
            at=latest,
            reason="never answered",
        )
        outcomes.record_deliveries(
            connection, settled, MessageState.UNKNOWN_SETTLED, at=latest, answer_until=latest
        )
    return DispatchState.SETTLED.value


def _too_late(connection: Connection, sealed: Sealed, as_of: datetime) -> str:
    outbox.change(connection, sealed.id, DispatchState.QUEUED, DispatchState.CLOSED)
    move(
        connection,
        sealed.messages,
        MessageState.QUEUED,
        MessageState.EXPIRED,
        at=as_of,
        reason="its window ended before the call",
    )
    return DispatchState.CLOSED.value
