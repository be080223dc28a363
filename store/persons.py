"""The person lock and what the governor must see once it is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from schemas.tables.decisions import OPEN
from store.bulk import array_of, plain_rows, row_by_row

_TOGETHER = """
SELECT a.id AS asked, a.id AS person, a.bucket, a.id AS taken_for
FROM person a WHERE a.id = ANY(CAST(:persons AS bigint[])) AND a.merged_into IS NULL
UNION ALL
SELECT a.id, p.id, p.bucket, p.id FROM person a JOIN person p ON p.id = a.merged_into
WHERE a.id = ANY(CAST(:persons AS bigint[]))
UNION ALL
SELECT a.id, p.id, p.bucket, p.merged_into
FROM person a JOIN person p ON p.merged_into = coalesce(a.merged_into, a.id)
WHERE a.id = ANY(CAST(:persons AS bigint[]))
"""
"""Each person with all who are taken for one with them, themselves included."""

_MERGED_INTO = """
SELECT merged_into FROM person
WHERE id = ANY(CAST(:persons AS bigint[])) AND merged_into IS NOT NULL
"""
_LOCK = """
SELECT FROM person WHERE id = ANY(CAST(:persons AS bigint[])) ORDER BY id FOR NO KEY UPDATE
"""

_PAIRS = "unnest(CAST(:asked AS bigint[]), CAST(:together AS bigint[])) AS t(person_id, together)"
_ROOTS = "unnest(CAST(:persons AS bigint[]), CAST(:roots AS bigint[])) AS t(person_id, taken_for)"

# A run fills tables of which statistics still say that they are nearly empty. What is looked up per
# person says OFFSET 0, or else all there is would be joined with everybody of a chunk.

_KEPT = """
n.slot, n.at, n.until, n.zone, n.category, n.channel, n.sender, n.scene,
       CASE WHEN n.kind = 'delivery' THEN n.at END AS delivered_at
"""

# A slot's newest row tells what became of it, unless that was before anything that matters.
_SLOTS = f"""
SELECT t.person_id, {_KEPT}, v.answered
FROM {_PAIRS}
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (slot) * FROM ledger WHERE person_id = t.together AND until >= :since
    ORDER BY slot, id DESC
) n
LEFT JOIN LATERAL (
    SELECT answered FROM delivery WHERE message_id = n.slot AND n.kind = 'delivery' OFFSET 0
) v ON true
WHERE n.kind = 'delivery' OR (n.kind = 'reservation' AND NOT EXISTS (
    SELECT FROM ledger WHERE slot = n.slot AND kind <> 'reservation' OFFSET 0
))
UNION ALL
SELECT t.person_id, -o.id, o.sent_at, o.sent_at, NULL, 'marketing', k.channel, o.sender,
       NULL, o.sent_at, NULL::boolean
FROM {_PAIRS}
CROSS JOIN LATERAL (
    SELECT channel, address FROM contact WHERE person_id = t.together OFFSET 0
) k
CROSS JOIN LATERAL (
    SELECT id, sent_at, sender FROM own_send
    WHERE channel = k.channel AND address = k.address AND sent_at >= :since OFFSET 0
) o
"""
"""
What was reserved for persons or reached them, and what employees sent them by themselves.

The latter has a negative number, no scene, and no zone of its own: nobody froze one for it. It
comes as often as its address is a contact of theirs.
"""

_LEFT_OPEN = f"""
SELECT t.person_id, {_KEPT}, NULL::boolean AS answered
FROM {_PAIRS}
CROSS JOIN LATERAL (
    SELECT id FROM message
    WHERE person_id = t.together AND {OPEN} AND window_until < :since OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT * FROM ledger WHERE slot = m.id AND kind = 'reservation' OFFSET 0
) n
"""
"""What is still open although it should have ended before anything that matters."""

_CONTACTS = f"""
SELECT t.person_id, c.address, c.employee_id, c.since, s.reason AS suppressed
FROM {_ROOTS}
CROSS JOIN LATERAL (
    SELECT address, employee_id, since FROM contact
    WHERE person_id = t.taken_for AND channel = :channel OFFSET 0
) c
LEFT JOIN LATERAL (
    SELECT reason FROM suppression
    WHERE channel = :channel AND address = c.address AND employee_id = c.employee_id OFFSET 0
) s ON true
"""

# What one of a person's members refuses, or is, holds for all of them.
_PERSONS = f"""
SELECT t.person_id, c.granted AS consent, f.city, coalesce(f.unanswered, 0) AS unanswered,
       f.last_touch_at, f.last_order_at AS ordered_at, f.complaint_at AS complained_at,
       f.complaint_answered_at AS taken_up_at, told.timezone, told.personalised, told.minor
FROM {_ROOTS}
LEFT JOIN consent c ON c.purpose = 'marketing' AND c.person_id = t.taken_for
LEFT JOIN person_facts f ON f.person_id = t.taken_for
LEFT JOIN LATERAL (
    SELECT (array_agg(m.timezone ORDER BY m.id) FILTER (WHERE m.timezone IS NOT NULL))[1]
               AS timezone,
           bool_and(m.personalised) AS personalised, bool_or(m.minor) AS minor
    FROM member m WHERE m.person_id = t.taken_for
) told ON true
"""

# Facts are a day old by the time of a push; whom something happened to since then is marked.
_NEWS = f"""
SELECT t.person_id,
       max(o.ordered_at) AS ordered_at,
       max(e.at) FILTER (WHERE e.kind = 'complaint') AS complained_at,
       max(e.at) FILTER (WHERE e.kind = 'staff_contact') AS taken_up_at
