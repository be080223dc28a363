"""The outbox: what was decided to be sent, committed before anything is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from schemas.enums import Category, DispatchState

_DUE = """
SELECT m.id, m.person_id, m.wording_id, m.sender, m.contact, m.window_until, d.id AS draft_id,
       (a.content_hash = d.content_hash AND r.person_id = m.person_id AND r.sender = m.sender
        AND d.expires_at > :as_of) IS TRUE AS covered
FROM message m
JOIN draft d ON d.wording_id = m.wording_id
 AND d.revision = (SELECT max(revision) FROM draft WHERE wording_id = m.wording_id)
LEFT JOIN approval a ON a.draft_id = d.id
LEFT JOIN approval_recipient r ON r.approval_id = a.id AND r.message_id = m.id
WHERE m.state = 'approved' AND NOT m.ghost AND m.planned_for <= :as_of AND m.window_until > :as_of
ORDER BY m.wording_id, m.sender, m.id LIMIT :limit
"""

_PARCEL = """
SELECT s.id, s.wording_id AS wording, s.draft_id AS draft, s.channel AS via, s.sender, s.marker,
       s.until, s.msgid, s.called_at, s.state,
       d.text, d.link, w.scene, w.channel, w.category, d.policy_version, d.expires_at,
       a.content_hash AS approved_hash,
       (SELECT array_agg(r.message_id ORDER BY r.message_id) FROM dispatch_recipient r
        WHERE r.dispatch_id = s.id) AS messages
FROM dispatch s
JOIN draft d ON d.id = s.draft_id
JOIN wording w ON w.id = s.wording_id
LEFT JOIN approval a ON a.draft_id = d.id
WHERE s.id = :dispatch
"""


@dataclass(frozen=True)
class Sealed:
    """
    A dispatch as stored, with the text and recipients it stands for.

    `channel` is what its text was approved for; `via` is the way out it was sealed for, which a
    dry run makes another.
    """

    id: int
    wording: int
    draft: int
    via: str
    sender: str
    marker: str
    until: datetime
    msgid: str | None
    called_at: datetime | None
    state: DispatchState
    text: str
    link: dict[str, str]
    scene: str
    channel: str
    category: Category
    policy_version: str
    expires_at: datetime
    approved_hash: str | None
    messages: tuple[int, ...]


def due(connection: Connection, as_of: datetime, limit: int) -> list[Any]:
    """
    Return approved messages whose time has come, with their draft.

    `covered` tells whether an approval of exactly this content names this person and sender.
    """
    return list(connection.execute(text(_DUE), {"as_of": as_of, "limit": limit}).all())


def seal(
    connection: Connection,
    wording: int,
    draft: int,
    sender: str,
    messages: Sequence[int],
    *,
    channel: str,
    queued_at: datetime,
    until: datetime,
) -> int:
    """Insert one outbox row for a cell, or a further part of it, and return its id."""
    dispatch = _insert(
        connection,
        {
            "wording": wording,
            "draft": draft,
            "channel": channel,
            "sender": sender,
            "at": queued_at,
            "until": until,
        },
    )
    connection.execute(
        text(
            "INSERT INTO dispatch_recipient (message_id, ghost, dispatch_id)"
            " SELECT unnest(CAST(:messages AS bigint[])), false, :dispatch"
        ),
        {"messages": list(messages), "dispatch": dispatch},
    )
    return dispatch


def _insert(connection: Connection, values: Mapping[str, Any]) -> int:
    # A release and a reissue may seal other persons of one cell at a time: who comes second counts
    # the parts once the first has committed. NO KEY, as drafts and messages refer to the wording.
    connection.execute(text("SELECT id FROM wording WHERE id = :wording FOR NO KEY UPDATE"), values)
    dispatch: int = connection.execute(
        text(
            "INSERT INTO dispatch (wording_id, draft_id, channel, sender, part, marker, state,"
            " queued_at, until) SELECT :wording, :draft, :channel, :sender,"
            " coalesce(max(part), 0) + 1, :marker, 'queued', :at, :until FROM dispatch"
            " WHERE wording_id = :wording AND sender = :sender RETURNING id"
        ),
        {**values, "marker": uuid4().hex},
    ).scalar_one()
    return dispatch


def refused(connection: Connection, dispatch: int, *, agreed: bool) -> list[int]:
    """
    Return the unconfirmed messages of a dispatch whose address is suppressed by now.

    With `agreed`, those too whose person has no valid agreement any more.
    """
    rows = connection.execute(
        text(
            "SELECT m.id FROM dispatch_recipient r JOIN message m ON m.id = r.message_id"
            " JOIN person p ON p.id = m.person_id"
            " LEFT JOIN consent c ON c.purpose = 'marketing'"
            "  AND c.person_id = coalesce(p.merged_into, p.id)"
            " WHERE r.dispatch_id = :dispatch AND m.state = 'dispatched'"
            "  AND ((:agreed AND c.granted IS NOT TRUE) OR EXISTS ("
            "   SELECT 1 FROM suppression s WHERE s.channel = m.channel"
            "    AND s.address = m.contact AND s.employee_id = m.sender)) ORDER BY m.id"
        ),
        {"dispatch": dispatch, "agreed": agreed},
    )
    return list(rows.scalars().all())


def seal_again(
    connection: Connection, sealed: Sealed, messages: Sequence[int], *, queued_at: datetime
) -> None:
    """Put messages of a cancelled dispatch into one of their own: the same text, sender and end."""
    if not messages:
        return
    dispatch = _insert(
        connection,
        {
            "wording": sealed.wording,
            "draft": sealed.draft,
            "channel": sealed.via,
            "sender": sealed.sender,
            "at": queued_at,
            "until": sealed.until,
        },
    )
    connection.execute(
        text(
            "UPDATE dispatch_recipient SET dispatch_id = :dispatch"
            " WHERE message_id = ANY(:messages)"
        ),
        {"dispatch": dispatch, "messages": list(messages)},
    )


def in_state(connection: Connection, *states: DispatchState) -> list[int]:
    """Return the dispatches in any of these states, oldest first."""
    rows = connection.execute(
        text(
            "SELECT id FROM dispatch WHERE state = ANY(:states)"
            " AND state IN ('queued', 'calling', 'unknown', 'accepted') ORDER BY id"
        ),
        {"states": [state.value for state in states]},
    )
    return list(rows.scalars().all())


def ends_ahead(connection: Connection, as_of: datetime) -> list[tuple[datetime, str]]:
    """Return the ends still to come of accepted dispatches, each with the marker of its first."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (until) until, marker FROM dispatch"
            " WHERE state = 'accepted' AND until > :as_of ORDER BY until, id"
        ),
        {"as_of": as_of},
    )
    return [(row.until, row.marker) for row in rows]


