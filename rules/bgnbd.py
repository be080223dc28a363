"""
How likely a person is still with us and orders again: the BG/NBD model.

Fader, Hardie, Lee, "Counting Your Customers the Easy Way", Marketing Science 24(2), 2005. Times are
days: `x` is the number of repeat order days, `t_x` the days from the first to the last order day,
`age` (the paper's T) the days from the first order day to the cut-off. They are arrays of one
length, or single numbers.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import minimize
from scipy.special import digamma, expit, expm1, gammaln, log1p, xlogy

FARTHEST = 3_650
"""The most days that `days_until_share` answers."""

_ROWS = 60_000
_BOUNDS = np.log([(1e-3, 1e3), (1e-2, 1e5), (1e-3, 1e3), (1e-3, 1e4)])
_STARTS = np.log([(1.0, 0.5, 0.5, 2.0), (0.3, 0.1, 1.0, 1.0), (3.0, 1.0, 0.1, 5.0)])
_PRIOR_WIDTH = 3.0
_NODES = 48

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[Any] | float


class NothingToFit(ValueError):
    """There is nobody to fit a model to."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Members told apart by nothing but their numbers: `n` of them share `x`, `t_x` and `age`."""

    x: Floats
    t_x: Floats
    age: Floats
    n: Floats

    @classmethod
    def of(cls, members: pl.DataFrame, cut_off: date, rows: int = _ROWS) -> Self:
        """
        Return the groups of a frame with order_days, first_on and last_on, one row per member.

        Members without orders, or with one after the cut-off, are left out. Where there would be
        more than `rows` groups, days go into bins, twice as wide until they fit; the means of its
        members stand for a bin.
        """
        age = (pl.lit(cut_off) - pl.col("first_on")).dt.total_days()
        exact = (
            members.filter(pl.col("order_days") >= 1, pl.col("last_on") <= cut_off)
            .select(
                x=pl.col("order_days").cast(pl.Int64) - 1,
                t_x=(pl.col("last_on") - pl.col("first_on")).dt.total_days(),
                age=age,
            )
            .group_by("x", "t_x", "age")
            .agg(n=pl.len().cast(pl.Int64))
            .sort("x", "t_x", "age")
        )
        groups, width = exact, 1
        while len(groups) > rows and width < FARTHEST:
            width *= 2
            groups = _binned(exact, width)
        return cls(*(groups[name].cast(pl.Float64).to_numpy() for name in ("x", "t_x", "age", "n")))