FROM {_ROOTS}
CROSS JOIN LATERAL (
    SELECT FROM stale_person s WHERE s.person_id = t.taken_for OFFSET 0
) s
JOIN member m ON m.person_id = t.taken_for
LEFT JOIN LATERAL (
    SELECT o.ordered_at FROM shop_order o
    WHERE o.member_id = m.id AND o.status = 'paid' AND o.ordered_at <= :as_of
    ORDER BY o.ordered_at DESC LIMIT 1
) o ON true
LEFT JOIN member_event e ON e.member_id = m.id AND e.at <= :as_of
                        AND e.kind IN ('complaint', 'staff_contact')
GROUP BY t.person_id
"""


REMARK = "ON CONFLICT (person_id) DO UPDATE SET person_id = excluded.person_id WHERE false"
"""
How a person is marked stale: a mark that is already there is locked, not passed by.

Else a refresh under way would take that mark, read the facts without what we are about to commit,
and nobody would look again.
"""


def lock_persons(connection: Connection, persons: Sequence[int]) -> None:
    """
    Lock persons in id order until the transaction ends, and with them whom they are taken for.

    Nothing else is read here: a statement that waited for a lock still sees the rows as they
    were before the wait, so the slots must be read by the next one. NO KEY, because a pull's
    foreign-key inserts take KEY SHARE and must not deadlock with us.
    """
    merged = connection.execute(text(_MERGED_INTO), {"persons": array_of(persons)}).scalars()
    both = {*persons, *merged}
    connection.execute(text(_LOCK), {"persons": array_of(sorted(both))})


class KnownPerson(NamedTuple):
    """What is known of a person, by their facts and by what any of their members says."""

    person_id: int
    consent: bool | None
    city: str | None
    unanswered: int
    last_touch_at: datetime | None
    ordered_at: datetime | None
    complained_at: datetime | None
    taken_up_at: datetime | None
    timezone: str | None
    personalised: bool | None
    minor: bool | None


class SlotRow(NamedTuple):
    """A slot that counts with a person's; one that was not delivered yet is on its way."""

    person_id: int
    slot: int
    at: datetime
    until: datetime
    zone: str | None
    category: str
    channel: str
    sender: str
    scene: str | None
    delivered_at: datetime | None
    answered: bool | None


class ContactRow(NamedTuple):
    """A contact of a person, and why it must not be used, if so."""

    person_id: int
    address: str
    employee_id: str
    since: datetime
    suppressed: str | None


@dataclass(frozen=True)
class Standing:
    """Slots, contacts, what is known of persons, and rows of news since; buckets by person."""

    slots: Sequence[SlotRow]
    contacts: Sequence[ContactRow]
    persons: Sequence[KnownPerson]
    news: Sequence[Any]
    buckets: Mapping[int, int]


def standing_of(
    connection: Connection,
    persons: Sequence[int],
    *,
    channel: str,
    as_of: datetime,
    horizon: timedelta,
) -> Standing:
    """
    Return where persons stand; call with the persons locked.

    What was ever reserved for somebody who is taken for the same person counts with theirs, and
    so does what employees sent them by themselves, which is nobody's candidate and marketing. Of
    two arms that turn out to be one person's, the one drawn first holds.
    """
    with row_by_row(connection):
        pairs = plain_rows(connection, _TOGETHER, {"persons": array_of(persons)})
    roots: dict[int, int] = {}
    first: dict[int, tuple[int, int]] = {}
    for asked, person, bucket, taken_for in pairs:
        drawn = (person, bucket)
        first[asked] = min(first.get(asked, drawn), drawn)
        roots[asked] = taken_for
    values = {
        "asked": array_of(asked for asked, *_ in pairs),
        "together": array_of(person for _, person, *_ in pairs),
        "persons": array_of(roots),
        "roots": array_of(roots.values()),
        "channel": channel,
        "since": as_of - horizon,
        "as_of": as_of,
    }
    with row_by_row(connection):
        slots, left_open, contacts, found = (
            plain_rows(connection, query, values)
            for query in (_SLOTS, _LEFT_OPEN, _CONTACTS, _PERSONS)
        )
        news = connection.execute(text(_NEWS), values).all()
    buckets = {asked: bucket for asked, (_, bucket) in first.items()}
    return Standing(
        list({row[:2]: SlotRow._make(row) for row in (*slots, *left_open)}.values()),
        list(map(ContactRow._make, contacts)),
        list(map(KnownPerson._make, found)),
        news,
        buckets,
    )


def suppress(connection: Connection, messages: Sequence[int], *, reason: str, at: datetime) -> None:
    """Suppress the contacts these messages were addressed to."""
    connection.execute(
        text(
            "INSERT INTO suppression (person_id, channel, address, employee_id, reason, at)"
            " SELECT person_id, channel, contact, sender, :reason, :at FROM message"
            " WHERE id = ANY(:ids) ON CONFLICT DO NOTHING"
        ),
        {"ids": list(messages), "reason": reason, "at": at},
    )


def mark_stale(connection: Connection, persons: Sequence[int]) -> None:
    """Have the facts of persons refreshed at the next run."""
    connection.execute(
        text(f"INSERT INTO stale_person SELECT unnest(CAST(:persons AS bigint[])) {REMARK}"),
        {"persons": sorted(set(persons))},
    )
