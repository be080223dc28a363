"""The bench of facts and segments does all it says, however small the shop."""

import pytest

from bench.knowing.__main__ import measure

MEMBERS, ORDERS = 500, 5_000


@pytest.mark.soak
def test_days_have_the_changes_they_are_to_have_and_no_others() -> None:
    measured = measure(MEMBERS, ORDERS, thrice=False)
    assert measured.full.persons["rebuild facts"] == MEMBERS
    assert measured.full.persons["rebuild segments"] == MEMBERS
    for day in measured.days:
        assert (day.marked, day.due) == (5, 15)
        assert day.refreshed.persons["refresh facts"] == 5
        assert 10 <= day.refreshed.persons["turn the wheel"] <= 15
        assert day.refreshed.persons["rebuild facts"] == 0
        assert day.refreshed.persons["rebuild segments"] == 0
        assert day.written["person_facts"] == 10
    bounds = [figure.bound for figure in measured.figures() if figure.bound is not None]
    assert bounds == [10, 1]
