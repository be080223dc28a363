"""What tells who orders next: a row of numbers per member, from nothing but their past."""

from collections.abc import Sequence

import numpy as np
from scipy.special import logit, ndtr

from rules.bgnbd import BgNbd
from rules.cadence import regularity
from rules.crowd import Crowd
from rules.past import Floats, Past

NAMES = (
    "bg_nbd",
    "alive",
    "crowd",
    "own_rhythm",
    "own_rhythm_missed",
    "not_overdue",
    "regularity",
    "regular_bg_nbd",
    "regular_rhythm",
    "regular_missed",
    "regular_overdue",
    "orders_30",
    "orders_60",
    "orders_120",
    "orders_a_year_ago",
    "silence",
    "order_days",
    "age",
    "money_per_day",
)
"""The columns of `features`. P(order) and shares are log odds; counts, days and money are logs."""

_YEAR = 365
_AROUND = 10
"""Days by which a yearly order may stray."""

_LEAST_SHARE = 1e-4
_RECENT_GAPS = 12
_FADING = 0.9
_SOON, _MISSED = (1.0,), (1.0, 0.25, 0.08)
_WIDE, _NARROW = 0.15, 0.1


def features(past: Past, crowd: Crowd, model: BgNbd, horizon: int) -> Floats:
    """Return the columns NAMES for the members of a past, about the `horizon` days to come."""
    x, silence, age = past.x, past.silence, past.age
    bg_nbd = log_odds(model.p_order(x, past.t_x, age, horizon))
    soon, left = own_rhythm(past, crowd, horizon, _WIDE, _SOON)
    missed, _ = own_rhythm(past, crowd, horizon, _NARROW, _MISSED)
    own, with_missed = log_odds(soon), log_odds(missed)
    regular = past.members.select(regularity()).to_series().to_numpy()
    cycle = np.maximum(np.nan_to_num(past.column("gap_median"), nan=np.inf), 1.0)
    overdue = np.log(np.maximum(silence / cycle, 1.0))
    columns = (
        bg_nbd,
        log_odds(model.p_alive(x, past.t_x, age)),
        log_odds(crowd.p_order(x, silence, horizon)),
        own,
        with_missed,
        np.log(np.clip(left, 1e-3, 1.0)),
        regular,
        regular * bg_nbd,
        regular * own,
        regular * with_missed,
        regular * overdue,
        *(np.log1p(past.count(past.now - days, past.now)) for days in (30, 60, 120)),
        _a_year_ago(past, crowd, horizon),
        np.log1p(silence),
        np.log(x + 1),
        np.log(age),
        _money(past),
    )
    return np.stack(columns, axis=1)


def log_odds(share: Floats) -> Floats:
    """Return logarithms of odds, kept away from certainty."""
    return np.asarray(logit(np.clip(share, _LEAST_SHARE, 1 - _LEAST_SHARE)))


def own_rhythm(
    past: Past, crowd: Crowd, horizon: int, width: float, echoes: Sequence[float]
) -> tuple[Floats, Floats]:
    """
    Return P(the next gap ends within `horizon` days | it has not yet), and P(it has not yet).

    A kernel estimate on the logarithms of a member's latest gaps, the later the heavier, mixed with
    one gap's worth of everybody's. `echoes` weighs the gap itself, twice the gap (a visit was
    missed), and so on.
    """
    silence = past.silence
    now, then = np.log(np.maximum(silence - 1, 0.5)), np.log(silence - 1 + horizon)
    owner = past.owner[1:]
    later = past.x[owner] - past.number[1:]
    gaps = (owner == past.owner[:-1]) & (later < _RECENT_GAPS)
    owner, weight = owner[gaps], _FADING ** later[gaps]
    length = np.log(np.diff(past.day)[gaps])
    ends, lasts = np.zeros(len(past)), np.zeros(len(past))
    for times, share in enumerate(echoes, start=1):
        gap = length + np.log(times)
        before, within = (ndtr((day[owner] - gap) / width) for day in (now, then))
        ends += np.bincount(owner, share * weight * (within - before), len(past))
        lasts += np.bincount(owner, share * weight * (1 - before), len(past))
    seen = np.bincount(owner, sum(echoes) * weight, len(past))
    all_before, all_within = crowd.share_below(now), crowd.share_below(then)
    ends += all_within - all_before
    lasts += 1 - all_before
    return ends / (lasts + 1e-3), lasts / (seen + 1)


def _a_year_ago(past: Past, crowd: Crowd, horizon: int) -> Floats:
    """Return how many orders lie a year before the days to come; 0 if the past is too short."""
    first = past.now - _YEAR - _AROUND
    if crowd.began > first:
        return np.zeros(len(past))
    return np.log1p(past.count(first, past.now - _YEAR + horizon + _AROUND))


def _money(past: Past) -> Floats:
    spent = np.bincount(past.owner, np.maximum(past.amount, 0), len(past))
    return np.asarray(np.log1p(spent / (past.x + 1)))
