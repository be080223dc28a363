"""A belief, and how far labels move it."""

import numpy as np
import pytest
from scipy.special import expit

from rules.learner import Level, learn, level, season


def _told(many: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    rows = np.column_stack([rng.normal(size=many), np.full(many, 5.0)])
    belief = rng.normal(-1, 1, many)
    labels = (rng.random(many) < expit(belief + 0.5 + rows[:, 0])).astype(float)
    return rows, belief, labels


def test_many_labels_move_the_belief_to_the_truth() -> None:
    rows, belief, labels = _told(40_000)
    added = learn(rows, belief, labels, np.ones(len(labels))).added(rows)
    assert added == pytest.approx(0.5 + rows[:, 0], abs=0.25)


def test_few_labels_hardly_move_it() -> None:
    rows, belief, labels = _told(20)
    assert abs(learn(rows, belief, labels, np.ones(20)).slopes).max() < 0.5


def test_a_column_that_never_differs_weighs_nothing() -> None:
    rows, belief, labels = _told(500)
    weights = learn(rows, belief, labels, np.ones(500))
    assert weights.slopes[1] == 0
    other = rows.copy()
    other[:, 1] = 900
    assert weights.added(other) == pytest.approx(weights.added(rows))


def test_as_many_are_expected_as_came() -> None:
    odds = np.linspace(-4, 1, 5_000)
    labels = (np.arange(5_000) % 3 == 0).astype(float)
    added = level(odds, labels).added
    assert expit(odds + added).mean() == pytest.approx(labels.mean(), abs=1e-3)


def test_a_handful_lifts_nobody_by_much() -> None:
    assert 0 < level(np.array([-2.0]), np.array([1.0])).added < 0.3
    assert level(np.zeros(0), np.zeros(0)) == Level(0.0, 0.0)


def test_a_season_is_what_the_same_days_had_over_those_before() -> None:
    lifted = season(Level(0.6, 1e6), Level(0.1, 1e6))
    assert 0.3 < lifted < 0.5
    assert season(Level(0.6, 10.0), Level(0.1, 10.0)) < lifted / 2
    assert season(Level(0.6, 10.0), Level(0.0, 0.0)) == 0
