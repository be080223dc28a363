"""
Who orders in the days to come: BG/NBD, corrected by what earlier cut-offs of the same log taught.

Nothing on or after the cut-off is looked at: the correction is learned where the `horizon` days
after an earlier cut-off are over, and it stays close to BG/NBD where such labels are few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import polars as pl
from scipy.special import expit

from rules.bgnbd import BgNbd, Groups, fit
from rules.crowd import Crowd
from rules.features import features, log_odds
from rules.learner import Level, Weights, learn, level, season
from rules.past import Floats, Past, ordered
from schemas.policy import PopulationTerms

LEAST_LABELS = 100
"""Orders, and silences, that earlier cut-offs must have shown before anything is learned."""

LEAST_DAYS_BEFORE = 42
"""Days of history that an earlier cut-off must have behind it."""

_FOLDS = 8
_FADING = 0.9
_SAMPLE = 30_000
_SLICE = 200_000
_WEEK = 7
_YEAR = 365
_LEAST_WINDOW = 28
"""Days that a recalibration looks at; shorter windows are put together, for chance weighs less."""

_HALF_LIFE = 90.0


class Method(StrEnum):
    """How probabilities were found, the best first."""

    COMBINED = "combined"
    BG_NBD = "bg_nbd"
    RECENCY_FREQUENCY = "recency_frequency"


@dataclass(frozen=True, eq=False)
class Forecast:
    """
    What to expect of each member, sorted by `member`, and how it was found.

    `expected` adds member, p_order, expected_orders and p_alive; `shift` is what the last closed
    window and the season added to all log odds; `why` says what kept a better method from use.
    """

    expected: pl.DataFrame
    past: Past
    method: Method
    why: str | None
    model: BgNbd | None
    shift: float


@dataclass(frozen=True, eq=False)
class Scorer:
    """BG/NBD and what was learned on top of it, for one horizon."""

    model: BgNbd
    horizon: int
    weights: Weights | None = None
    shift: float = 0.0

    def log_odds(self, past: Past, crowd: Crowd) -> Floats:
        """Return the log odds of an order within the horizon."""
        if self.weights is None:
            believed = self.model.p_order(past.x, past.t_x, past.age, self.horizon)
            return log_odds(believed) + self.shift
        rows = features(past, crowd, self.model, self.horizon)
        return rows[:, 0] + self.weights.added(rows) + self.shift


@dataclass(frozen=True, eq=False)
class _Fold:
    """An earlier cut-off, and who ordered within the horizon after it."""

    past: Past
    crowd: Crowd
    labels: Floats


def forecast(
    days: pl.DataFrame, cut_off: date, horizon: int, terms: PopulationTerms | None = None
) -> Forecast:
    """
    Return what to expect in the `horizon` days from the cut-off on, of whoever ordered before it.

    `days` has member, on (Date) and amount, a row per member and day, sorted by both. The result
    for a member does not depend on how rows were ordered before that. There must be at least one
    row before the cut-off.
    """
    past = Past.of(days, cut_off)
    reason = _too_short(past, terms or PopulationTerms())
    if reason is not None:
        expected = _by_recency_and_frequency(past, horizon)
        return Forecast(expected, past, Method.RECENCY_FREQUENCY, reason, None, 0.0)
    model = fit(Groups.of(past.members, cut_off))
    sample = _sample(days, past)
    scorer, reason = train(sample, cut_off, model, horizon)
    crowd = Crowd.of(Past.of(sample, cut_off))
    expected = pl.concat(_expected(part, scorer, crowd) for part in past.slices(_SLICE))
    method = Method.BG_NBD if scorer.weights is None else Method.COMBINED
    return Forecast(expected, past, method, reason, model, scorer.shift)


def train(
    days: pl.DataFrame, cut_off: date, model: BgNbd, horizon: int
) -> tuple[Scorer, str | None]:
    """Return a scorer for a cut-off, and why it is BG/NBD alone, if it is."""
    step = max(_WEEK, horizon // 3)
    closed = range(max(_WEEK, horizon), max(_WEEK, horizon) + _FOLDS * step, step)
    folds = _folds(days, closed, cut_off, horizon)
    orders = sum(float(fold.labels.sum()) for fold in folds)
    silences = sum(len(fold.labels) for fold in folds) - orders
    if min(orders, silences) < LEAST_LABELS:
        weights = None
        reason = (
            f"earlier windows of {horizon} days show {orders:.0f} orders and {silences:.0f} "
            f"silences; learning takes {LEAST_LABELS} of each"
        )
    else:
        weights, reason = _learned(folds, model, horizon), None
    scorer = Scorer(model, horizon, weights)
    return replace(scorer, shift=_shift(days, cut_off, scorer, folds)), reason


def _too_short(past: Past, terms: PopulationTerms) -> str | None:
    buyers = int((past.x > 0).sum())
    length = int(past.age.max())
    if buyers < terms.repeat_buyers:
        return f"{buyers} members ordered again; BG/NBD takes {terms.repeat_buyers}"
    if length < terms.history_days:
        return f"the log begins {length} days before; BG/NBD takes {terms.history_days}"
    return None


def _sample(days: pl.DataFrame, past: Past) -> pl.DataFrame:
    """Return the days before the cut-off of so many members, evenly spread over their ids."""
    before = days.filter(pl.col("on") < past.cut_off)
    if len(past) <= _SAMPLE:
        return before
    chosen = past.members["member"].gather(np.linspace(0, len(past) - 1, _SAMPLE).astype(np.int64))
    return before.filter(pl.col("member").is_in(chosen.implode()))


def _learned(folds: Sequence[_Fold], model: BgNbd, horizon: int) -> Weights:
    rows = np.concatenate([features(fold.past, fold.crowd, model, horizon) for fold in folds])
    labels = np.concatenate([fold.labels for fold in folds])
    fading = [np.full(len(fold.labels), _FADING**back) for back, fold in enumerate(folds)]
    return learn(rows, rows[:, 0], labels, np.concatenate(fading))


def _folds(days: pl.DataFrame, offsets: Iterable[int], cut_off: date, horizon: int) -> list[_Fold]:
    """Return cut-offs so many days before this one, up to the first with too little before it."""
    first: date = days.select(pl.col("on").min()).item()
    folds = []
    for offset in offsets:
        at = cut_off - timedelta(days=offset)
        if (at - first).days < LEAST_DAYS_BEFORE:
            break
        past = Past.of(days, at)
        folds.append(_Fold(past, Crowd.of(past), ordered(days, past, horizon)))
    return folds


def _shift(days: pl.DataFrame, cut_off: date, scorer: Scorer, folds: Sequence[_Fold]) -> float:
    """Return how much the last closed windows, and the season, lift or lower everybody."""
    several = -(-_LEAST_WINDOW // scorer.horizon)
    latest = folds[:several]
    if not latest:
        return 0.0
    return _level(scorer, latest).added + season(
        *(
            _level(scorer, _folds(days, offsets, cut_off, scorer.horizon))
            for offsets in _a_year_ago(len(latest), scorer.horizon)
        )
    )


def _a_year_ago(several: int, horizon: int) -> tuple[list[int], list[int]]:
    """Return how many days ago windows began around the same days last year, and before them."""
    same = [_YEAR + _WEEK * (number - several // 2) for number in range(several)]
    before = [_YEAR + max(_WEEK, horizon) + _WEEK * number for number in range(several)]
    return same, before


def _level(scorer: Scorer, folds: Sequence[_Fold]) -> Level:
    if not folds:
        return Level(0.0, 0.0)
    odds = [scorer.log_odds(fold.past, fold.crowd) for fold in folds]
    return level(np.concatenate(odds), np.concatenate([fold.labels for fold in folds]))


def _expected(past: Past, scorer: Scorer, crowd: Crowd) -> pl.DataFrame:
    """
    Return what to expect of members.

    Of whoever orders at all, as many orders are expected as BG/NBD would.
    """
    p_order = expit(scorer.log_odds(past, crowd))
    numbers = past.x, past.t_x, past.age
    believed = scorer.model.p_order(*numbers, scorer.horizon)
    orders = scorer.model.expected_orders(*numbers, scorer.horizon)
    each = np.maximum(orders / np.maximum(believed, 1e-12), 1.0)
    return past.members.select(
        "member",
        p_order=pl.Series(p_order),
        expected_orders=pl.Series(p_order * each),
        p_alive=pl.Series(scorer.model.p_alive(*numbers)),
    )


def _by_recency_and_frequency(past: Past, horizon: int) -> pl.DataFrame:
    """
    Return what to expect from rates alone.

    A member's rate is mixed with everybody's, which counts as much as one order does, and its
    chance to last halves with every 90 days of silence, or three gaps at that rate where they are
    longer.
    """
    everybody = (past.x.sum() + 1) / past.age.sum()
    rate = (past.x + 1) / (past.age + 1 / everybody)
    alive = 0.5 ** (past.silence / np.maximum(_HALF_LIFE, 3 / rate))
    return past.members.select(
        "member",
        p_order=pl.Series(-np.expm1(-rate * horizon) * alive),
        expected_orders=pl.Series(rate * horizon * alive),
        p_alive=pl.Series(alive),
    )