def load(connection: Connection, dispatch: int) -> Sealed:
    """Return a dispatch."""
    row = connection.execute(text(_PARCEL), {"dispatch": dispatch}).one()
    return Sealed(
        id=row.id,
        wording=row.wording,
        draft=row.draft,
        via=row.via,
        sender=row.sender,
        marker=row.marker,
        until=row.until,
        msgid=row.msgid,
        called_at=row.called_at,
        state=DispatchState(row.state),
        text=row.text,
        link=row.link,
        scene=row.scene,
        channel=row.channel,
        category=Category(row.category),
        policy_version=row.policy_version,
        expires_at=row.expires_at,
        approved_hash=row.approved_hash,
        messages=tuple(row.messages or ()),
    )


def recipients(connection: Connection, dispatch: int, state: str) -> list[Any]:
    """Return the messages of a dispatch that are in `state`, with person and address."""
    return list(
        connection.execute(
            text(
                "SELECT m.id, m.person_id, m.contact FROM dispatch_recipient r"
                " JOIN message m ON m.id = r.message_id"
                " WHERE r.dispatch_id = :dispatch AND m.state = :state ORDER BY m.id"
            ),
            {"dispatch": dispatch, "state": state},
        )
    )


def change(
    connection: Connection,
    dispatch: int,
    origin: DispatchState,
    target: DispatchState,
    **columns: Any,
) -> bool:
    """Move a dispatch by compare-and-set, setting further columns; return whether it moved."""
    allowed = {"msgid", "called_at", "cancelled_at", "error"}
    if not columns.keys() <= allowed:
        raise ValueError(f"not columns of a move: {columns.keys() - allowed}")
    assignments = "".join(f", {name} = :{name}" for name in columns)
    moved = connection.execute(
        text(
            f"UPDATE dispatch SET state = :target{assignments}"
            " WHERE id = :dispatch AND state = :origin"
        ),
        {"dispatch": dispatch, "origin": origin.value, "target": target.value, **columns},
    ).rowcount
    return moved == 1
