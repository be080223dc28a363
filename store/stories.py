"""All that is known of one person, and why some of those behind a wording; by index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

_MOST_DIGITS = 18  # of a bigint, whatever the digits


def _each(column: str, table: str) -> str:
    """Return SQL that steps through the few values of an index's first column."""
    first = f"SELECT {column} AS name FROM {table} ORDER BY 1 LIMIT 1"
    following = f"SELECT {column} FROM {table} WHERE {column} > e.name ORDER BY 1 LIMIT 1"
    return (
        f"SELECT name FROM (WITH RECURSIVE every AS (({first}) UNION ALL"
        f" SELECT ({following}) FROM every e WHERE e.name IS NOT NULL)"
        " SELECT name FROM every WHERE name IS NOT NULL) found"
    )


_MATCHES = f"""
SELECT 'person:' || p.id AS name, coalesce(p.merged_into, p.id) AS person_id
      FROM person p WHERE p.id = :number
UNION SELECT p.identity, coalesce(p.merged_into, p.id)
      FROM person p WHERE p.identity IN (:wanted, 'unionid:' || :wanted)
UNION SELECT m.source || ':' || m.key, m.person_id
      FROM ({_each("source", "member")}) s JOIN member m ON m.source = s.name AND m.key = :wanted
UNION SELECT m.source || ':' || m.key, m.person_id
      FROM member m WHERE m.source = :prefix AND m.key = :rest
UNION SELECT c.channel || ':' || c.address, c.person_id
      FROM ({_each("channel", "contact")}) s
      JOIN contact c ON c.channel = s.name AND c.address = :wanted
UNION SELECT c.channel || ':' || c.address, c.person_id
      FROM contact c WHERE c.channel = :prefix AND c.address = :rest
ORDER BY 2, 1
"""

_PERSON = """
SELECT p.id, c.granted, c.at AS said_at, c.source AS said_to, f.*, s.segment, s.since,
       s.evidence->>'due_from' AS due_from, s.evidence->>'due_until' AS due_until
FROM person p
LEFT JOIN consent c ON c.person_id = p.id AND c.purpose = 'marketing'
LEFT JOIN person_facts f ON f.person_id = p.id
LEFT JOIN segment_membership s
  ON s.person_id = p.id AND s.dimension = 'lifecycle' AND s.until IS NULL
WHERE p.id = :person
"""

_MEMBERS = "SELECT source, key, city FROM member WHERE person_id = :person ORDER BY source, key"

_CONTACTS = """
SELECT c.channel, c.address, c.employee_id, c.since, s.reason, s.at AS suppressed_at
FROM contact c LEFT JOIN suppression s USING (channel, address, employee_id)
WHERE c.person_id = :person ORDER BY c.since DESC, c.employee_id
"""

_SAID = """
c.id, c.scene, c.value, c.window_until, c.inputs->'evidence' AS evidence,
r.business_date, d.verdict, d.reasons, d.frees_at, d.policy_version, d.winner_id,
w.scene AS winner_scene, w.value AS winner_value
"""

_DECIDED = """
JOIN run r ON r.id = c.run_id
LEFT JOIN decision d ON d.candidate_id = c.id
LEFT JOIN candidate w ON w.id = d.winner_id
"""

_CANDIDATES = f"""
SELECT {_SAID} FROM candidate c {_DECIDED}
WHERE c.person_id IN (SELECT id FROM person WHERE id = :person OR merged_into = :person)
ORDER BY r.business_date DESC, c.value DESC, c.scene
"""

_OF_THE_DAY = f"""
SELECT m.id AS message_id, {_SAID}
FROM candidate m JOIN candidate c ON c.run_id = m.run_id AND c.person_id = m.person_id {_DECIDED}
WHERE m.id = ANY(:messages) ORDER BY m.id, c.value DESC, c.scene
"""

_NAMED = f"SELECT {_SAID} FROM candidate c {_DECIDED} WHERE c.id = ANY(:candidates)"

# What went out is shown; else the newest text there is. An order is an answer before it is late.
_MESSAGES = """
SELECT m.id, m.state, m.ghost, m.sender, m.contact, m.wording_id,
       d.text, d.link, d.author, d.model, d.note,
       v.status, v.at AS delivered_at, v.answer_until,
       v.answered OR EXISTS (SELECT FROM outcome o WHERE o.message_id = m.id) AS answered
FROM message m
LEFT JOIN dispatch_recipient r ON r.message_id = m.id
LEFT JOIN dispatch s ON s.id = r.dispatch_id
LEFT JOIN LATERAL (
    SELECT * FROM draft d WHERE d.wording_id = m.wording_id
    ORDER BY d.id = s.draft_id DESC NULLS LAST, d.revision DESC LIMIT 1
) d ON true
LEFT JOIN delivery v ON v.message_id = m.id
WHERE m.id = ANY(:messages)
"""

_EVENTS = """
SELECT message_id, at, to_state, reason FROM message_event
WHERE message_id = ANY(:messages) ORDER BY message_id, seq
"""

_OUTCOMES = """
SELECT message_id, source_event, at, amount FROM outcome
WHERE message_id = ANY(:messages) ORDER BY message_id, at
"""

_BEHIND = """
SELECT ordinal, id, person_id
FROM (
    SELECT i.ordinal, m.id, m.person_id,
           row_number() OVER (PARTITION BY i.ordinal ORDER BY c.value DESC, m.id) AS place
    FROM review_item i
    JOIN draft d ON d.id = i.draft_id
    JOIN message m ON m.wording_id = d.wording_id AND m.state = 'in_review' AND NOT m.ghost
    JOIN candidate c ON c.id = m.id
    WHERE i.batch_id = :batch AND i.round = :round
) behind
WHERE place <= :most ORDER BY ordinal, place
"""

