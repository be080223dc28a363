"""What operators are told of a budget is what the governor goes by."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.budget import Used, next_place, usage
from rules.quiet_hours import is_quiet

from rules.caps import violations
from schemas.planning import Slot, Span
from schemas.policy import Cap, Policy
from tests.rules.builders import SHANGHAI, capped, shanghai, slot, span, thoroughly

MONDAY = shanghai("2026-03-02 12:00")
CAPS = (Cap(window="day", max=1), Cap(rolling_hours=24, max=2), Cap(window="week", max=3))
DAY, ROLLING, WEEK = "calendar_day", "rolling_24h", "calendar_week"


@pytest.mark.parametrize(
    ("slots", "used"),
    [
        ([], [0, 0, 0]),
        ([slot(shanghai("2026-03-02 09:00"))], [1, 1, 1]),
        ([slot(shanghai("2026-03-01 13:00"))], [0, 1, 0]),
        ([slot(shanghai("2026-03-01 12:00"))], [0, 0, 0]),
        ([slot(shanghai("2026-03-02 18:00"), hours=48)], [1, 1, 1]),
        ([slot(shanghai("2026-03-05 09:00")), slot(shanghai("2026-03-02 00:00"))], [1, 1, 2]),
    ],
)
def test_each_cap_shows_what_counts_in_its_window_now(slots: list[Slot], used: list[int]) -> None:
    assert usage(slots, capped(*CAPS), SHANGHAI, MONDAY) == (
        Used(DAY, used[0], 1),
        Used(ROLLING, used[1], 2),
        Used(WEEK, used[2], 3),
    )


def test_the_gap_takes_no_place_in_a_cap() -> None:
    taken = usage([slot(MONDAY)], capped(CAPS[0], gap_hours=48), SHANGHAI, MONDAY)
    assert taken == (Used(DAY, 1, 1),)


@pytest.mark.parametrize(
    ("policy", "slots", "expected"),
    [
        (capped(CAPS[0]), [], "2026-03-02 12:00"),
        (capped(CAPS[0]), [slot(shanghai("2026-03-02 10:00"))], "2026-03-03 09:00"),
        (capped(gap_hours=48), [slot(shanghai("2026-03-02 10:00"))], "2026-03-04 10:00"),
        (
            # Out of the quiet hours it would meet the next one: the place is after that.
            capped(gap_hours=2),
            [slot(shanghai("2026-03-02 13:00"), hours=6), slot(shanghai("2026-03-03 10:00"))],
            "2026-03-03 12:00",
        ),
    ],
)
def test_the_next_place_is_awake_and_free(policy: Policy, slots: list[Slot], expected: str) -> None:
    until = MONDAY + timedelta(days=40)
    assert next_place(slots, policy, SHANGHAI, MONDAY, until=until) == shanghai(expected)


def test_without_a_place_before_the_end_there_is_none() -> None:
    taken = [slot(MONDAY)]
    end = MONDAY + timedelta(hours=47)
    assert next_place(taken, capped(gap_hours=48), SHANGHAI, MONDAY, until=end) is None


_SLOTS = st.lists(
    st.builds(
        lambda start, length: slot(MONDAY + timedelta(hours=start), length),
        st.integers(-200, 200),
        st.integers(0, 60),
    ),
    max_size=6,
)


@thoroughly
@given(_SLOTS)
def test_a_cap_holds_back_exactly_when_it_is_shown_as_full(slots: list[Slot]) -> None:
    policy = Policy(gap_hours=0)
    full = {one.window for one in usage(slots, policy, SHANGHAI, MONDAY) if one.used >= one.max}
    broken = violations(Span(MONDAY, MONDAY), slots, policy, SHANGHAI)
    assert full == {reason.numbers["window"] for reason in broken}


@thoroughly
@given(_SLOTS)
def test_the_next_place_breaks_no_rule(slots: list[Slot]) -> None:
    policy = Policy()
    until = MONDAY + timedelta(days=60)
    found = next_place(slots, policy, SHANGHAI, MONDAY, until=until)
    assert found is not None
    assert not is_quiet(found, SHANGHAI, policy.quiet_hours)
    assert violations(span(found), slots, policy, SHANGHAI) == ()
