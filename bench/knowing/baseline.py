"""The baseline: DuckDB aggregates the whole history from Parquet, on as many threads as we have."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

_TIMES = 3

_BARE = """
SELECT member_id, count(DISTINCT order_id) AS orders, sum(quantity * unit_price) AS spent,
       min(ordered_at) AS first, max(ordered_at) AS last
FROM log GROUP BY member_id
"""

# What rules.facts says of orders, as far as plain SQL does: no tie is decided, no tag inferred, no
# rhythm told as it was before the last gap. The zone has one offset, which costs less than a zone.
_SAME = """
WITH lines AS (
    SELECT *, ordered_at + INTERVAL 8 HOUR AS clock, CAST(clock AS date) AS day FROM log
), orders AS (
    SELECT member_id, order_id, any_value(ordered_at) AS made, any_value(clock) AS clock,
           any_value(day) AS day, any_value(store_key) AS store, any_value(discount) AS discount,
           any_value(total) AS total, sum(quantity) AS units
    FROM lines GROUP BY ALL
), money AS (
    SELECT member_id, count(*) AS orders, sum(units) AS units, sum(total) AS spent,
           min(made) AS first, max(made) AS last, median(total) AS basket, max(total) AS largest,
           count(*) FILTER (discount > 0) AS discounted, mode(store) AS store,
           mode(hour(clock) // 3) AS daypart, mode(isodow(clock)) AS weekday,
           sum(total * pow(0.5, date_diff('day', day, DATE '2026-01-01') / 180)) AS worth
    FROM orders GROUP BY ALL
), gaps AS (
    SELECT member_id, day, date_diff('day', lag(day) OVER (
        PARTITION BY member_id ORDER BY day), day) AS gap
    FROM (SELECT DISTINCT member_id, day FROM orders)
), cadences AS (
    SELECT member_id, count(*) AS order_days, arg_max(gap, day) AS last_gap,
           median(gap) AS gap_median, mad(gap) AS gap_spread
    FROM gaps GROUP BY ALL
), staples AS (
    SELECT member_id, arg_max(product_key, days) AS staple, max(days) AS staple_days
    FROM (SELECT member_id, product_key, count(DISTINCT day) AS days FROM lines GROUP BY ALL)
    GROUP BY ALL
), family_days AS (
    SELECT member_id, family, day, sum(quantity) AS units, sum(quantity * unit_price) AS spent,
           date_diff('day', lag(day) OVER (
               PARTITION BY member_id, family ORDER BY day), day) AS gap
    FROM lines GROUP BY member_id, family, day
), families AS (
    SELECT member_id, list(struct_pack(family, days, units, spent, last_on, gap_median, gap_spread)
                           ORDER BY days DESC, spent DESC)[:5] AS families
    FROM (
        SELECT member_id, family, count(*) AS days, sum(units) AS units, sum(spent) AS spent,
               max(day) AS last_on, median(gap) AS gap_median, mad(gap) AS gap_spread
        FROM family_days GROUP BY ALL HAVING days >= 2
    ) GROUP BY ALL
)
SELECT * FROM money JOIN cadences USING (member_id) JOIN staples USING (member_id)
LEFT JOIN families USING (member_id)
"""


@dataclass(frozen=True)
class Baseline:
    """Seconds of the bare aggregation by member, and of the facts that SQL can tell."""

    bare: float
    same: float


def baseline(log: Path, threads: int) -> Baseline:
    """Measure both over the log, the results kept in tables in memory; the middle of three."""
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}")
        connection.read_parquet(str(log)).create_view("log")
        return Baseline(_seconds(connection, _BARE), _seconds(connection, _SAME))


def _seconds(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    took = []
    for _ in range(_TIMES):
        began = perf_counter()
        connection.execute(f"CREATE OR REPLACE TABLE told AS {query}")
        took.append(perf_counter() - began)
    return median(took)
