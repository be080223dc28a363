"""What everybody's gaps say about one member."""

from datetime import timedelta

import numpy as np
import pytest

from rules.crowd import Crowd
from rules.past import Past
from tests.rules.order_days import OPENED, days

WEEKLY = [range(0, 100, 7) for _ in range(200)]


def _crowd(*histories: object) -> Crowd:
    return Crowd.of(Past.of(days(*histories), OPENED + timedelta(days=100)))  # type: ignore[arg-type] # ranges and lists


def test_where_all_come_weekly_a_silence_of_five_days_ends_within_a_week() -> None:
    crowd = _crowd(*WEEKLY)
    many = np.array([9.0])
    soon = crowd.p_order(many, np.array([5.0]), 7)[0]
    assert soon > 0.4
    assert soon > 3 * crowd.p_order(many, np.array([40.0]), 7)[0]


def test_the_loyal_are_not_taken_for_those_who_came_once() -> None:
    crowd = _crowd(*WEEKLY, *([day % 90] for day in range(400)))
    silence = np.array([6.0, 6.0])
    once, often = crowd.p_order(np.array([0.0, 9.0]), silence, 7)
    assert once < often


def test_a_silence_longer_than_any_seen_expects_no_more_than_is_known() -> None:
    p = _crowd(*WEEKLY).p_order(np.array([0.0]), np.array([5_000.0]), 30)
    assert p[0] == 0


def test_the_share_of_shorter_gaps_is_that_of_the_log() -> None:
    crowd = _crowd(*WEEKLY)
    below = crowd.share_below(np.log([2.0, 7.0, 30.0]))
    assert below[0] < 0.01
    assert below[1] == pytest.approx(0.5, abs=0.02)
    assert below[2] > 0.99


def test_without_a_second_order_there_are_no_gaps() -> None:
    crowd = _crowd([1], [2])
    assert crowd.share_below(np.array([3.0])).tolist() == [0]
    assert crowd.p_order(np.array([0.0]), np.array([9.0]), 30).tolist() == [0]
