"""Messages move by compare-and-set, each move with its reason; a slot is closed with the move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from schemas.enums import LedgerKind, MessageState
from store.bulk import array_of

# An index of states would be walked through all messages of that state: statistics, which are
# told before a run fills them, say that there is hardly any.
_MOVE = """
UPDATE message SET state = :target
WHERE id = ANY(CAST(:ids AS bigint[])) AND state || '' = :origin RETURNING id
"""
_EVENT = """
INSERT INTO message_event (message_id, seq, at, from_state, to_state, reason)
SELECT m.id, coalesce((SELECT max(e.seq) FROM message_event e WHERE e.message_id = m.id), 0) + 1,
       :at, :origin, :target, :reason
FROM unnest(CAST(:moved AS bigint[])) AS m(id)
"""

_CLOSE = """
INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at, until,
                    zone, local_date, policy_version, ghost, reason)
SELECT r.slot, :kind, r.person_id, r.contact, r.scene, r.category, r.channel, r.sender, :at, :at,
       r.zone,
       (CAST(:at AS timestamptz) AT TIME ZONE r.zone)::date, r.policy_version, r.ghost, :reason
FROM ledger r WHERE r.kind = 'reservation' AND r.slot = ANY(:moved)
"""


@dataclass(frozen=True)
class Addressed:
    """A message with what it is for, whom it goes to, through whom, and when it may."""

    id: int
    person_id: int
    scene: str
    category: str
    channel: str
    contact: str
    sender: str
    planned_for: datetime
    window_until: datetime


def addressed(connection: Connection, messages: Sequence[int]) -> list[Addressed]:
    """Return messages in id order."""
    rows = connection.execute(
        text(
            "SELECT id, person_id, scene, category, channel, contact, sender,"
            " planned_for, window_until FROM message WHERE id = ANY(:ids) ORDER BY id"
        ),
        {"ids": list(messages)},
    )
    return [Addressed(*row) for row in rows]


def move(
    connection: Connection,
    messages: Sequence[int],
    origin: MessageState,
    target: MessageState,
    *,
    at: datetime,
    reason: str,
    closing: LedgerKind | None,
) -> list[int]:
    """
    Move those messages that are still in `origin` and return their ids.

    With `closing`, their ledger slots are closed in the same breath: a slot without its closing
    row, or with two, cannot come to be.
    """
    states = {"origin": origin.value, "target": target.value}
    asked = {**states, "ids": array_of(messages)}
    moved = sorted(connection.execute(text(_MOVE), asked).scalars().all())
    values = {**states, "moved": moved, "at": at, "reason": reason}
    connection.execute(text(_EVENT), values)
    if closing is not None:
        connection.execute(text(_CLOSE), {**values, "kind": closing.value})
    return moved


def postpone(connection: Connection, starts: Mapping[int, datetime]) -> None:
    """Have messages wait: each may go out from its instant on, and not before."""
    connection.execute(
        text(
            "UPDATE message m SET planned_for = t.start"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:starts AS timestamptz[])) t(id, start)"
            " WHERE m.id = t.id"
        ),
        {"ids": list(starts), "starts": list(starts.values())},
    )


def overdue(connection: Connection, as_of: datetime, limit: int) -> list[tuple[int, MessageState]]:
    """Return messages not yet handed to a channel whose window has passed, with their state."""
    rows = connection.execute(
        text(
            "SELECT id, state FROM message WHERE window_until <= :as_of"
            " AND (NOT ghost OR state = 'deferred')"
            " AND state IN ('planned', 'deferred', 'drafted', 'in_review', 'held', 'approved')"
            " ORDER BY id LIMIT :limit"
        ),
        {"as_of": as_of, "limit": limit},
    )
    return [(row.id, MessageState(row.state)) for row in rows]


def held_too_long(
    connection: Connection, as_of: datetime, hold_hours: int, limit: int
) -> list[int]:
    """Return held messages first put on hold more than `hold_hours` ago."""
    rows = connection.execute(
        text(
            "SELECT m.id FROM message m JOIN message_event e ON e.message_id = m.id"
            " AND e.to_state = 'held' WHERE m.state = 'held' AND NOT m.ghost GROUP BY m.id"
            " HAVING min(e.at) <= CAST(:as_of AS timestamptz) - make_interval(hours => :hours)"
            " ORDER BY m.id LIMIT :limit"
        ),
        {"as_of": as_of, "hours": hold_hours, "limit": limit},
    )
    return list(rows.scalars().all())
