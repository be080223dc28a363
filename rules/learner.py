"""A logistic regression that starts from a belief and leaves it only as far as labels tell."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from rules.past import Floats

_CAUTION = 20.0
"""The weight of the belief: a slope of one standard deviation costs as much as 10 in likelihood."""

_CONSTANT = 1e-6
"""A column that strays less says nothing."""

_LEVEL_STRAY = 0.5
_SEASON_STRAY = 0.25
_WHIM = 0.15
"""Standard deviations of log odds: of a window, of a season, of what one year alone had."""


@dataclass(frozen=True, eq=False)
class Weights:
    """What is added to a belief's log odds: `level + (rows - middle) / spread @ slopes`."""

    middle: Floats
    spread: Floats
    slopes: Floats
    level: float

    def added(self, rows: Floats) -> Floats:
        """Return what each row adds to the log odds."""
        return np.asarray(self.level + (rows - self.middle) @ (self.slopes / self.spread))


def learn(rows: Floats, belief: Floats, labels: Floats, weights: Floats) -> Weights:
    """
    Return the penalised maximum-likelihood weights (ridge, with the belief as offset).

    `rows` is (n, k); `belief` (log odds), `labels` (0 or 1) and `weights` are (n,).
    """
    middle = np.average(rows, axis=0, weights=weights)
    stray = np.sqrt(np.average((rows - middle) ** 2, axis=0, weights=weights))
    spread = np.where(stray > _CONSTANT, stray, np.inf)
    scaled = (rows - middle) / spread

    def loss(values: Floats) -> tuple[float, Floats]:
        odds = belief + values[0] + scaled @ values[1:]
        off = weights * (expit(odds) - labels)
        slopes = _CAUTION * values[1:]
        cost = weights @ (np.logaddexp(0, odds) - labels * odds) + slopes @ values[1:] / 2
        return float(cost), np.concatenate([[off.sum()], off @ scaled + slopes])

    start = np.zeros(rows.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return Weights(middle, spread, found[1:], float(found[0]))


@dataclass(frozen=True)
class Level:
    """What to add to log odds, and how much was seen to tell it (the Fisher information)."""

    added: float
    seen: float


def level(odds: Floats, labels: Floats) -> Level:
    """
    Return what to add to log odds so that as many are expected as came.

    A normal prior around 0 keeps it small where few could tell (its mode, by Newton's method).
    """
    added, seen = 0.0, 0.0
    for _ in range(30):
        expected = expit(odds + added)
        seen = float((expected * (1 - expected)).sum())
        slope = float((labels - expected).sum()) - added / _LEVEL_STRAY**2
        added += float(np.clip(slope / (seen + 1 / _LEVEL_STRAY**2), -1.0, 1.0))
    return Level(added, seen)


def season(same: Level, before: Level) -> float:
    """
    Return what a year ago the coming days had over those before them.

    It counts the less the more of it chance may have made, or one year's whim.
    """
    if not (same.seen and before.seen):
        return 0.0
    chance = 1 / same.seen + 1 / before.seen
    return (same.added - before.added) * _SEASON_STRAY**2 / (_SEASON_STRAY**2 + chance + _WHIM**2)
