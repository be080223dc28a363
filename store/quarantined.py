"""What waits in quarantine, by row, and how a mended row is put back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from schemas.enums import Entity
from store.row_rules import MENDED

_SUMMARY = """
SELECT q.source, q.entity, q.rule, count(*) AS rows, min(r.as_of) AS since
FROM quarantine q JOIN run r ON r.id = q.run_id WHERE q.settled_at IS NULL
GROUP BY q.source, q.entity, q.rule ORDER BY q.source, q.entity, rows DESC, q.rule
"""

_ROWS = """
SELECT min(q.id) AS id, q.source, q.entity, min(r.as_of) AS since,
       jsonb_agg(jsonb_build_object('rule', q.rule, 'column', q.column_name, 'value', q.value)
                 ORDER BY q.id) AS broken,
       (array_agg(q.content::text ORDER BY q.id))[1] AS content
FROM quarantine q JOIN run r ON r.id = q.run_id
WHERE q.settled_at IS NULL
  AND q.source = coalesce(CAST(:source AS text), q.source)
  AND q.entity = coalesce(CAST(:entity AS text), q.entity)
GROUP BY q.run_id, q.source, q.entity, q.row
HAVING CAST(:rule AS text) IS NULL OR bool_or(q.rule = :rule)
ORDER BY id LIMIT :limit
"""

_KNOWN = """
SELECT id FROM quarantine
WHERE id = ANY(:ids) AND source = :source AND entity = :entity AND settled_at IS NULL
"""


@dataclass(frozen=True)
class Wanted:
    """Which rows are meant; what is None is not asked for."""

    source: str | None = None
    entity: Entity | None = None
    rule: str | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What statements are told."""
        entity = self.entity.value if self.entity else None
        return {"source": self.source, "entity": entity, "rule": self.rule}


def summary(connection: Connection) -> list[Any]:
    """Return how many rows wait, by source, entity and rule, and since when."""
    return list(connection.execute(text(_SUMMARY)))


def waiting(connection: Connection, wanted: Wanted, limit: int | None = None) -> list[Any]:
    """Return the rows that wait, each with all it broke; `content` is JSON text, numbers exact."""
    return list(connection.execute(text(_ROWS), {**wanted.values, "limit": limit}))


def known(connection: Connection, source: str, entity: Entity, ids: Sequence[int]) -> set[int]:
    """Return which of these rows of an entity wait."""
    values = {"source": source, "entity": entity.value, "ids": list(ids)}
    return set(connection.execute(text(_KNOWN), values).scalars())


def mend(connection: Connection, contents: Mapping[int, Mapping[str, Any]]) -> int:
    """
    Replace the content of rows, by id, and have them offered by the next pull; return how many.

    All else that a row broke is forgotten: the contract looks at it anew.
    """
    ids = {"ids": list(contents)}
    connection.execute(
        text(
            "DELETE FROM quarantine q USING quarantine mine WHERE mine.id = ANY(:ids)"
            " AND q.run_id = mine.run_id AND q.source = mine.source AND q.entity = mine.entity"
            " AND q.row = mine.row AND q.id <> mine.id AND q.settled_at IS NULL"
        ),
        ids,
    )
    return connection.execute(
        text(
            f"UPDATE quarantine q SET rule = '{MENDED}', content = n.content"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:contents AS jsonb[])) AS n(id, content)"
            " WHERE q.id = n.id AND q.settled_at IS NULL"
        ),
        {**ids, "contents": [Jsonb(dict(content)) for content in contents.values()]},
    ).rowcount
