"""What the governor must see of persons once they are locked; all of it is looked up by index."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from schemas.open_messages import OPEN
from store.bulk import among, plain_rows, row_by_row
from store.families import families_of

# A run fills tables of which statistics still say that they are nearly empty: a few persons' rows,
# and what is looked up for each of them, say OFFSET 0, or else everybody's would be looked through.

# A slot's newest row tells what became of it, unless that was before anything that matters.
_SLOTS = f"""
SELECT n.person_id, n.slot, n.at, n.until, n.zone, n.category, n.channel, n.sender, n.scene,
       CASE WHEN n.kind = 'delivery' THEN n.at END AS delivered_at, v.answered
FROM (
    SELECT DISTINCT ON (slot) person_id, slot, at, until, zone, category, channel, sender, scene,
           kind
    FROM ledger WHERE person_id = {among("together")} AND until >= :since
    ORDER BY slot, id DESC
) n
LEFT JOIN LATERAL (
    SELECT answered FROM delivery WHERE message_id = n.slot AND n.kind = 'delivery' OFFSET 0
) v ON true
WHERE n.kind = 'delivery' OR (n.kind = 'reservation' AND NOT EXISTS (
    SELECT FROM ledger WHERE slot = n.slot AND kind <> 'reservation' OFFSET 0
))
"""
_OWN_SENDS = f"""
SELECT k.person_id, -o.id, o.sent_at, o.sent_at, NULL::text, 'marketing', k.channel, o.sender,
       NULL::text, o.sent_at, NULL::boolean
FROM (
    SELECT person_id, channel, address FROM contact WHERE person_id = {among("together")} OFFSET 0
) k
CROSS JOIN LATERAL (
    SELECT id, sent_at, sender FROM own_send
    WHERE channel = k.channel AND address = k.address AND sent_at >= :since OFFSET 0
) o
"""
"""
What employees sent them by themselves.

It has a negative number, no scene, and no zone of its own: nobody froze one for it. It comes as
often as its address is a contact of theirs.
"""

# By person one at a time: told many at once, the planner takes whatever index knows open messages.
_LEFT_OPEN = f"""
SELECT t.person_id, n.slot, n.at, n.until, n.zone, n.category, n.channel, n.sender, n.scene,
       NULL::timestamptz, NULL::boolean
FROM unnest(CAST(:together AS bigint[])) AS t(person_id)
CROSS JOIN LATERAL (
    SELECT id FROM message
    WHERE person_id = t.person_id AND {OPEN} AND window_until < :since OFFSET 0
) m
CROSS JOIN LATERAL (
    SELECT * FROM ledger WHERE slot = m.id AND kind = 'reservation' OFFSET 0
) n
"""
"""What is still open although it should have ended before anything that matters."""

_CONTACTS = f"""
SELECT c.person_id, c.address, c.employee_id, c.since, s.reason
FROM (
    SELECT person_id, channel, address, employee_id, since FROM contact
    WHERE person_id = {among("roots")} OFFSET 0
) c
LEFT JOIN LATERAL (
    SELECT reason FROM suppression
    WHERE channel = c.channel AND address = c.address AND employee_id = c.employee_id OFFSET 0
) s ON true
WHERE c.channel = :channel
"""
_CONSENTS = f"""
SELECT person_id, granted FROM consent
WHERE person_id = {among("roots")} AND purpose = 'marketing'
"""
_FACTS = f"""
SELECT person_id, city, unanswered, last_touch_at, last_order_at, complaint_at,
       complaint_answered_at
FROM person_facts WHERE person_id = {among("roots")}
"""
_MEMBERS = f"""
SELECT m.person_id, m.timezone, m.personalised, m.minor
FROM (SELECT * FROM member WHERE person_id = {among("roots")} OFFSET 0) m ORDER BY m.id
"""

# Facts are a day old by the time of a push; whom something happened to since then is marked.
_NEWS = f"""
SELECT m.person_id, max(o.ordered_at),
       max(e.at) FILTER (WHERE e.kind = 'complaint'),
       max(e.at) FILTER (WHERE e.kind = 'staff_contact')
FROM (
    SELECT person_id FROM stale_person WHERE person_id = {among("roots")} OFFSET 0
) s
JOIN member m ON m.person_id = s.person_id
LEFT JOIN LATERAL (
    SELECT o.ordered_at FROM shop_order o
    WHERE o.member_id = m.id AND o.status = 'paid' AND o.ordered_at <= :as_of
    ORDER BY o.ordered_at DESC LIMIT 1
) o ON true
LEFT JOIN member_event e ON e.member_id = m.id AND e.at <= :as_of
                        AND e.kind IN ('complaint', 'staff_contact')
GROUP BY m.person_id
"""

_NO_FACTS = (None, 0, None, None, None, None)
_NO_MEMBER = (None, None, None)

_Told = tuple[str | None, bool | None, bool | None]
"""What members tell of a person: their zone, whether they may be profiled, whether a minor."""


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


class NewsRow(NamedTuple):
    """What happened to a person since the facts were read: what they lack, they lack."""

    person_id: int
    ordered_at: datetime | None
    complained_at: datetime | None
    taken_up_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """Slots, contacts, what is known of persons, and rows of news since; buckets by person."""

    slots: Sequence[SlotRow]
    contacts: Sequence[ContactRow]
    persons: Sequence[KnownPerson]
    news: Sequence[NewsRow]
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
        families = families_of(connection, persons)
        values = {
            "together": families.together,
            "roots": families.told,
            "channel": channel,
            "since": as_of - horizon,
            "as_of": as_of,
        }
        slots, own_sends, left_open, contacts, news = (
            families.of_each(plain_rows(connection, query, values))
            for query in (_SLOTS, _OWN_SENDS, _LEFT_OPEN, _CONTACTS, _NEWS)
        )
        consents, facts, members = (
            plain_rows(connection, query, values) for query in (_CONSENTS, _FACTS, _MEMBERS)
        )
    return Standing(
        list({row[:2]: SlotRow._make(row) for row in (*slots, *own_sends, *left_open)}.values()),
        list(map(ContactRow._make, contacts)),
        _known(families.roots, consents, facts, members),
        list(map(NewsRow._make, news)),
        families.buckets,
    )


def _known(
    roots: Mapping[int, int],
    consents: Sequence[Any],
    facts: Sequence[Any],
    members: Iterable[Any],
) -> list[KnownPerson]:
    granted = dict(consents)
    of_facts = {row[0]: row[1:] for row in facts}
    told: dict[int, _Told] = {}
    for person, zone, personalised, minor in members:
        one = (zone, personalised, minor)
        told[person] = _both(told[person], one) if person in told else one
    return [
        KnownPerson._make(
            (
                asked,
                granted.get(root),
                *of_facts.get(root, _NO_FACTS),
                *told.get(root, _NO_MEMBER),
            )
        )
        for asked, root in roots.items()
    ]


def _both(first: _Told, other: _Told) -> _Told:
    """Return what two members tell of one person: what one refuses, or is, holds for both."""
    zone = other[0] if first[0] is None else first[0]
    return zone, _of_known(all, first[1], other[1]), _of_known(any, first[2], other[2])


def _of_known(of: Callable[[Iterable[bool]], bool], *said: bool | None) -> bool | None:
    known = [one for one in said if one is not None]
    return of(known) if known else None
