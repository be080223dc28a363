"""What the windows of a business date came to, beside those of the days before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from schemas.enums import Entity

# A day ends when the daily run judges it, on the clock of the business, and began a day earlier.
# Overlapping windows read rows twice and publish them once, so published rows are what counts: a
# window's shares and means weigh as much as it published. A first load is no day like others.
_DAYS = """
WITH windows AS (
    SELECT floor(extract(epoch FROM (CAST(:as_of AS timestamptz) AT TIME ZONE :zone)
                                    - (window_until AT TIME ZONE :zone)) / 86400)::int AS ago,
           window_from, published, metrics
    FROM data_verdict
    WHERE source = :source AND entity = :entity AND passed
      AND window_until > :since AND window_until <= :as_of
), days AS (
    SELECT ago FROM windows GROUP BY ago HAVING bool_and(window_from IS NOT NULL)
)
SELECT ago, 'count' AS kind, 'published' AS metric, sum(published)::float8 AS value,
       sum(published)::bigint AS rows
FROM windows JOIN days USING (ago) GROUP BY ago
UNION ALL
SELECT ago, t.kind, t.kind || ' ' || m.key, sum(m.value::float8 * published) / sum(published),
       sum(published)::bigint
FROM windows JOIN days USING (ago)
CROSS JOIN (VALUES ('share', 'shares'), ('mean', 'means')) AS t(kind, name)
CROSS JOIN LATERAL jsonb_each_text(coalesce(metrics->t.name, '{}')) AS m(key, value)
WHERE published > 0 GROUP BY ago, t.kind, m.key
"""


@dataclass(frozen=True)
class DayVerdictRow:
    """What was said of a business date's data of one entity of one source."""

    source: str
    entity: Entity
    passed: bool
    reason: str
    checks: Sequence[Mapping[str, Any]]


def day_metrics(
    connection: Connection, source: str, entity: Entity, *, as_of: datetime, zone: str, days: int
) -> list[Any]:
    """
    Return the metrics of the day that ends at `as_of` and of so many before it.

    Each has `ago` (days back), `kind` (count, share, mean), `metric`, `value` and `rows`. A day
    without a window has none: nothing pulled is not nothing bought. Reads an index range of the
    windows of those days, however long the history.
    """
    values = {"source": source, "entity": entity.value, "as_of": as_of, "zone": zone}
    since = as_of - timedelta(days=days + 1)
    return list(connection.execute(text(_DAYS), {**values, "since": since}))


def record_day(
    connection: Connection, day: date, verdicts: Sequence[DayVerdictRow], *, at: datetime
) -> None:
    """Store what was said of a business date; said again, the newest word counts."""
    for one in verdicts:
        connection.execute(
            text(
                "INSERT INTO day_verdict (business_date, source, entity, at, passed, reason,"
                " checks) VALUES (:day, :source, :entity, :at, :passed, :reason, :checks)"
                " ON CONFLICT (business_date, source, entity) DO UPDATE SET at = excluded.at,"
                " passed = excluded.passed, reason = excluded.reason, checks = excluded.checks"
            ),
            {
                "day": day,
                "source": one.source,
                "entity": one.entity.value,
                "at": at,
                "passed": one.passed,
                "reason": one.reason,
                "checks": Jsonb([dict(check) for check in one.checks]),
            },
        )


def day_verdicts(connection: Connection, day: date) -> list[DayVerdictRow]:
    """Return what was said of a business date's data."""
    rows = connection.execute(
        text(
            "SELECT source, entity, passed, reason, checks FROM day_verdict"
            " WHERE business_date = :day ORDER BY source, entity"
        ),
        {"day": day},
    )
    return [
        DayVerdictRow(row.source, Entity(row.entity), row.passed, row.reason, row.checks)
        for row in rows
    ]
