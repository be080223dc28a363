"""How everybody's silences end: what a member's own history leaves open."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr

from rules.past import Floats, Ints, Past

_LOYALTIES = np.array([1, 2, 4, 8, 16])
"""Members are compared with those of as many repeat orders: none, 1, 2-3, 4-7, 8-15, 16 and up."""

_SMOOTHED = 7
"""Days that a hazard is averaged over: a week, for weekdays differ."""

_PRIOR_OF_ALL = 20.0
_PRIOR_OF_ALIKE = 30.0
"""At so many members at risk, what is seen and what was believed before weigh the same."""

_QUANTILES = 40
_GRID = np.linspace(-1.0, 9.0, 401)
_BLUR = 0.3


@dataclass(frozen=True, eq=False)
class Crowd:
    """
    Everybody's gaps at a cut-off.

    `hazards` holds the cumulative hazard of an order by days of silence, a row per loyalty (the
    Nelson-Aalen estimator, with the silences that last counted as at risk); `gaps` is the share of
    gaps below exp(grid) days; `began` is the number of the first order's day.
    """

    hazards: Floats
    gaps: Floats
    began: int

    @classmethod
    def of(cls, past: Past) -> Self:
        """Return the crowd of a past with at least one member."""
        return cls(_hazards(past), _distribution(past), int(past.day.min()))

    def p_order(self, repeats: Floats, silence: Floats, horizon: int) -> Floats:
        """Return how probable an order within `horizon` days is after this silence."""
        last = self.hazards.shape[1] - 1
        loyalty = np.digitize(repeats, _LOYALTIES)
        now = np.minimum(silence.astype(np.int64), last)
        then = np.minimum(now + horizon, last)
        grown = self.hazards[loyalty, then] - self.hazards[loyalty, now]
        return np.asarray(-np.expm1(-grown))

    def share_below(self, log_days: Floats) -> Floats:
        """Return the share of all gaps that are shorter."""
        return np.asarray(np.interp(log_days, _GRID, self.gaps))


def _hazards(past: Past) -> Floats:
    ended = np.append(past.owner[1:] == past.owner[:-1], [False])
    length = np.where(ended, np.diff(past.day, append=0), past.now - past.day)
    loyalty = np.digitize(past.number, _LOYALTIES)
    size = int(length.max()) + 1
    all_ends, all_risk = _spells(length, ended, size)
    pooled = float(all_ends.sum() / all_risk.sum())
    usual = (all_ends + _PRIOR_OF_ALL * pooled) / (all_risk + _PRIOR_OF_ALL)
    rows = []
    for group in range(len(_LOYALTIES) + 1):
        alike = loyalty == group
        ends, risk = _spells(length[alike], ended[alike], size)
        hazard = (ends + _PRIOR_OF_ALIKE * usual) / (risk + _PRIOR_OF_ALIKE)
        rows.append(np.concatenate([[0.0], np.cumsum(hazard)]))
    return np.array(rows)


def _spells(length: Ints, ended: Ints, size: int) -> tuple[Floats, Floats]:
    """Return by days of silence how many silences end, and how many get that far; smoothed."""
    ends = np.bincount(length[ended], minlength=size).astype(np.float64)
    risk = np.bincount(length, minlength=size)[::-1].cumsum()[::-1].astype(np.float64)
    return _smooth(ends), _smooth(risk)


def _smooth(values: Floats) -> Floats:
    summed = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    first = np.maximum(place - _SMOOTHED // 2, 0)
    last = np.minimum(place + _SMOOTHED // 2 + 1, len(values))
    return np.asarray((summed[last] - summed[first]) / (last - first))


def _distribution(past: Past) -> Floats:
    gaps = np.diff(past.day)[past.owner[1:] == past.owner[:-1]]
    if not len(gaps):
        return np.zeros(len(_GRID))
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    typical = np.log(np.quantile(gaps, shares))
    return np.asarray(ndtr((_GRID[:, None] - typical) / _BLUR).mean(axis=1))
