"""When there is room again: told to the minute, and never later than need be."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.caps import Ask, Limits, frees_at
from rules.hours import Hours
from rules.places import first_place
from schemas.governing import Cap, Scope
from schemas.planning import Slot
from schemas.policy import Policy
from tests.rules.builders import (
    NEW_YORK,
    SHANGHAI,
    ask,
    broken_by,
    limits,
    local,
    shanghai,
    slot,
    thoroughly,
)
from tests.rules.ticks import DAY, at, crowded, first_fitting, hours, is_open, ticks_of

MONDAY = shanghai("2026-03-02T12:00")
DAILY = Cap(window="day", max=1)
NIGHTS = Hours(Policy(), SHANGHAI)


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (DAILY, "2026-03-04T00:00"),
        (Cap(window="week", max=1), "2026-03-09T00:00"),
        (Cap(window="month", max=1), "2026-04-01T00:00"),
        (Cap(rolling_hours=30, max=1), "2026-03-04T16:00"),
        (Cap(rolling_days=2, max=1), "2026-03-05T10:00"),
        (Cap(scope=Scope.SENDER, window="day", max=1), "2026-03-04T00:00"),
        (Cap(scope=Scope.SENDER, only=("LinXia",), window="day", max=1), "2026-03-03T12:00"),
    ],
)
def test_a_full_window_frees_where_the_next_begins(cap: Cap, expected: str) -> None:
    taken = [slot(shanghai("2026-03-03T10:00"))]
    asked = ask(shanghai("2026-03-03T12:00"), 2)
    until = shanghai("2026-06-01T00:00")
    assert frees_at(asked, taken, limits(cap), until=until) == shanghai(expected)


def test_a_month_that_is_full_to_its_last_day_frees_with_the_next() -> None:
    taken = [slot(shanghai(f"2026-02-{day:02}T10:00")) for day in range(1, 29)]
    asked, until = ask(shanghai("2026-02-28T11:00")), shanghai("2026-06-01T00:00")
    rules = limits(Cap(window="month", max="days"))
    assert frees_at(asked, taken, rules, until=until) == shanghai("2026-03-01T00:00")


def test_whoever_moved_is_free_with_the_next_day_of_their_own() -> None:
    """The slot was one of the third in Shanghai; in New York the fourth begins 13 hours later."""
    taken = [slot(shanghai("2026-03-03T10:00"), zone=SHANGHAI)]
    asked = ask(shanghai("2026-03-03T21:00"), zone=NEW_YORK)
    freed = frees_at(asked, taken, limits(DAILY), until=shanghai("2026-03-09T00:00"))
    assert freed == local(NEW_YORK, "2026-03-04T00:00")


def test_the_fourth_message_of_a_week_waits_for_the_week_not_for_three() -> None:
    """mautic PR#4761: "3 per week" postponed the fourth message by three weeks."""
    taken = [slot(shanghai(f"2026-03-0{day}T10:00")) for day in (2, 3, 4)]
    asked, until = ask(shanghai("2026-03-05T10:00")), shanghai("2026-04-01T00:00")
    three = limits(Cap(window="week", max=3), Cap(rolling_hours=168, max=3))
    assert frees_at(asked, taken, three, until=until) == shanghai("2026-03-09T10:00")


def test_what_frees_too_late_never_frees() -> None:
    taken, midnight = [slot(shanghai("2026-03-03T10:00"))], shanghai("2026-03-04T00:00")
    asked = ask(shanghai("2026-03-03T12:00"))
    assert frees_at(asked, taken, limits(DAILY), until=midnight) is None


@pytest.mark.parametrize("zero", [Cap(window="day", max=0), Cap(rolling_hours=24, max=0)])
def test_a_cap_of_zero_never_frees(zero: Cap) -> None:
    until = MONDAY + timedelta(days=400)
    assert frees_at(ask(MONDAY), [slot(MONDAY)], limits(zero), until=until) is None


