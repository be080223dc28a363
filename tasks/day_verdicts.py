"""
The verdict over a business date: are its data as usual.

It is given once, when the daily run opens, and not per window: an empty night breaks no contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules.drift import Band, DayValue, Kind, usual
from schemas.contract import DriftTerms
from schemas.enums import Entity
from store import drift
from store.database import transaction
from store.drift import DayVerdictRow
from tasks.expectations.bounds import between
from tasks.validation import Check, validated
from tasks.wiring import Wiring


@dataclass(frozen=True)
class Measured:
    """A metric of the day, and what it usually is; None where too few days tell."""

    source: str
    entity: Entity
    metric: str
    value: float
    band: Band | None

    @property
    def rule(self) -> str:
        """What Great Expectations calls it."""
        return f"{self.source} {self.entity.value} {self.metric}"


def judge_day(wired: Wiring, as_of: datetime) -> list[DayVerdictRow]:
    """
    Judge the business date of `as_of` and store what was said; a day that passed is not asked anew.

    Must be called outside a transaction: what it stores is kept when the run is then refused.
    """
    today = wired.business_day(as_of).date()
    wanted = {(name, entity) for name, one in wired.sources.items() for entity in one.entities}
    with transaction(wired.database) as connection:
        said = drift.day_verdicts(connection, today)
        if wanted <= {(one.source, one.entity) for one in said if one.passed}:
            return said
        measured = {
            (source, entity): _measure(
                drift.day_metrics(
                    connection,
                    source,
                    entity,
                    as_of=as_of,
                    zone=wired.zone_name,
                    days=wired.contract.drift.days,
                ),
                source,
                entity,
                wired.contract.drift,
            )
            for source, entity in sorted(wanted)
        }
    told = _expectations_say(wired, [one for several in measured.values() for one in several])
    verdicts = [_verdict(*key, several, told) for key, several in measured.items()]
    with transaction(wired.database) as connection:
        drift.record_day(connection, today, verdicts, at=as_of)
    return verdicts


def _measure(rows: Sequence[Any], source: str, entity: Entity, terms: DriftTerms) -> list[Measured]:
    days: dict[tuple[str, str], list[DayValue]] = {}
    for row in rows:
        value = DayValue(row.ago, row.value, row.rows)
        days.setdefault((row.kind, row.metric), []).append(value)
    found = []
    for (kind, metric), values in sorted(days.items()):
        today = next((one for one in values if one.ago == 0), None)
        if today is not None:
            band = usual(Kind(kind), today, values, terms)
            found.append(Measured(source, entity, metric, today.value, band))
    return found


def _expectations_say(wired: Wiring, measured: Sequence[Measured]) -> Mapping[str, Check]:
    """Let Great Expectations judge the metrics that have a band, all in one row."""
    judged = [one for one in measured if one.band]
    if not judged:
        return {}
    expected: dict[str, Any] = {}
    columns = []
    for place, one in enumerate(judged):
        if one.band:
            columns.append(f"'{one.value!r}'::float8 AS metric_{place}")
            expected[one.rule] = between(
                f"metric_{place}", min_value=one.band.low, max_value=one.band.high
            )
            expected[one.rule].meta = {"rule": one.rule}
    query = f"SELECT {', '.join(columns)}"
    checks, _ = validated(wired.environment.database_url or "", "day", query, expected)
    return {check.rule: check for check in checks}


def _verdict(
    source: str, entity: Entity, measured: Sequence[Measured], told: Mapping[str, Check]
) -> DayVerdictRow:
    reasons = []
    checks = []
    for one in measured:
        check = told.get(one.rule)
        passed = one.band is None or (
            check is not None and check.unexpected == 0 and one.band.holds(one.value)
        )
        if one.band and not passed:
            reasons.append(
                f"{one.metric} is {one.value:.4g}, usually {one.band.low:.4g} to"
                f" {one.band.high:.4g} (of {one.band.days} days)"
            )
        checks.append(
            {
                "metric": one.metric,
                "value": one.value,
                "low": one.band.low if one.band else None,
                "high": one.band.high if one.band else None,
                "days": one.band.days if one.band else 0,
                "passed": passed,
            }
        )
    return DayVerdictRow(source, entity, not reasons, "; ".join(reasons), checks)
