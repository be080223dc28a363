"""What is told of members before they are scored."""

from datetime import timedelta

import numpy as np
import pytest

from rules.bgnbd import BgNbd
from rules.crowd import Crowd
from rules.features import NAMES, features, own_rhythm
from rules.past import Floats, Past
from tests.rules.order_days import OPENED, days, shop

MODEL = BgNbd(0.8, 40.0, 0.5, 3.0)


def _past(*histories: object, at: int = 100) -> Past:
    return Past.of(days(*histories), OPENED + timedelta(days=at))  # type: ignore[arg-type] # ranges and lists


def _column(name: str, past: Past, horizon: int = 30) -> Floats:
    rows = features(past, Crowd.of(past), MODEL, horizon)
    return np.asarray(rows[:, NAMES.index(name)])


def test_every_name_has_a_finite_column() -> None:
    past = Past.of(shop(), OPENED + timedelta(days=200))
    rows = features(past, Crowd.of(past), MODEL, 30)
    assert rows.shape == (len(past), len(NAMES))
    assert np.isfinite(rows).all()


def test_slices_are_told_the_same_as_the_whole() -> None:
    past = Past.of(shop(), OPENED + timedelta(days=200))
    crowd = Crowd.of(past)
    parts = [features(part, crowd, MODEL, 7) for part in past.slices(97)]
    assert np.concatenate(parts) == pytest.approx(features(past, crowd, MODEL, 7))


def test_a_monthly_buyer_is_due_after_four_weeks_and_not_before() -> None:
    monthly = [0, 30, 60]
    soon, late = (
        own_rhythm(past, Crowd.of(past), 7, 0.1, (1.0,))[0][0]
        for past in (_past(monthly, at=66), _past(monthly, at=87))
    )
    assert soon < 0.1
    assert late > 0.6


def test_who_skipped_a_visit_is_expected_at_the_next() -> None:
    past = _past([0, 20, 40, 60], at=97)
    crowd = Crowd.of(past)
    once, _ = own_rhythm(past, crowd, 7, 0.05, (1.0,))
    echoed, _ = own_rhythm(past, crowd, 7, 0.05, (1.0, 0.25))
    assert echoed[0] > once[0]


def test_a_gap_that_is_over_leaves_little_hope() -> None:
    past = _past([0, 7, 14, 21, 28], range(0, 99, 7))
    left = _column("not_overdue", past)
    assert left[0] < left[1]


def test_orders_a_year_ago_count_once_there_is_a_year() -> None:
    histories = ([0, 20], [10, 300])
    assert _column("orders_a_year_ago", _past(*histories, at=380)).tolist() == pytest.approx(
        [np.log(2), np.log(2)]
    )
    assert _column("orders_a_year_ago", _past(*histories, at=320)).tolist() == [0, 0]


def test_money_is_per_day_and_never_negative() -> None:
    log = days([0, 5], amount=-3.0)
    past = Past.of(log, OPENED + timedelta(days=9))
    assert _column("money_per_day", past).tolist() == [0]
