"""Recorded days, read as they were and in one view, for deciding them again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import Connection, text

_RUNS = """
SELECT id, business_date, as_of FROM run
WHERE flow = :flow AND occasion = '' AND business_date BETWEEN :since AND :until
ORDER BY business_date, id
"""
# An index on ids would be walked from the first there ever was.
_FIRST = """
SELECT min(id) FROM (SELECT id FROM candidate WHERE run_id = :run OFFSET 0) of_run
"""
_DECISIONS: LiteralString = """
SELECT c.id, c.person_id AS person, c.scene, c.wording_key, c.value, c.window_until,
       d.verdict, d.reasons->0->>'rule' AS rule, d.inputs, d.policy_version, m.state,
       CASE WHEN m.state IN ('deferred', 'cancelled', 'expired') AND m.round IS NULL THEN
           (SELECT e.reason FROM message_event e
            WHERE e.message_id = m.id AND e.from_state = 'planned' ORDER BY e.seq LIMIT 1)
       END AS over
FROM candidate c
JOIN decision d ON d.candidate_id = c.id
LEFT JOIN message m ON m.id = CASE WHEN d.verdict IN ('won', 'ghost') THEN c.id END
WHERE c.run_id = %(run)s
ORDER BY c.person_id, c.scene
"""
_MERGED = "SELECT id, merged_into FROM person WHERE merged_into IS NOT NULL"
_ORDERS = """
SELECT count(*) AS orders, coalesce(sum(amount), 0) AS amount FROM outcome
WHERE kind = 'order' AND message_id = ANY(:messages)
"""
_FETCHED = 500
_WAYS = ("hashjoin", "mergejoin", "seqscan", "bitmapscan", "sort", "incremental_sort")


@dataclass(frozen=True)
class Recorded:
    """A daily run that is on record."""

    id: int
    day: date
    as_of: datetime


class Decision(NamedTuple):
    """
    A candidate, what was decided of it on which inputs, and what became of it.

    `rule` held it back, of several rules the first; `state` is its message's; `over` says why a
    winner had no share of what all messages share.
    """

    id: int
    person: int
    scene: str
    wording_key: str
    value: float
    window_until: datetime
    verdict: str
    rule: str | None
    inputs: dict[str, Any]
    policy_version: str
    state: str | None
    over: str | None


def look_only(connection: Connection) -> None:
    """
    Let the transaction that begins see the database as it is now, and change nothing.

    It looks rows up by index, one after the other: they come in the index's own order, so that
    nothing is sorted or held, and the first are there at once.
    """
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    for way in _WAYS:
        connection.execute(text(f"SET LOCAL enable_{way} TO off"))
    connection.execute(text("SET LOCAL max_parallel_workers_per_gather TO 0"))


def runs(connection: Connection, flow: str, since: date, until: date) -> list[Recorded]:
    """Return a flow's runs of these business dates, in their order."""
    rows = connection.execute(text(_RUNS), {"flow": flow, "since": since, "until": until})
    return [Recorded(*row) for row in rows]


def first_candidate(connection: Connection, recorded: Sequence[Recorded]) -> int | None:
    """Return the first candidate of runs in the order of their days; None if they have none."""
    for run in recorded:
        found: int | None = connection.execute(text(_FIRST), {"run": run.id}).scalar_one()
        if found is not None:
            return found
    return None


def merged(connection: Connection) -> dict[int, int]:
    """Return who by now is taken for somebody else, and for whom."""
    return {row.id: row.merged_into for row in connection.execute(text(_MERGED))}


def decisions(connection: Connection, run_id: int) -> Iterator[Decision]:
    """Yield the decisions of a run, a person's together, while the server goes on reading."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("rows stream by psycopg 3")
    with driver.cursor() as cursor:
        set_json_loads(orjson.loads, cursor)
        yield from map(Decision._make, cursor.stream(_DECISIONS, {"run": run_id}, size=_FETCHED))


def orders_after(connection: Connection, messages: Sequence[int]) -> tuple[int, Decimal]:
    """Return how many orders were credited to messages, and their amount."""
    row = connection.execute(text(_ORDERS), {"messages": list(messages)}).one()
    return row.orders, row.amount
