"""
How large segments are, who moved between them, and which ones a person is or was in.

Nothing here reads all members of a segment: sizes are kept as they change, and what changed since
a day lies together in an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from schemas.dimensions import Dimension

EXCLUSIVE = (Dimension.LIFECYCLE, Dimension.VALUE)
"""The dimensions of which a person is in one segment at most, so that persons move between them."""

_FIRST_DAY = "SELECT min(business_date) FROM run WHERE flow = :flow"

_SIZES = "SELECT dimension, segment, size FROM segment_size ORDER BY dimension, segment"

# Who came in since a day and is there still: one range of ix_segment_open for each segment. The
# offset that skips nothing keeps the planner from reading the whole table instead.
_BEGUN = """
SELECT m.person_id, s.dimension, s.segment
FROM segment_size s CROSS JOIN LATERAL (
    SELECT o.person_id FROM segment_membership o
    WHERE o.dimension = s.dimension AND o.segment = s.segment AND o.since > :day
      AND o.until IS NULL
    OFFSET 0
) m
WHERE s.size > 0
"""

# Where persons were on a day and are no longer, or are again; a range of ix_segment_ended.
_ENDED = "SELECT e.* FROM segment_membership e WHERE e.until > :day AND e.since <= :day"

_JOINED = f"""
SELECT b.dimension, b.segment, count(*) AS persons
FROM ({_BEGUN} AND s.dimension <> ALL(:exclusive)) b
WHERE NOT EXISTS (
    SELECT FROM segment_membership e
    WHERE e.person_id = b.person_id AND e.dimension = b.dimension AND e.segment = b.segment
      AND e.until > :day AND e.since <= :day
)
GROUP BY 1, 2
"""

_LEFT = f"""
SELECT e.dimension, e.segment, count(DISTINCT e.person_id) AS persons
FROM ({_ENDED} AND e.dimension <> ALL(:exclusive)) e
WHERE NOT EXISTS (
    SELECT FROM segment_membership o
    WHERE o.person_id = e.person_id AND o.dimension = e.dimension AND o.segment = e.segment
      AND o.until IS NULL
)
GROUP BY 1, 2
"""

# Whose row ended came from there, whatever day the next row bears: it may begin on a day before
# the one on which that became known.
_FLOWS = f"""
WITH was AS MATERIALIZED (
    SELECT DISTINCT ON (person_id, dimension) person_id, dimension, segment
    FROM ({_ENDED} AND e.dimension = ANY(:exclusive)) e
    ORDER BY person_id, dimension, until, since
), begun AS MATERIALIZED (
    {_BEGUN} AND s.dimension = ANY(:exclusive)
), moved AS (
    SELECT w.dimension, w.segment AS source, o.segment AS target
    FROM was w LEFT JOIN LATERAL (
        SELECT m.segment FROM segment_membership m
        WHERE m.person_id = w.person_id AND m.dimension = w.dimension AND m.until IS NULL
        LIMIT 1
    ) o ON true
    UNION ALL
    SELECT b.dimension, NULL, b.segment FROM begun b
    WHERE NOT EXISTS (
        SELECT FROM was w WHERE w.person_id = b.person_id AND w.dimension = b.dimension
    )
)
SELECT dimension, source, target, count(*) AS persons FROM moved
WHERE source IS DISTINCT FROM target
GROUP BY 1, 2, 3 ORDER BY 1, persons DESC, 2, 3
"""

_OF_PERSON = """
SELECT dimension, segment, since, until, evidence FROM segment_membership
WHERE person_id = :person AND (until IS NULL OR until > :day)
ORDER BY until DESC NULLS FIRST, since DESC, dimension, segment
"""

_EXAMPLES = """
SELECT person_id FROM segment_membership
WHERE dimension = :dimension AND segment = :segment AND until IS NULL
ORDER BY since DESC LIMIT :limit
"""


@dataclass(frozen=True)
class Flow:
    """Persons who moved within a dimension; None is no segment of it."""

    dimension: str
    source: str | None
    target: str | None
    persons: int


@dataclass(frozen=True)
class Changes:
    """What a day's segments have become: `joined` and `left` by (dimension, segment)."""

    joined: dict[tuple[str, str], int]
    left: dict[tuple[str, str], int]
    flows: list[Flow]


def first_day(connection: Connection, flow: str) -> date | None:
    """Return the business date of the first run of a flow, None before it."""
    return connection.execute(text(_FIRST_DAY), {"flow": flow}).scalar()


def sizes(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many persons are in each segment now, by (dimension, segment)."""
    return {(row.dimension, row.segment): row.size for row in connection.execute(text(_SIZES))}


def changes(connection: Connection, day: date) -> Changes:
    """
    Return who was in another segment at the end of a day than now.

    Flows are of the exclusive dimensions and hold only those who moved; who left and came back
    has not. Costs what changed since.
    """
    values = {"day": day, "exclusive": list(EXCLUSIVE)}
    flows = [Flow(*row) for row in connection.execute(text(_FLOWS), values)]
    joined = _counts(connection, _JOINED, values)
    left = _counts(connection, _LEFT, values)
    for flow in flows:
        if flow.target is not None:
            _add(joined, (flow.dimension, flow.target), flow.persons)
        if flow.source is not None:
            _add(left, (flow.dimension, flow.source), flow.persons)
    return Changes(joined, left, flows)


def of_person(connection: Connection, person: int, day: date) -> Sequence[Any]:
    """Return a person's memberships that last or ended after a day, the lasting ones first."""
    return connection.execute(text(_OF_PERSON), {"person": person, "day": day}).all()


def product_names(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """
    Return the names of products that no family has; segments are about them by their keys.

    A name may change from one day to the next, which makes nobody's taste another.
    """
    rows = connection.execute(
        text(
            "SELECT key, max(name) AS name FROM product"
            " WHERE key = ANY(:keys) AND family IS NULL GROUP BY key"
        ),
        {"keys": list(keys)},
    )
    return {row.key: row.name for row in rows}


def examples(connection: Connection, dimension: str, segment: str, limit: int) -> list[int]:
    """Return the ids of a few persons in a segment, of those who came last, in order of id."""
    values = {"dimension": dimension, "segment": segment, "limit": limit}
    return sorted(connection.execute(text(_EXAMPLES), values).scalars())


def _counts(
    connection: Connection, query: str, values: dict[str, Any]
) -> dict[tuple[str, str], int]:
    rows = connection.execute(text(query), values)
    return {(row.dimension, row.segment): row.persons for row in rows}


def _add(counts: dict[tuple[str, str], int], key: tuple[str, str], persons: int) -> None:
    counts[key] = counts.get(key, 0) + persons