# What employees sent by themselves is no message of ours, and has no scene.
_HEARD = """
SELECT asked.id AS person_id, f.touches, f.unanswered, last.*, o.orders, o.amount,
       last.closed OR o.orders > 0 AS answered
FROM person asked
LEFT JOIN person_facts f ON f.person_id = coalesce(asked.merged_into, asked.id)
CROSS JOIN LATERAL (
    SELECT array_agg(p.id) AS ids FROM person p
    WHERE p.id = coalesce(asked.merged_into, asked.id)
       OR p.merged_into = coalesce(asked.merged_into, asked.id)
) same
CROSS JOIN LATERAL (
    (SELECT m.id AS message_id, m.scene, m.ghost, v.status, v.at AS delivered_at, v.answer_until,
            v.answered AS closed
     FROM delivery v JOIN message m ON m.id = v.message_id
     WHERE v.person_id = ANY(same.ids) AND v.status IN ('delivered', 'unknown_settled')
       AND NOT m.ghost
     ORDER BY v.at DESC LIMIT 1)
    UNION ALL
    (SELECT NULL, NULL, false, 'delivered', s.sent_at, NULL, NULL
     FROM contact k JOIN own_send s ON s.channel = k.channel AND s.address = k.address
     WHERE k.person_id = ANY(same.ids)
     ORDER BY s.sent_at DESC LIMIT 1)
    ORDER BY delivered_at DESC LIMIT 1
) last
CROSS JOIN LATERAL (
    SELECT count(*) AS orders, sum(o.amount) AS amount
    FROM outcome o WHERE o.message_id = last.message_id
) o
WHERE asked.id = ANY(:persons)
"""


@dataclass(frozen=True)
class Told:
    """
    A person's candidates, newest first, and what became of those that won, by message.

    `named` are candidates besides, by id, of which the decisions speak.
    """

    candidates: list[Any]
    messages: dict[int, Any] = field(default_factory=dict)
    events: dict[int, list[Any]] = field(default_factory=dict)
    outcomes: dict[int, list[Any]] = field(default_factory=dict)
    named: dict[int, Any] = field(default_factory=dict)


def matches(connection: Connection, wanted: str) -> dict[str, int]:
    """
    Return whom an id may mean, by full name: a person id, member key, unionid, channel address.

    Full names say the kind: person:17, unionid:…, SOURCE:KEY, wecom:….
    """
    prefix, _, rest = wanted.partition(":")
    digits = rest if prefix == "person" else wanted
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    rows = connection.execute(
        text(_MATCHES),
        {
            "wanted": wanted,
            "prefix": prefix,
            "rest": rest,
            "number": int(digits) if is_number else None,
        },
    )
    return {row.name: row.person_id for row in rows}


def person(connection: Connection, person_id: int) -> tuple[Any, list[Any], list[Any]]:
    """Return a person's facts, members and contacts."""
    values = {"person": person_id}
    return (
        connection.execute(text(_PERSON), values).one(),
        list(connection.execute(text(_MEMBERS), values)),
        list(connection.execute(text(_CONTACTS), values)),
    )


def told(connection: Connection, person_id: int) -> Told:
    """Return what was decided of a person, ever, and what came of it."""
    candidates = list(connection.execute(text(_CANDIDATES), {"person": person_id}))
    values = {"messages": [row.id for row in candidates if row.verdict in ("won", "ghost")]}
    messages = {row.id: row for row in connection.execute(text(_MESSAGES), values)}
    return Told(
        candidates,
        messages,
        _by_message(connection.execute(text(_EVENTS), values)),
        _by_message(connection.execute(text(_OUTCOMES), values)),
    )


def behind(connection: Connection, batch: int, round_: int, most: int) -> list[Any]:
    """
    Return whom the wordings of a batch's round are for, up to so many of each.

    A row is a message, its person and the ordinal of its wording; the highest values come first.
    """
    values = {"batch": batch, "round": round_, "most": most}
    return list(connection.execute(text(_BEHIND), values))


def of_the_day(connection: Connection, messages: Sequence[int]) -> dict[int, Told]:
    """Return, by message, what was decided of its person in the same run."""
    rows = list(connection.execute(text(_OF_THE_DAY), {"messages": list(messages)}))
    beside = {
        one for row in rows for reason in row.reasons or () for one in reason.get("beside", ())
    }
    found = connection.execute(text(_NAMED), {"candidates": sorted(beside)})
    named = {row.id: row for row in found}
    return {message: Told(mine, named=named) for message, mine in _by_message(rows).items()}


def heard(connection: Connection, persons: Sequence[int]) -> dict[int, Any]:
    """Return what persons last got from us, or from an employee, and what followed; if anything."""
    rows = connection.execute(text(_HEARD), {"persons": list(persons)})
    return {row.person_id: row for row in rows}


def has_run(connection: Connection, flow: str, day: date) -> bool:
    """Tell whether a flow has looked at a business date."""
    found: bool = connection.execute(
        text("SELECT EXISTS (SELECT 1 FROM run WHERE flow = :flow AND business_date = :day)"),
        {"flow": flow, "day": day},
    ).scalar_one()
    return found


def _by_message(rows: Sequence[Any] | Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found
