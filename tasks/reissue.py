"""Whoever must not get a task that waits for its employee is taken out of it; the others stay."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from schemas.enums import MessageState
from store import outbox, own_sends
from store.outbox import Sealed
from store.persons import lock_persons
from tasks.moves import move
from tasks.own_sends import PATIENCE
from tasks.rechecks import weighed_again
from tasks.wiring import wiring

_REFUSED = "refused meanwhile"
_REACHED = "reached otherwise meanwhile"
_FULL = {"cap", "gap", "personal"}
"""What an employee's own send can bring about; the rest was decided when the task was called."""


def taken_out(connection: Connection, sealed: Sealed, as_of: datetime) -> dict[str, list[int]]:
    """
    Return the unconfirmed messages of a dispatch that must not go out any more, by why.

    Their persons have refused since its call, or an employee has written to them by themselves and
    they have no room for both. Locks those who were written to.
    """
    agreed = wiring().policy.categories.of(sealed.category).agreed
    refused = outbox.refused(connection, sealed.id, agreed=agreed)
    reached = _reached(connection, sealed, as_of, refused)
    return {why: ids for why, ids in ((_REFUSED, refused), (_REACHED, reached)) if ids}


def reissue(connection: Connection, sealed: Sealed, as_of: datetime) -> int:
    """
    Split an unconfirmed task that was cancelled; return how many messages are issued again.

    Who must not get it is blocked and gets the slot back. The others keep their approval,
    reservation and end, and wait in the outbox as a further part of their cell. Call with the
    persons locked.
    """
    origin = MessageState.DISPATCHED
    for why, ids in taken_out(connection, sealed, as_of).items():
        move(connection, ids, origin, MessageState.BLOCKED, at=as_of, reason=why)
    left = [row.id for row in outbox.recipients(connection, sealed.id, origin.value)]
    moved = move(
        connection,
        left,
        origin,
        MessageState.QUEUED,
        at=as_of,
        reason="issued again without who must not get it",
    )
    outbox.seal_again(connection, sealed, moved, queued_at=as_of)
    return len(moved)


def _reached(
    connection: Connection, sealed: Sealed, as_of: datetime, refused: Collection[int]
) -> list[int]:
    if sealed.called_at is None:
        return []
    # What went out before the call may have become known after it.
    since = sealed.called_at - PATIENCE
    rows = own_sends.written_to(connection, sealed.id, since=since)
    if not rows:
        return []
    lock_persons(connection, [row.person_id for row in rows])
    concerned = [row.id for row in rows if row.id not in refused]
    again = weighed_again(connection, concerned, as_of)
    return [
        message
        for message, found in again.items()
        if any(reason.rule in _FULL for reason in found.reasons)
    ]
