"""Caps and the gap: whatever instant an employee picks, nothing goes over."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from rules.caps import frees_at, violations
from schemas.policy import Cap, Policy
from tests.rules.builders import (
    LONDON,
    NEW_YORK,
    SHANGHAI,
    capped,
    local,
    shanghai,
    slot,
    span,
    thoroughly,
)
from tests.rules.ticks import DAY, at, crowded, fits, slots_of, span_of

Crowd = tuple[range, list[range], Policy, ZoneInfo]

DAILY, WEEKLY, MONTHLY = (
    Cap(window="day", max=1),
    Cap(window="week", max=1),
    Cap(window="month", max=1),
)
ROLLING = Cap(rolling_hours=24, max=1)


@pytest.mark.parametrize(
    ("cap", "taken", "asked", "fitting"),
    [
        (DAILY, "2026-03-02T10:00", "2026-03-02T20:00", False),
        (DAILY, "2026-03-02T23:59", "2026-03-03T00:00", True),
        (WEEKLY, "2026-03-02T10:00", "2026-03-08T23:59", False),
        (WEEKLY, "2026-03-08T23:59", "2026-03-09T00:00", True),
        (WEEKLY, "2026-12-31T12:00", "2027-01-03T12:00", False),  # one ISO week, two years
        (WEEKLY, "2027-01-03T12:00", "2027-01-04T12:00", True),
        (MONTHLY, "2026-02-01T10:00", "2026-02-28T23:59", False),
        (MONTHLY, "2026-02-28T23:59", "2026-03-01T00:00", True),
        (MONTHLY, "2025-03-15T10:00", "2026-03-15T10:00", True),
        (ROLLING, "2026-03-02T10:00", "2026-03-03T09:59", False),
        (ROLLING, "2026-03-02T10:00", "2026-03-03T10:00", True),
        (ROLLING, "2026-03-03T10:00", "2026-03-02T10:00", True),
        (ROLLING, "2026-03-03T10:00", "2026-03-02T10:01", False),  # one already planned for later
    ],
)
def test_a_window_holds_no_more_than_its_cap(
    cap: Cap, taken: str, asked: str, fitting: bool
) -> None:
    broken = violations(span(shanghai(asked)), [slot(shanghai(taken))], capped(cap), SHANGHAI)
    assert (not broken) is fitting


@pytest.mark.parametrize(
    ("zone", "taken", "asked", "fitting"),
    [
        ("Asia/Shanghai", "2026-03-02T15:59+00:00", "2026-03-02T16:00+00:00", True),
        ("Europe/London", "2026-03-02T15:59+00:00", "2026-03-02T16:00+00:00", False),
        ("Asia/Kolkata", "2026-03-02T18:29+00:00", "2026-03-02T18:30+00:00", True),
        ("Pacific/Kiritimati", "2026-03-02T09:59+00:00", "2026-03-02T10:00+00:00", True),
        ("Europe/London", "2026-03-29T00:00+00:00", "2026-03-29T22:59+00:00", False),
        ("Europe/London", "2026-03-29T22:59+00:00", "2026-03-29T23:00+00:00", True),  # 23 hours
        ("Europe/London", "2026-10-24T23:00+00:00", "2026-10-25T23:59+00:00", False),  # 25 hours
        ("America/New_York", "2026-11-01T04:00+00:00", "2026-11-02T04:59+00:00", False),
        ("America/New_York", "2026-03-08T05:00+00:00", "2026-03-09T04:00+00:00", True),
    ],
)
def test_calendar_days_are_the_members_own(
    zone: str, taken: str, asked: str, fitting: bool
) -> None:
    utc = ZoneInfo("UTC")
    taken_slot = slot(local(utc, taken[:16]))
    broken = violations(span(local(utc, asked[:16])), [taken_slot], capped(DAILY), ZoneInfo(zone))
    assert (not broken) is fitting


def test_a_gap_fixes_midnight_doubling() -> None:
    """23:00 then 00:00 is legal under one per day (Braze), yet no break for the member."""
    late, early = slot(shanghai("2026-03-02T23:00")), span(shanghai("2026-03-03T00:00"))
    assert not violations(early, [late], capped(DAILY), SHANGHAI)
    (gap,) = violations(early, [late], capped(DAILY, gap_hours=12), SHANGHAI)
    assert (gap.rule, gap.numbers) == ("gap", {"hours": 12, "beside": [1]})


def test_a_calendar_cap_need_not_mask_the_next_morning() -> None:
    """A rolling day hid the next morning's event (PostHog PR#55433); a calendar day does not."""
    first, next_morning = slot(shanghai("2026-03-02T10:00")), span(shanghai("2026-03-03T09:00"))
    assert not violations(next_morning, [first], capped(DAILY), SHANGHAI)
    assert violations(next_morning, [first], capped(ROLLING), SHANGHAI)


