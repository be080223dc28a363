"""Whoever refuses while a task waits for its employee is taken out of it; the others stay."""

from datetime import datetime

from sqlalchemy import Connection

from schemas.enums import MessageState
from store import outbox
from store.outbox import Sealed
from tasks.moves import move
from tasks.wiring import wiring


def who_refused(connection: Connection, sealed: Sealed) -> list[int]:
    """Return the unconfirmed messages of a dispatch whose persons have refused since its call."""
    agreed = wiring().policy.categories.of(sealed.category).agreed
    return outbox.refused(connection, sealed.id, agreed=agreed)


def reissue(connection: Connection, sealed: Sealed, as_of: datetime) -> int:
    """
    Split an unconfirmed task that was cancelled; return how many messages are issued again.

    Who refused is blocked and gets the slot back. The others keep their approval, reservation and
    end, and wait in the outbox as a further part of their cell. Call with the persons locked.
    """
    origin = MessageState.DISPATCHED
    gone = who_refused(connection, sealed)
    move(connection, gone, origin, MessageState.BLOCKED, at=as_of, reason="refused meanwhile")
    left = [row.id for row in outbox.recipients(connection, sealed.id, origin.value)]
    moved = move(
        connection,
        left,
        origin,
        MessageState.QUEUED,
        at=as_of,
        reason="issued again without who refused",
    )
    outbox.seal_again(connection, sealed, moved, queued_at=as_of)
    return len(moved)
