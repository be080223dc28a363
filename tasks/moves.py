"""The one way by which tasks move messages: only lawful moves, and every ending closes its slot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from rules.message_states import TERMINAL, may_move
from schemas.enums import LedgerKind, MessageState
from store import messages as store_messages

_RECEIVED = {MessageState.DELIVERED, MessageState.UNKNOWN_SETTLED}


def move(
    connection: Connection,
    messages: Sequence[int],
    origin: MessageState,
    target: MessageState,
    *,
    at: datetime,
    reason: str,
    ghosts: bool = False,
) -> list[int]:
    """
    Move messages still in `origin`; return those that moved.

    With `ghosts` they are all of the holdout. Raises ValueError on a bug.
    """
    if not may_move(origin, target, ghost=ghosts):
        raise ValueError(f"no message goes from {origin} to {target}")
    if not messages:
        return []
    closing = None
    if target in TERMINAL:
        closing = LedgerKind.DELIVERY if target in _RECEIVED else LedgerKind.RELEASE
    return store_messages.move(
        connection, messages, origin, target, at=at, reason=reason, closing=closing
    )
