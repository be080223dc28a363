"""What a day's numbers usually are, told by recent days; thresholds come as terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import expm1, log1p
from statistics import median

from schemas.contract import DriftTerms

_WEEK = 7
_AS_NORMAL = 1.4826
"""Times the median deviation is the standard deviation, were the days spread normally."""


class Kind(StrEnum):
    """What kind of number a metric is; each strays in its own way."""

    COUNT = "count"
    SHARE = "share"
    MEAN = "mean"


@dataclass(frozen=True)
class DayValue:
    """A metric of one day: `ago` days back, made of `rows` rows."""

    ago: int
    value: float
    rows: int


@dataclass(frozen=True)
class Band:
    """What is usual, both ends included, and on how many days that rests."""

    low: float
    high: float
    days: int

    def holds(self, value: float) -> bool:
        """Tell whether a value is usual."""
        return self.low <= value <= self.high


def usual(
    kind: Kind, today: DayValue, history: Sequence[DayValue], terms: DriftTerms
) -> Band | None:
    """
    Return what a metric usually is; None where recent days or today's rows are too few to tell.

    Rationale: shops have weeks, so the same weekday is asked first; until there are enough of it,
    whatever it was before counts as usual too, or a shop that closes on Mondays would be refused
    on its third one. Counts and means stray by factors, hence the logarithms, in which nothing at
    all is far from hundreds and near to three. Median and median deviation are moved neither by
    one promotion nor by one outage.
    """
    recent = [day for day in history if 1 <= day.ago <= terms.days]
    if kind is not Kind.COUNT:
        recent = [day for day in recent if day.rows >= terms.least_rows]
        if today.rows < terms.least_rows:
            return None
    weekday = [day for day in recent if day.ago % _WEEK == 0]
    if len(weekday) >= terms.least_weekdays:
        return _band(kind, [day.value for day in weekday], terms)
    if len(recent) < terms.least_days:
        return None
    band = _band(kind, [day.value for day in recent], terms)
    seen = [day.value for day in weekday]
    return Band(min([band.low, *seen]), max([band.high, *seen]), band.days)


def _band(kind: Kind, values: Sequence[float], terms: DriftTerms) -> Band:
    if kind is Kind.SHARE:
        middle, spread = _middle(values, terms)
        wide = max(terms.share, spread)
        return Band(max(0.0, middle - wide), min(1.0, middle + wide), len(values))
    middle, spread = _middle([log1p(value) for value in values], terms)
    wide = max(log1p(terms.factor - 1), spread)
    low, high = expm1(middle - wide), expm1(middle + wide)
    if kind is Kind.COUNT:
        high = max(high, expm1(middle) + terms.least_rows)
    return Band(max(0.0, low), high, len(values))


def _middle(values: Sequence[float], terms: DriftTerms) -> tuple[float, float]:
    """Return the median, and how far days stray from it before they are unusual."""
    middle = median(values)
    apart = median(abs(value - middle) for value in values)
    return middle, terms.spreads * _AS_NORMAL * apart