def test_a_late_confirmation_breaks_nothing() -> None:
    """An open slot counts in every window its span touches, to its very end."""
    open_slot = slot(shanghai("2026-03-02T10:00"), hours=48)
    for hours in (0, 24, 47, 61):
        asked = span(shanghai("2026-03-02T10:00") + timedelta(hours=hours))
        assert violations(asked, [open_slot], capped(DAILY), SHANGHAI)
    assert not violations(span(shanghai("2026-03-05T00:00")), [open_slot], capped(DAILY), SHANGHAI)


def test_a_span_counts_in_every_window_it_touches_itself() -> None:
    tomorrow = slot(shanghai("2026-03-03T12:00"))
    assert violations(span(shanghai("2026-03-02T09:00"), 24), [tomorrow], capped(DAILY), SHANGHAI)
    assert not violations(
        span(shanghai("2026-03-02T09:00"), 14), [tomorrow], capped(DAILY), SHANGHAI
    )


def test_a_gap_of_zero_hours_is_no_gap() -> None:
    """Zero and unset are told apart (mautic#10416): no gap holds nobody back."""
    now = shanghai("2026-03-02T10:00")
    assert not violations(span(now), [slot(now)], capped(gap_hours=0), SHANGHAI)


@pytest.mark.parametrize(("minutes", "fitting"), [(47 * 60 + 59, False), (48 * 60, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_gap_is_kept_on_both_sides(sign: int, minutes: int, fitting: bool) -> None:
    now = shanghai("2026-03-12T10:00")
    other = slot(now + sign * timedelta(minutes=minutes))
    assert (not violations(span(now), [other], capped(gap_hours=48), SHANGHAI)) is fitting


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK])
def test_hours_are_real_hours_when_clocks_change(zone: ZoneInfo) -> None:
    day = "2026-03-29" if zone is LONDON else "2026-03-08"
    before = local(zone, f"{day}T00:00")
    one_short = local(zone, f"{day}T23:59")  # 22:59 later: the clocks were put forward
    assert violations(span(one_short), [slot(before)], capped(gap_hours=23), zone)
    assert not violations(span(one_short), [slot(before)], capped(gap_hours=22), zone)


def test_every_broken_rule_is_told_with_its_numbers() -> None:
    """All rules hold together, and the strictest wins; whoever asks why is told all of it."""
    taken = [slot(shanghai("2026-03-02T10:00"), candidate=4)]
    policy = capped(DAILY, ROLLING, MONTHLY, Cap(window="week", max=2), gap_hours=48)
    told = violations(span(shanghai("2026-03-02T18:00")), taken, policy, SHANGHAI)
    assert [(one.rule, *one.numbers.values()) for one in told] == [
        ("gap", 48, [4]),
        ("cap", "calendar_day", 1, 1),
        ("cap", "rolling_24h", 1, 1),
        ("cap", "calendar_month", 1, 1),
    ]


def test_no_rules_hold_nobody_back() -> None:
    now = shanghai("2026-03-02T10:00")
    assert not violations(span(now), [slot(now)] * 9, capped(), SHANGHAI)


@thoroughly
@given(crowded())
def test_a_span_fits_exactly_when_no_choice_of_instants_breaks_a_rule(crowd: Crowd) -> None:
    mine, taken, policy, zone = crowd
    broken = violations(span_of(mine), slots_of(taken), policy, zone)
    assert (not broken) is fits(mine, taken, policy, zone)


@thoroughly
@given(crowded())
def test_the_order_of_slots_does_not_matter(crowd: Crowd) -> None:
    mine, taken, policy, zone = crowd
    told = violations(span_of(mine), slots_of(taken), policy, zone)
    again = violations(span_of(mine), slots_of(taken)[::-1], policy, zone)
    assert {one.rule for one in told} == {one.rule for one in again}
    assert len(told) == len(again)


@thoroughly
@given(crowded(after=DAY))
def test_the_first_opening_is_told_and_no_later_one(crowd: Crowd) -> None:
    mine, taken, policy, zone = crowd
    until = mine[0] + 4 * DAY
    openings = (
        start
        for start in range(mine[0], until)
        if fits(range(start, start + len(mine)), taken, policy, zone)
    )
    first = next(openings, None)
    told = frees_at(span_of(mine), slots_of(taken), policy, zone, until=at(until))
    assert told == (None if first is None else at(first))


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        (DAILY, "2026-03-04T00:00"),
        (WEEKLY, "2026-03-09T00:00"),
        (MONTHLY, "2026-04-01T00:00"),
        (Cap(rolling_hours=30, max=1), "2026-03-04T16:00"),
    ],
)
def test_a_full_window_frees_where_the_next_begins(cap: Cap, expected: str) -> None:
    taken = [slot(shanghai("2026-03-03T10:00"))]
    asked = span(shanghai("2026-03-03T12:00"), 2)
    until = shanghai("2026-06-01T00:00")
    assert frees_at(asked, taken, capped(cap), SHANGHAI, until=until) == shanghai(expected)


