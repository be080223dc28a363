"""All that is known of one person, by index."""

from collections.abc import Sequence
from dataclasses import dataclass
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

_CANDIDATES = """
SELECT c.id, c.scene, c.value, c.window_until, c.inputs->'evidence' AS evidence,
       r.business_date, d.verdict, d.reasons, d.frees_at, d.policy_version, d.winner_id,
       w.scene AS winner_scene, w.value AS winner_value
FROM candidate c
JOIN run r ON r.id = c.run_id
LEFT JOIN decision d ON d.candidate_id = c.id
LEFT JOIN candidate w ON w.id = d.winner_id
WHERE c.person_id IN (SELECT id FROM person WHERE id = :person OR merged_into = :person)
ORDER BY r.business_date DESC, c.value DESC, c.scene
"""

# What went out is shown; else the newest text there is.
_MESSAGES = """
SELECT m.id, m.state, m.ghost, m.sender, m.contact, m.wording_id,
       d.text, d.link, d.author, d.model, d.note,
       v.status, v.at AS delivered_at, v.answer_until, v.answered
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


@dataclass(frozen=True)
class Told:
    """A person's candidates, newest first, and what became of those that won, by message."""

    candidates: list[Any]
    messages: dict[int, Any]
    events: dict[int, list[Any]]
    outcomes: dict[int, list[Any]]


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
