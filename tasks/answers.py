"""What a call came to, written down: accepted, not sent, refused, unknown, settled."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from schemas.channel import Receipt
from schemas.enums import DispatchState, MessageState
from schemas.errors import ChannelError, Nobody, NotSent, Rejected
from store import outbox, outcomes
from store.database import transaction
from store.outbox import Sealed
from store.persons import lock_persons, mark_stale, suppress
from tasks.moves import move
from tasks.wiring import wiring

_log = logging.getLogger("runwu.push")
LOCK = "dispatch"
ELSEWHERE = "under way elsewhere"


def accepted(sealed: Sealed, origin: DispatchState, receipt: Receipt, as_of: datetime) -> str:
    """Note that the channel has the task, and whom it refused at once; return the state."""
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


def not_accepted(sealed: Sealed, error: ChannelError, as_of: datetime) -> str:
    """Note why a call brought no task; return the state the dispatch is then in."""
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
        unknown(connection, sealed, as_of, str(error))
    return DispatchState.UNKNOWN.value


def unknown(connection: Connection, sealed: Sealed, as_of: datetime, reason: str) -> None:
    """Note that nobody knows whether the call went through; budgets go on counting it."""
    outbox.change(connection, sealed.id, DispatchState.CALLING, DispatchState.UNKNOWN, error=reason)
    move(
        connection,
        sealed.messages,
        MessageState.QUEUED,
        MessageState.UNKNOWN,
        at=as_of,
        reason=reason,
    )


def note(sealed: Sealed, state: DispatchState, error: str) -> str:
    """Note an error without a change of state; return the state."""
    with transaction(wiring().database) as connection:
        outbox.change(connection, sealed.id, state, state, error=error)
    return state.value


def never_made(sealed: Sealed, as_of: datetime) -> str:
    """Put a dispatch that surely never became a task back into the outbox; return the state."""
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


def settle(sealed: Sealed, as_of: datetime) -> str:
    """Count what is not known as delivered at the latest possible instant; return the state."""
    with transaction(wiring().database) as connection:
        outbox.change(connection, sealed.id, sealed.state, DispatchState.SETTLED)
        settled = [
            message
            for state in (MessageState.UNKNOWN, MessageState.DISPATCHED, MessageState.CONFIRMED)
            for message in move(
                connection,
                sealed.messages,
                state,
                MessageState.UNKNOWN_SETTLED,
                at=as_of,
                reason="never answered",
            )
        ]
        outcomes.record_deliveries(
            connection, settled, MessageState.UNKNOWN_SETTLED, at=as_of, answer_until=as_of
        )
        mark_stale(connection, outcomes.persons_of(connection, settled))
    return DispatchState.SETTLED.value


def nobody_left(connection: Connection, sealed: Sealed) -> str:
    """Close a dispatch all of whose recipients were left out; return the state."""
    outbox.change(connection, sealed.id, DispatchState.QUEUED, DispatchState.CLOSED)
    return DispatchState.CLOSED.value


def too_late(connection: Connection, sealed: Sealed, as_of: datetime) -> str:
    """Close a dispatch whose window ended before it was called; return the state."""
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


def _refused(
    connection: Connection, rows: Sequence[Any], receipt: Receipt, as_of: datetime
) -> None:
    refused = set(receipt.refused)
    moved = move(
        connection,
        [row.id for row in rows if row.contact in refused],
        MessageState.DISPATCHED,
        MessageState.UNREACHABLE,
        at=as_of,
        reason="refused by the channel",
    )
    outcomes.record_deliveries(
        connection, moved, MessageState.UNREACHABLE, at=as_of, answer_until=as_of
    )
    # The channel calls these addresses invalid: asking again tomorrow would not mend them.
    suppress(connection, moved, reason="refused_by_channel", at=as_of)


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
