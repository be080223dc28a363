"""The methods compared: scores of members, by nothing but what lies before a cut-off."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import rankdata
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

from rules.bgnbd import Groups, fit
from rules.past import Floats, Past, ordered
from rules.scores import forecast

Method = Callable[[pl.DataFrame, Past, int], Floats]

_QUINTILES = 5


def ours(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return the combined score."""
    return _numbers(forecast(days, past.cut_off, horizon).expected["p_order"])


def recency(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return who ordered last, first."""
    del days, horizon
    return -past.silence


def frequency(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return who ordered most often, first."""
    del days, horizon
    return past.x


def rfm(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return the sum of the quintiles of recency, frequency and money."""
    del days, horizon
    parts = (-past.silence, past.x, _money(past))
    return np.asarray(sum(np.ceil(rankdata(part) / len(past) * _QUINTILES) for part in parts))


def bg_nbd(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return the probability of an order by BG/NBD alone."""
    del days
    model = fit(Groups.of(past.members, past.cut_off))
    return model.p_order(past.x, past.t_x, past.age, horizon)


def boosting(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return gradient boosting on RFM and cycle, learned at the last closed window."""
    rows, labels, now = _last_window(days, past, horizon)
    learner = GradientBoostingClassifier(random_state=0)
    learner.fit(np.nan_to_num(rows, nan=-1), labels)
    return np.asarray(learner.predict_proba(np.nan_to_num(now, nan=-1))[:, 1])


def hist_boosting(days: pl.DataFrame, past: Past, horizon: int) -> Floats:
    """Return the same by scikit-learn's histogram boosting."""
    rows, labels, now = _last_window(days, past, horizon)
    learner = HistGradientBoostingClassifier(random_state=0).fit(rows, labels)
    return np.asarray(learner.predict_proba(now)[:, 1])


METHODS: dict[str, Method] = {
    "runwu": ours,
    "recency": recency,
    "frequency": frequency,
    "RFM quintiles": rfm,
    "BG/NBD": bg_nbd,
    "gradient boosting": boosting,
    "hist. boosting": hist_boosting,
}


def _last_window(days: pl.DataFrame, past: Past, horizon: int) -> tuple[Floats, Floats, Floats]:
    earlier: date = past.cut_off - timedelta(days=horizon)
    before = Past.of(days, earlier)
    return _cycle(before), ordered(days, before, horizon), _cycle(past)


def _cycle(past: Past) -> Floats:
    """Return recency, frequency, money, tenure, median gap, its spread, and how overdue it is."""
    median, spread = past.column("gap_median"), past.column("gap_spread")
    overdue = past.silence / np.maximum(median, 1)
    parts = (past.silence, past.x + 1, _money(past), past.age, median, spread, overdue)
    return np.stack(parts, axis=1)


def _money(past: Past) -> Floats:
    return np.asarray(np.bincount(past.owner, past.amount, len(past)), dtype=np.float64)


def _numbers(column: pl.Series) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)
