"""The marks of a ranking, and the shops that rankings are tried on."""

import numpy as np
import pytest

from bench.predict.marks import auc, precision_at, reliability
from bench.predict.shops import shops

CAME = np.array([1.0, 1.0, 0.0, 0.0])


def test_a_perfect_ranking_and_its_reverse_have_the_extreme_marks() -> None:
    best = np.array([4.0, 3.0, 2.0, 1.0])
    assert auc(best, CAME) == 1
    assert auc(-best, CAME) == 0
    assert precision_at(0.5, best, CAME) == 1
    assert precision_at(0.5, -best, CAME) == 0


def test_ties_are_scored_in_expectation() -> None:
    alike = np.zeros(4)
    assert auc(alike, CAME) == 0.5
    assert precision_at(0.25, alike, CAME) == 0.5
    assert precision_at(0.5, np.array([2.0, 1.0, 1.0, 1.0]), CAME) == pytest.approx(2 / 3)


def test_at_least_one_member_is_in_the_best() -> None:
    assert precision_at(0.01, np.array([3.0, 2.0, 1.0, 0.0]), CAME) == 1


def test_reliability_compares_what_was_said_with_what_came() -> None:
    said, came = reliability(np.array([0.9, 0.1, 0.8, 0.2]), np.array([1.0, 0, 1, 0]), bins=2)
    assert said.tolist() == pytest.approx([0.15, 0.85])
    assert came.tolist() == [0, 1]


def test_the_shops_are_the_same_each_time_and_fit_to_be_scored() -> None:
    for one, other in zip(shops(), shops(), strict=True):
        assert one.days.equals(other.days)
        assert one.days.equals(one.days.unique(["member", "on"]).sort("member", "on"))
        for cut_off in one.cut_offs:
            assert one.days["on"].min() < cut_off < one.days["on"].max()  # type: ignore[operator] # dates
