"""Wordings formed from winners, and the drafts written for them."""

from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

_UNWORDED = """
m.run_id = :run AND m.state = 'planned' AND m.round <= r.rounds AND m.wording_id IS NULL
"""
"""Messages `m` of a run `r` that have their share, and no wording yet."""

_FORM = f"""
INSERT INTO wording (run_id, key, scene, channel, voice, category, segment, slots)
SELECT DISTINCT ON (c.wording_key) m.run_id, c.wording_key, m.scene, m.channel,
       c.inputs->>'voice', m.category, c.inputs->>'segment', c.inputs->'slots'
FROM message m JOIN run r ON r.id = m.run_id JOIN candidate c ON c.id = m.id
WHERE {_UNWORDED} AND NOT m.ghost
ORDER BY c.wording_key, m.id
ON CONFLICT (run_id, key) DO NOTHING
"""

_ASSIGN = f"""
UPDATE message m SET wording_id = w.id
FROM run r, candidate c, wording w
WHERE {_UNWORDED} AND r.id = m.run_id AND c.id = m.id
  AND w.run_id = m.run_id AND w.key = c.wording_key
"""

_UNDRAFTED = """
SELECT w.id, w.scene, w.channel, w.category, w.slots,
       max(m.window_until) FILTER (WHERE NOT m.ghost) AS expires_at,
       array_agg(m.id ORDER BY m.id) AS messages, array_agg(m.person_id) AS persons
FROM wording w JOIN message m ON m.wording_id = w.id AND m.state = 'planned'
WHERE w.run_id = :run AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.wording_id = w.id)
GROUP BY w.id HAVING bool_or(NOT m.ghost) ORDER BY w.id LIMIT :limit
"""

_JSON = {"link", "violations", "warnings", "claims"}


def persons_waiting(connection: Connection, run_id: int) -> list[int]:
    """Return whose messages of a run may have a wording and have none yet."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT m.person_id FROM message m JOIN run r ON r.id = m.run_id"
            f" WHERE {_UNWORDED}"
        ),
        {"run": run_id},
    )
    return list(rows.scalars().all())


def form(connection: Connection, run_id: int) -> int:
    """
    Give every planned message of a run its wording; return how many wordings are new.

    Nothing is worded for the holdout alone: a ghost whose text nobody else gets stays without.
    """
    made = connection.execute(text(_FORM), {"run": run_id}).rowcount
    connection.execute(text(_ASSIGN), {"run": run_id})
    return made


def undrafted(connection: Connection, run_id: int, limit: int) -> list[Any]:
    """Return wordings of a run that wait for a draft, with the messages they stand for."""
    return list(connection.execute(text(_UNDRAFTED), {"run": run_id, "limit": limit}).all())


def add_draft(connection: Connection, draft: dict[str, Any]) -> int | None:
    """Append a revision of a wording's draft and return its id; None if there is one already."""
    columns = [*draft]
    found: int | None = connection.execute(
        text(
            f"INSERT INTO draft ({', '.join(columns)})"
            f" VALUES ({', '.join(f':{column}' for column in columns)})"
            " ON CONFLICT (wording_id, revision) DO NOTHING RETURNING id"
        ),
        {name: Jsonb(value) if name in _JSON else value for name, value in draft.items()},
    ).scalar_one_or_none()
    return found