def _binned(exact: pl.DataFrame, width: int) -> pl.DataFrame:
    """Return groups `width` days wide, in age and in days of silence."""
    silence = (pl.col("age") - pl.col("t_x")) // width
    return (
        exact.group_by("x", silence=silence, bin=pl.col("age") // width)
        .agg(
            (pl.col("t_x") * pl.col("n")).sum() / pl.col("n").sum(),
            (pl.col("age") * pl.col("n")).sum() / pl.col("n").sum(),
            pl.col("n").sum(),
        )
        .sort("x", "silence", "bin")
    )


@dataclass(frozen=True)
class BgNbd:
    """Order rates are Gamma(r, alpha days), drop-out after an order is Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def p_alive(self, x: Numbers, t_x: Numbers, age: Numbers) -> Floats:
        """Return the probability that a person has not dropped out; 1 without repeat orders."""
        x, t_x, age = _floats(x, t_x, age)
        odds = xlogy(1.0, self.a / (self.b + np.maximum(x, 1) - 1))
        odds = odds + (self.r + x) * log1p((age - t_x) / (self.alpha + t_x))
        return np.where(x > 0, expit(-odds), 1.0)

    def p_order(self, x: Numbers, t_x: Numbers, age: Numbers, horizon: float) -> Floats:
        """Return the probability of an order within `horizon` days after the cut-off."""
        x, t_x, age = _floats(x, t_x, age)
        none = (self.r + x) * log1p(horizon / (self.alpha + age))
        return np.asarray(self.p_alive(x, t_x, age) * -expm1(-none))

    def expected_orders(self, x: Numbers, t_x: Numbers, age: Numbers, horizon: float) -> Floats:
        """
        Return the expected number of order days within `horizon` days after the cut-off.

        Whoever is alive drops out with p ~ Beta(a, b + x), and the paper's equation 10 is the mean
        over it of (1 - (1 + p * horizon / (alpha + age)) ** -(r + x)) / p. It is taken by
        quadrature: the hypergeometric function of the closed form is 0/0 at a = 1, has a pole at
        a + b + x = 1 and overflows for frequent buyers.
        """
        x, t_x, age = _floats(x, t_x, age)
        alike, back = _alike(x, age)
        orders = np.empty(len(alike))
        for repeats in np.unique(alike.real):
            same = alike.real == repeats
            p, weight = _beta_nodes(self.a, self.b + repeats)
            reach = horizon / (self.alpha + alike.imag[same])
            none = (self.r + repeats) * log1p(np.outer(reach, p))
            orders[same] = (-expm1(-none) * (weight / p)).sum(axis=1)
        return np.asarray(self.p_alive(x, t_x, age) * orders[back])

    def days_until_share(
        self, x: Numbers, t_x: Numbers, share: float, horizon: float
    ) -> npt.NDArray[np.int64]:
        """
        Return how many days after the last order P(order) has fallen to `share` of that day's.

        It is the first such whole number of days if the person orders no more, and FARTHEST where
        that is later still. It depends on nobody else in the arrays. `share` is in (0, 1).
        """
        x, t_x = _floats(x, t_x)
        return self._days_until(x, t_x, share * self.p_order(x, t_x, t_x, horizon), horizon)

    def days_until_below(
        self, x: Numbers, t_x: Numbers, bound: float, horizon: float
    ) -> npt.NDArray[np.int64]:
        """
        Return how many days after the last order P(order) is no more than `bound`.

        It is the first such whole number of days if the person orders no more: 0 where P(order) is
        so low from the first day on, and FARTHEST where that is later still.
        """
        x, t_x = _floats(x, t_x)
        never = self.p_order(x, t_x, t_x, horizon) <= bound
        days = self._days_until(x, t_x, np.full(len(x), bound), horizon)
        return np.where(never, 0, days)

    def _days_until(
        self, x: Floats, t_x: Floats, bound: Floats, horizon: float
    ) -> npt.NDArray[np.int64]:
        """Return the first day, from 1 on, on which P(order) is at most `bound`, by bisection."""
        alike, back = _alike(x, t_x)
        target = np.empty(len(alike))
        target[back] = bound
        x, t_x = alike.real.copy(), alike.imag.copy()
        before = np.zeros(len(x), dtype=np.int64)
        reached = np.full(len(x), FARTHEST, dtype=np.int64)
        while (reached - before > 1).any():
            middle = (before + reached + 1) // 2
            fallen = self.p_order(x, t_x, t_x + middle, horizon) <= target
            reached = np.where(fallen, middle, reached)
            before = np.where(fallen, before, middle)
        return np.asarray(reached[back])


def fit(groups: Groups) -> BgNbd:
    """
    Return the most likely parameters, kept within sane ranges; NothingToFit for no groups.

    A wide normal prior on their logarithms, worth one member, decides what the members leave open:
    who only ever ordered once, or never drops out, tells no finite maximum.
    """
    if not len(groups.n):
        raise NothingToFit("a model needs at least one member with an order")
    likelihood = _Likelihood(groups)
    typical = np.log([1.0, max(1.0, float(np.average(groups.age, weights=groups.n))), 1.0, 1.0])
    tries = [
        minimize(
            likelihood.loss,
            np.clip(start + typical, *_BOUNDS.T),
            args=(typical,),
            method="L-BFGS-B",
            jac=True,
            bounds=_BOUNDS,
            options={"ftol": 1e-13, "gtol": 1e-9, "maxiter": 500},
        )
        for start in _STARTS
    ]
    best = min(tries, key=lambda found: float(found.fun))
    return BgNbd(*(float(value) for value in np.exp(best.x)))


def expected_after(groups: Groups, model: BgNbd, days: float) -> float:
    """Return the expected number of order days of all members within `days` of the cut-off."""
    return _dot(groups.n, model.expected_orders(groups.x, groups.t_x, groups.age, days))


class _Likelihood:
    """The log-likelihood and its gradient; what depends on x alone is taken once per x."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._members = float(groups.n.sum())
        self._x, back = np.unique(groups.x, return_inverse=True)
        self._n = np.bincount(back, weights=groups.n)

    def loss(self, logs: Floats, typical: Floats) -> tuple[float, Floats]:
        """Return the negative mean log-likelihood with the prior, and its gradient in logs."""
        parameters = np.exp(logs)
        value, slope = self.of(parameters)
        apart = (logs - typical) / _PRIOR_WIDTH
        loss = (0.5 * _dot(apart, apart) - value) / self._members
        return float(loss), (apart / _PRIOR_WIDTH - slope * parameters) / self._members

    def of(self, parameters: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient in (r, alpha, a, b)."""
        r, alpha, a, b = parameters
        x, n, total = self._x, self._n, self._members
        counts = gammaln(r + x) + gammaln(b + x) - gammaln(a + b + x)
        value = _dot(n, counts) + total * (
            gammaln(a + b) - gammaln(r) - gammaln(b) + r * np.log(alpha)
        )
        both = total * digamma(a + b) - _dot(n, digamma(a + b + x))
        of_r = _dot(n, digamma(r + x)) + total * (np.log(alpha) - digamma(r))
        of_b = _dot(n, digamma(b + x)) - total * digamma(b) + both

        times = self._groups
        bought = times.x > 0
        drops = b + np.maximum(times.x, 1) - 1
        now, then = np.log(alpha + times.age), np.log(alpha + times.t_x)
        alive = -(r + times.x) * now
        gone = np.where(bought, np.log(a / drops) - (r + times.x) * then, -np.inf)
        value += _dot(times.n, np.logaddexp(alive, gone))
        lost = times.n * expit(gone - alive)
        kept = times.n - lost
        slope = [
            of_r - _dot(kept, now) - _dot(lost, then),
            total * r / alpha
            - _dot(kept / (alpha + times.age) + lost / (alpha + times.t_x), r + times.x),
            both + lost.sum() / a,
            of_b - (lost / drops).sum(),
        ]
        return float(value), np.array(slope)


def _dot(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> float:
    """Return the inner product; BLAS would split it over threads, and its last digits with it."""
    return float((left * right).sum())


def _floats(*values: Numbers) -> tuple[Floats, ...]:
    return tuple(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values)


def _alike(x: Floats, days: Floats) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.intp]]:
    """Return the distinct pairs as complex numbers, and which of them each person has."""
    pairs, back = np.unique(x + 1j * days, return_inverse=True)
    return pairs, back


def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """
    Return nodes and weights of Gauss quadrature over Beta(a, b): a mean is `weights @ f(nodes)`.

    Golub, Welsch, "Calculation of Gauss Quadrature Rules", 1969, with the Jacobi recurrence.
    """
    k = np.arange(1.0, _NODES)
    s = 2 * k + a + b - 2
    middle = np.empty(_NODES)
    middle[0] = a / (a + b)
    middle[1:] = (1 + (a - b) * (a + b - 2) / (s * (s + 2))) / 2
    beside = k * (k + a - 1) * (k + b - 1) / s**2 / (s + 1)
    beside[0] = a * b / (a + b) ** 2 / (a + b + 1)
    beside[1:] *= (k + a + b - 2)[1:] / (s - 1)[1:]
    nodes, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    return np.maximum(nodes, np.finfo(float).tiny), vectors[0] ** 2
