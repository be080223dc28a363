"""How regularly a person buys, and when the next order is due."""

from datetime import date, timedelta
from itertools import accumulate
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.rhythm import due_window, is_regular, rhythm
from schemas.planning import DueWindow, Rhythm
from schemas.policy import Policy

FIRST = date(2026, 1, 5)
POLICY = Policy()
GAPS = st.lists(st.integers(min_value=1, max_value=200), max_size=12)
POLICIES = st.builds(
    Policy,
    regular_gaps=st.integers(min_value=2, max_value=4),
    regular_spread=st.floats(min_value=0.01, max_value=2),
    due_lead_days=st.integers(min_value=0, max_value=30),
    due_overrun=st.floats(min_value=1, max_value=3),
)


def _days(gaps: list[int]) -> list[date]:
    return [FIRST + timedelta(days=days) for days in accumulate(gaps, initial=0)]


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], Rhythm((), None, None)),
        ([14], Rhythm((14,), 14, 0)),
        ([14, 14, 14], Rhythm((14, 14, 14), 14, 0)),
        ([14, 15], Rhythm((14, 15), 14.5, 0.5)),
        ([14, 14, 60, 13], Rhythm((14, 14, 60, 13), 14, 0.5)),  # one holiday changes little
    ],
)
def test_the_rhythm_is_the_median_gap_and_its_spread(gaps: list[int], expected: Rhythm) -> None:
    assert rhythm(_days(gaps)) == expected


def test_nobody_who_never_ordered_has_a_rhythm() -> None:
    assert rhythm([]) == Rhythm((), None, None)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], False),
        ([14, 14], False),  # twice may be chance
        ([14, 14, 14], True),
        ([10, 14, 20], True),  # spread 4 of 14
        ([7, 14, 30], False),  # spread 7 of 14
        ([1, 90, 2, 80], False),
    ],
)
def test_only_a_steady_rhythm_is_spoken_of(gaps: list[int], expected: bool) -> None:
    assert is_regular(rhythm(_days(gaps)), POLICY) is expected


@pytest.mark.parametrize(("spread", "expected"), [(7, True), (7.5, False)])
def test_the_widest_spread_allowed_is_still_regular(spread: float, expected: bool) -> None:
    policy = Policy(regular_spread=0.5)
    assert is_regular(Rhythm((14, 14, 14), 14, spread), policy) is expected


@pytest.mark.parametrize(
    ("median_gap", "lead", "overrun", "opens", "closes"),
    [
        (14, 2, 1.3, 12, 18),
        (14.5, 2, 1.3, 13, 18),  # half a day is not yet due
        (30, 2, 1.3, 28, 39),
        (14, 0, 1.0, 14, 14),
        (1, 2, 1.3, 1, 1),  # never on the day of the order itself
        (1.5, 0, 1.0, 2, 2),  # never closed before it opens
    ],
)
def test_a_window_opens_a_little_early_and_closes_when_the_reason_is_gone(
    median_gap: float, lead: int, overrun: float, opens: int, closes: int
) -> None:
    policy = Policy(due_lead_days=lead, due_overrun=overrun)
    person = Rhythm((1, 1, 1), median_gap, 0)
    expected = DueWindow(FIRST + timedelta(days=opens), FIRST + timedelta(days=closes))
    assert due_window(person, FIRST, policy) == expected


@pytest.mark.parametrize("gaps", [[], [14], [1, 90, 2, 80]])
def test_nobody_irregular_is_ever_due(gaps: list[int]) -> None:
    assert due_window(rhythm(_days(gaps)), FIRST, POLICY) is None


@given(GAPS)
def test_the_gaps_tell_the_days(gaps: list[int]) -> None:
    person = rhythm(_days(gaps))
    assert list(person.gaps) == gaps
    assert person.median == (median(gaps) if gaps else None)


@given(GAPS, POLICIES)
def test_a_due_window_lies_after_the_last_order(gaps: list[int], policy: Policy) -> None:
    days = _days(gaps)
    window = due_window(rhythm(days), days[-1], policy)
    assert (window is None) is not is_regular(rhythm(days), policy)
    if window is not None:
        assert days[-1] < window.opens <= window.closes