def test_the_fourth_message_of_a_week_waits_for_the_week_not_for_three() -> None:
    """mautic PR#4761: "3 per week" postponed the fourth message by three weeks."""
    taken = [slot(shanghai(f"2026-03-0{day}T10:00")) for day in (2, 3, 4)]
    asked = span(shanghai("2026-03-05T10:00"))
    policy = capped(Cap(window="week", max=3), Cap(rolling_hours=168, max=3))
    until = shanghai("2026-04-01T00:00")
    assert frees_at(asked, taken, policy, SHANGHAI, until=until) == shanghai("2026-03-09T10:00")


def test_what_frees_too_late_never_frees() -> None:
    taken = [slot(shanghai("2026-03-03T10:00"))]
    asked, midnight = span(shanghai("2026-03-03T12:00")), shanghai("2026-03-04T00:00")
    assert frees_at(asked, taken, capped(DAILY), SHANGHAI, until=midnight) is None


def test_an_opening_that_is_long_past_is_not_promised() -> None:
    """Between an old and a recent message there was room once; what frees lies ahead."""
    now = shanghai("2026-03-22T10:00")
    taken = [slot(now - timedelta(days=20)), slot(now - timedelta(days=1))]
    until = now + timedelta(days=3)
    told = frees_at(span(now, 48), taken, Policy(), SHANGHAI, until=until)
    assert told == now + timedelta(days=1)


def test_two_in_every_window_still_leave_a_third_out() -> None:
    taken = [slot(shanghai("2026-03-02T10:00")), slot(shanghai("2026-03-03T10:00"))]
    asked = span(shanghai("2026-03-03T20:00"))
    two = capped(Cap(rolling_hours=48, max=2))
    (told,) = violations(asked, taken, two, SHANGHAI)
    assert told.numbers == {"window": "rolling_48h", "used": 2, "max": 2}