def test_an_opening_that_is_long_past_is_not_promised() -> None:
    """Between an old and a recent message there was room once; what frees lies ahead."""
    taken = [slot(MONDAY - timedelta(days=20)), slot(MONDAY - timedelta(days=1))]
    rules = limits(*Policy().caps, gap_hours=48)
    told = frees_at(ask(MONDAY, 48), taken, rules, until=MONDAY + timedelta(days=3))
    assert told == MONDAY + timedelta(days=1)


@thoroughly
@given(crowded(after=DAY))
def test_the_first_opening_is_told_and_no_later_one(crowd: tuple[Ask, list[Slot], Limits]) -> None:
    asked, taken, rules = crowd
    now = ticks_of(asked.span)[0]
    until = now + 3 * DAY
    expected = first_fitting(asked, taken, rules, until, range(now, until))
    assert frees_at(asked, taken, rules, until=at(until)) == expected


@pytest.mark.parametrize(
    ("rules", "slots", "expected"),
    [
        (limits(DAILY), [], "2026-03-02 12:00"),
        (limits(DAILY), [slot(shanghai("2026-03-02 10:00"))], "2026-03-03 09:00"),
        (limits(gap_hours=48), [slot(shanghai("2026-03-02 10:00"))], "2026-03-04 10:00"),
        (
            # Out of the quiet hours it would meet the next one: the place is after that.
            limits(gap_hours=2),
            [slot(shanghai("2026-03-02 13:00"), hours=6), slot(shanghai("2026-03-03 10:00"))],
            "2026-03-03 12:00",
        ),
    ],
)
def test_the_next_place_is_awake_and_free(rules: Limits, slots: list[Slot], expected: str) -> None:
    until = MONDAY + timedelta(days=40)
    assert first_place(ask(MONDAY), slots, rules, NIGHTS, until=until) == shanghai(expected)


@pytest.mark.parametrize(
    "until",
    [MONDAY + timedelta(hours=47), MONDAY, MONDAY - timedelta(days=1)],
)
def test_without_a_place_before_the_end_there_is_none(until: datetime) -> None:
    rules = limits(gap_hours=48)
    assert first_place(ask(MONDAY), [slot(MONDAY)], rules, NIGHTS, until=until) is None


def test_what_ends_with_its_reason_meets_nothing_beyond_it() -> None:
    """Two days long it would reach the slot of Tuesday, but its reason is over on Monday."""
    tuesday, until = slot(shanghai("2026-03-03T08:00")), shanghai("2026-03-02T20:00")
    asked = ask(MONDAY, 48)
    assert first_place(asked, [tuesday], limits(DAILY), NIGHTS, until=until) == MONDAY
    assert first_place(asked, [tuesday], limits(DAILY), NIGHTS, until=tuesday.span.end) is None


def test_a_place_that_frees_in_the_last_night_is_none() -> None:
    until = shanghai("2026-03-03T06:00")
    assert first_place(ask(MONDAY), [slot(MONDAY)], limits(DAILY), NIGHTS, until=until) is None


@st.composite
def days(draw: st.DrawFn) -> tuple[Ask, list[Slot], Limits, Hours]:
    """Draw a crowd, and hours in the zone of whoever asks."""
    asked, taken, rules = draw(crowded(after=DAY))
    today = asked.span.start.date()
    return asked, taken, rules, Hours(Policy.model_validate(draw(hours(today))), asked.zone)


@thoroughly
@given(days())
def test_the_first_place_is_the_first_half_hour_that_is_open_and_fits(
    drawn: tuple[Ask, list[Slot], Limits, Hours],
) -> None:
    asked, taken, rules, told = drawn
    now = ticks_of(asked.span)[0]
    until = now + 3 * DAY
    opened = [tick for tick in range(now, until) if is_open(tick, told.policy, told.zone)]
    expected = first_fitting(asked, taken, rules, until, opened)
    assert first_place(asked, taken, rules, told, until=at(until)) == expected


@thoroughly
@given(days())
def test_the_first_place_breaks_no_rule(drawn: tuple[Ask, list[Slot], Limits, Hours]) -> None:
    asked, taken, rules, told = drawn
    until = asked.span.start + timedelta(days=40)
    place = first_place(asked, taken, rules, told, until=until)
    if place is not None:
        assert told.is_open(place)
        assert broken_by(asked.at(place, until), taken, rules) == ()
