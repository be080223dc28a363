"""The bench of replays does all it says, however few the days."""

import pytest

from bench.replaying.__main__ import measure

DAYS, CANDIDATES = 4, 400


@pytest.mark.soak
def test_by_the_same_rules_nothing_is_decided_otherwise() -> None:
    measured = measure(DAYS, CANDIDATES)
    assert measured.same.otherwise == 0
    assert measured.other.otherwise > 0
    assert measured.same.candidates == measured.other.candidates
    assert measured.same.candidates == pytest.approx(DAYS * CANDIDATES, rel=0.1)
    bounds = [figure.bound for figure in measured.figures() if figure.bound is not None]
    assert bounds == [0, pytest.approx(66.7, abs=0.1), 10, 600]
