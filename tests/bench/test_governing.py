"""The bench of the governor decides all that it says it decides, however small the town."""

import pytest

from bench.governing.__main__ import measure


@pytest.mark.soak
def test_every_candidate_of_the_morning_is_decided_once_and_written_again() -> None:
    measured = measure(2_000, naive_members=20)
    assert measured.rows["decision"] == measured.town.candidates == 1_000
    assert 0 < measured.rows["message"] == measured.rows["ledger"] < measured.town.asked == 600
    assert measured.naive > 0
    assert [one.bound for one in measured.figures() if one.bound is not None] == [50, 400]
