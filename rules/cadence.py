"""
How regularly people buy, and when their next order is due: many persons at once.

A key is a person, or a person and a product family: whatever columns the caller groups by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, prod, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.policy import Policy

_AS_NORMAL = 1.4826
"""Times the median deviation is the standard deviation, were values spread normally."""

_CHANCE = 0.694
"""Median deviation over median of gaps that chance alone makes (exponential ones)."""

_MEDIAN_NOISE = 1.57
"""A median of n strays with this times the variance over n (normal values)."""

_QUARTER = 0.6745
"""Standard deviations from the middle to a quartile."""

_FARTHEST = 3_650
_PACKABLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_PACKED = 2**62
_LEAST_GAPS = 2
_LEAST_KEYS = 20
_LEAST_VARIANCE = 1e-4

Days = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


def cadences(days: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """
    Return a row per key, sorted by key, from a frame of the `by` columns and `on` (Date).

    Adds order_days, first_on, last_on, last_gap (days), gap_median and gap_spread (the median
    absolute deviation), prior_median and prior_spread (the same without the last gap); null where
    there is no gap to tell from. Rows may come in any order and more than once, but without nulls.

    Rationale: two orders on one day are one visit; medians shrug off the odd holiday.
    """
    visits = _sorted(days.select(*by, "on"))
    key = visits.select(pl.struct(by).rle_id()).to_series().to_numpy()
    day = visits["on"].to_physical().to_numpy()
    opens, later = np.ones(len(key), dtype=bool), np.ones(len(key), dtype=bool)
    opens[1:] = key[1:] != key[:-1]
    later[1:] = day[1:] != day[:-1]
    firsts = visits.select(by).filter(pl.Series(opens))
    distinct = opens | later
    day, opens = day[distinct], opens[distinct]
    starts = np.flatnonzero(opens)
    ends = np.append(starts, len(day))[1:] - 1
    gaps = ends - starts
    median, spread, prior_median, prior_spread = _middles(day, starts, gaps)
    return firsts.with_columns(
        pl.Series("order_days", gaps + 1, pl.Int32),
        pl.Series("first_on", day[starts], pl.Int32).cast(pl.Date),
        pl.Series("last_on", day[ends], pl.Int32).cast(pl.Date),
        _known("last_gap", day[ends] - day[ends - (gaps > 0)], gaps > 0).cast(pl.Int32),
        _known("gap_median", median, gaps > 0),
        _known("gap_spread", spread, gaps > 0),
        _known("prior_median", prior_median, gaps > 1),
        _known("prior_spread", prior_spread, gaps > 1),
    )


def _sorted(visits: pl.DataFrame) -> pl.DataFrame:
    """Return rows sorted by all columns; as one number each, where they fit in one, for speed."""
    whole = visits.with_columns(pl.col("on").cast(pl.Int32))
    if whole.is_empty() or not all(kind in _PACKABLE for kind in whole.dtypes):
        return visits.sort(pl.all())
    lows = [int(low) for low in whole.min().row(0)]
    spans = [int(high) - low + 1 for low, high in zip(lows, whole.max().row(0), strict=True)]
    if prod(spans) >= _PACKED:
        return visits.sort(pl.all())
    packed = pl.lit(0, pl.Int64)
    for name, low, span in zip(whole.columns, lows, spans, strict=True):
        packed = packed * span + (pl.col(name).cast(pl.Int64) - low)
    rest = pl.col("packed")
    columns = []
    for name, low, span in reversed(list(zip(whole.columns, lows, spans, strict=True))):
        columns.append((rest % span + low).cast(whole.schema[name]).alias(name))
        rest = rest // span
    ordered = whole.select(packed=packed).to_series().sort().to_frame()
    return ordered.select(reversed(columns)).with_columns(pl.col("on").cast(pl.Date))


def _middles(day: Days, starts: Ints, gaps: Ints) -> Floats:
    """
    Return median and spread of all gaps, and of all but the last, per key; 0 where there is none.

    Keys with as many gaps make a matrix, whose rows are sorted faster than one long column.
    """
    told = np.zeros((4, len(starts)))
    for many in np.unique(gaps[gaps > 0]):
        same = np.flatnonzero(gaps == many)
        block = np.diff(day[starts[same][:, None] + np.arange(many + 1)], axis=1)
        told[:2, same] = _middle(block)
        if many > 1:
            told[2:, same] = _middle(block[:, :-1])
    return told


def _middle(block: Days) -> tuple[Floats, Floats]:
    """Return median and median absolute deviation of each row, by whole numbers throughout."""
    twice = _twice_median(block)
    return twice / 2, _twice_median(np.abs(2 * block - twice[:, None])) / 4


def _twice_median(block: Days) -> Days:
    ordered, many = np.sort(block, axis=1), block.shape[1]
    return np.asarray(ordered[:, (many - 1) // 2] + ordered[:, many // 2])


def _known(name: str, values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> pl.Series:
    """Return a column with nulls where nothing is known."""
    return pl.Series(name, values).zip_with(pl.Series(known), pl.Series([None], dtype=pl.Null))


def gap_count() -> pl.Expr:
    """Return how many gaps lie between the order days; 0 for whoever ordered once or never."""
    return (pl.col("order_days").cast(pl.Int64).fill_null(0) - 1).clip(lower_bound=0)


def is_regular(policy: Policy, *, prior: bool = False) -> pl.Expr:
    """
    Tell whether a rhythm is steady enough to say "about every N days".

    `prior` asks it of the days before the last one.

    Rationale: on public logs a due rule without this test ranks worse than frequency alone
    (prediction.md); it pays only where buying is regular.
    """
    median, spread = ("prior_median", "prior_spread") if prior else ("gap_median", "gap_spread")
    steady = pl.col(spread) <= policy.regular_spread * pl.col(median)
    return (gap_count() - int(prior) >= policy.regular_gaps) & steady.fill_null(value=False)


def regularity() -> pl.Expr:
    """
    Return how steady buying is, from 0 (irregular, or too little known) to 1 (clockwork).

    (n - 1) / (n + 1) * max(0, 1 - spread / median / 0.694) for n gaps: chance alone scores 0, and
    one gap, which has no spread yet, does too.
    """
    n = gap_count()
    steady = (1 - pl.col("gap_spread") / pl.col("gap_median") * (1 / _CHANCE)).clip(lower_bound=0)
    return pl.when(n > 1).then((n - 1) / (n + 1) * steady).otherwise(0.0).fill_null(0.0)


@dataclass(frozen=True)
class PopulationRhythm:
    """
    How everybody buys: the typical gap in days, and how far its logarithm strays.

    `between` is the standard deviation of persons' own typical gaps, `within` that of the gaps of
    one person.
    """

    typical: float
    between: float
    within: float

    @property
    def weight_of_all(self) -> float:
        """Return how many gaps of a person it takes to be heard as much as everybody else is."""
        return _MEDIAN_NOISE * (self.within / self.between) ** 2


def population_rhythm(cadences: pl.DataFrame) -> PopulationRhythm | None:
    """
    Return the rhythm of keys with two gaps and more; None where there are too few of them.

    The scatter within is a person's spread over median, made a standard deviation; what it puts
    into the medians is taken off the scatter between (method of moments).
    """
    within = (_AS_NORMAL * pl.col("gap_spread") / pl.col("gap_median")) ** 2
    told = cadences.filter(gap_count() >= _LEAST_GAPS).select(
        median=pl.col("gap_median").log(), within=within, n=gap_count()
    )
    if len(told) < _LEAST_KEYS:
        return None
    median, own, n = (told[name].to_numpy() for name in ("median", "within", "n"))
    inside = max(float(own.mean()), _LEAST_VARIANCE)
    between = float(median.var(ddof=1)) - _MEDIAN_NOISE * inside * float((1 / n).mean())
    return PopulationRhythm(
        typical=exp(float(median.mean())),
        between=sqrt(max(between, _LEAST_VARIANCE)),
        within=sqrt(inside),
    )


def due_windows(
    frame: pl.DataFrame, population: PopulationRhythm | None, policy: Policy
) -> pl.DataFrame:
    """
    Add due_from and due_until (Date, both included), null where there is nothing to say.

    Rationale: the regular are due from a little before their median cycle ends to at most
    `due_overrun` of it; beyond that the reason is gone (prediction.md, point 2). The irregular are
    as likely to come within their window as outside it, by a rhythm of their own and everybody's:
    the fewer their gaps, the more everybody's counts (empirical Bayes).
    """
    regular = is_regular(policy)
    opens, closes = regular_window(policy)
    early, late = _quartiles(population)
    return frame.with_columns(
        due_from=_after(pl.when(regular).then(opens).otherwise(early)),
        due_until=_after(pl.when(regular).then(closes).otherwise(late)),
    )


def regular_window(policy: Policy, *, prior: bool = False) -> tuple[pl.Expr, pl.Expr]:
    """Return in how many days after an order the next is due first and last, were it regular."""
    median = pl.col("prior_median" if prior else "gap_median")
    opens = median.ceil() - policy.due_lead_days
    return _whole(opens), _whole(pl.max_horizontal(opens, (median * policy.due_overrun).floor()))


def _whole(days: pl.Expr) -> pl.Expr:
    """Return days as whole numbers of which at least one is to come."""
    return days.clip(1, _FARTHEST).cast(pl.Int32)


def _after(days: pl.Expr) -> pl.Expr:
    """Return the day that lies so many days after the last order day."""
    last = pl.when(pl.col("order_days") > 0).then(pl.col("last_on").cast(pl.Int32))
    return (last + days).cast(pl.Date)


def _quartiles(population: PopulationRhythm | None) -> tuple[pl.Expr, pl.Expr]:
    """Return in how many days the next order is expected early, and late."""
    if population is None:
        return pl.lit(None, pl.Int32), pl.lit(None, pl.Int32)
    n, everybody = gap_count(), population.weight_of_all
    own = n / (n + everybody)
    typical = pl.col("gap_median").log().fill_null(0.0)
    middle = own * typical + (1 - own) * log(population.typical)
    spread = (_AS_NORMAL * pl.col("gap_spread") / pl.col("gap_median")).fill_null(0.0)
    seen = (n - 1).clip(lower_bound=0)
    within = (seen * spread**2 + population.within**2) / (seen + 1)
    stray = _QUARTER * (within + (1 - own) * population.between**2).sqrt()
    return _whole((middle - stray).exp().floor()), _whole((middle + stray).exp().floor())
