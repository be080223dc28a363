"""Nobody is written to at night or on a holiday, wherever they live, whatever their clocks do."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.hours import AHEAD, Hours
from schemas.governing import QuietHours
from schemas.policy import Policy
from tests.rules.builders import LONDON, SHANGHAI, local, shanghai, thoroughly
from tests.rules.ticks import DAY, PLACES, at, hours, is_open, tick_of

NOON = QuietHours(start=time(12), end=time(14))
NEVER = QuietHours(start=time(9), end=time(9))
WEEK = timedelta(days=7)
NEW_YEAR = {"why": "Spring Festival", "first": "2026-02-16", "last": "2026-02-22"}
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}


def _hours(zone: ZoneInfo = SHANGHAI, **changed: Any) -> Hours:
    return Hours(Policy.model_validate(changed), zone)


@pytest.mark.parametrize(
    ("quiet", "clock", "expected"),
    [
        (QuietHours(), "20:29:59.999999", True),
        (QuietHours(), "20:30", False),
        (QuietHours(), "00:00", False),
        (QuietHours(), "08:59:59.999999", False),
        (QuietHours(), "09:00", True),
        (NOON, "11:59", True),
        (NOON, "12:00", False),
        (NOON, "13:59", False),
        (NOON, "14:00", True),
        (NEVER, "09:00", True),
        (NEVER, "03:00", True),
    ],
)
def test_the_start_is_quiet_and_the_end_is_not(
    quiet: QuietHours, clock: str, expected: bool
) -> None:
    assert _hours(quiet_hours=quiet).is_open(shanghai(f"2026-03-02T{clock}")) is expected


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("Asia/Shanghai", "2026-03-02T01:00", True),  # nine there
        ("Europe/London", "2026-03-02T01:00", False),
        ("Asia/Kolkata", "2026-03-02T03:29", False),
        ("Asia/Kolkata", "2026-03-02T03:30", True),
        ("Asia/Kathmandu", "2026-03-02T03:14", False),
        ("Asia/Kathmandu", "2026-03-02T03:15", True),
        ("Pacific/Kiritimati", "2026-03-01T19:00", True),
        ("Europe/London", "2026-03-28T08:30", False),
        ("Europe/London", "2026-03-29T08:00", True),  # the first summer morning
        ("America/New_York", "2026-11-01T13:59", False),  # the first winter morning
        ("America/New_York", "2026-11-01T14:00", True),
    ],
)
def test_the_hours_are_the_members_own(zone: str, instant: str, expected: bool) -> None:
    """A local schedule that ran in UTC sent nothing from nine to five (mautic#7665, #9769)."""
    assert _hours(ZoneInfo(zone)).is_open(local(ZoneInfo("UTC"), instant)) is expected


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes"),
    [
        ("Europe/London", "2026-03-27", "2026-03-27T09:00", "2026-03-27T17:00"),
        ("Europe/London", "2026-03-30", "2026-03-30T08:00", "2026-03-30T16:00"),
        ("Europe/London", "2026-10-26", "2026-10-26T09:00", "2026-10-26T17:00"),
        ("America/New_York", "2026-03-09", "2026-03-09T13:00", "2026-03-09T21:00"),
        ("Pacific/Kiritimati", "2026-03-02", "2026-03-01T19:00", "2026-03-02T03:00"),
        ("Asia/Kolkata", "2026-03-02", "2026-03-02T03:30", "2026-03-02T11:30"),
    ],
)
def test_a_nine_to_five_window_sends_from_nine_to_five(
    zone: str, day: str, opens: str, closes: str
) -> None:
    """mautic#9769: a window from nine to five sent nothing; #7665: its zone was not the local."""
    own = ZoneInfo(zone)
    office = _hours(own, open_hours=[OFFICE])
    midnight, utc = local(own, f"{day}T00:00"), ZoneInfo("UTC")
    opened = office.opens(midnight, midnight + WEEK)
    assert opened == local(utc, opens)
    assert office.closes(opened, midnight + WEEK) == local(utc, closes)


def test_open_hours_hold_on_their_weekdays_only() -> None:
    office = _hours(open_hours=[OFFICE, {"days": ["sat"], "start": "10:00", "end": "12:00"}])
    friday = shanghai("2026-03-06T17:00")
    assert office.opens(friday, friday + WEEK) == shanghai("2026-03-07T10:00")
    saturday = shanghai("2026-03-07T12:00")
    assert office.opens(saturday, saturday + WEEK) == shanghai("2026-03-09T09:00")


def test_quiet_hours_hold_within_open_ones() -> None:
    """All rules hold together, the strictest wins (peers.md, section 4, pitfall 8)."""
    late = _hours(open_hours=[{"start": "08:00", "end": "23:00"}])
    morning = shanghai("2026-03-02T08:00")
    assert late.opens(morning, morning + WEEK) == shanghai("2026-03-02T09:00")
    assert late.closes(shanghai("2026-03-02T09:00"), morning + WEEK) == shanghai("2026-03-02T20:30")


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2026-02-15T20:29", True),
        ("2026-02-16T09:00", False),
        ("2026-02-22T20:29", False),
        ("2026-02-23T09:00", True),
    ],
)
def test_a_holiday_is_closed_from_its_first_day_to_its_last(clock: str, expected: bool) -> None:
    assert _hours(holidays=[NEW_YEAR]).is_open(shanghai(clock)) is expected


def test_a_holiday_is_a_date_of_the_persons_own() -> None:
    """It ends in Kiritimati while New York still has a day of it before it."""
    ends = {"quiet_hours": NEVER, "holidays": [NEW_YEAR]}
    at_noon = datetime(2026, 2, 22, 12, tzinfo=UTC)
    assert _hours(ZoneInfo("Pacific/Kiritimati"), **ends).is_open(at_noon)
    assert not _hours(ZoneInfo("America/New_York"), **ends).is_open(at_noon)


def test_after_a_holiday_the_first_morning_is_told() -> None:
    closed = _hours(holidays=[NEW_YEAR])
    eve = shanghai("2026-02-15T21:00")
    assert closed.opens(eve, eve + AHEAD) == shanghai("2026-02-23T09:00")


def test_a_holiday_closes_at_midnight_where_there_is_no_night() -> None:
    closed = _hours(quiet_hours=NEVER, holidays=[NEW_YEAR])
    eve = shanghai("2026-02-15T21:00")
    assert closed.closes(eve, eve + WEEK) == shanghai("2026-02-16T00:00")


def test_hours_that_never_open_promise_nothing() -> None:
    all_night = {"start": "20:00", "end": "20:30"}
    never = _hours(open_hours=[all_night], quiet_hours={"start": "20:00", "end": "09:00"})
    now = shanghai("2026-03-02T10:00")
    assert never.opens(now, now + AHEAD) is None


@pytest.mark.parametrize(
    ("clock", "until", "expected"),
    [
        ("2026-03-02T21:00", "2026-03-03T09:00", None),  # over as it opens
        ("2026-03-02T21:00", "2026-03-03T09:01", "2026-03-03T09:00"),
        ("2026-03-02T10:00", "2026-03-02T10:00", None),
        ("2026-03-02T10:00", "2026-03-02T10:01", "2026-03-02T10:00"),
    ],
)
def test_what_opens_too_late_never_opens(clock: str, until: str, expected: str | None) -> None:
    told = _hours().opens(shanghai(clock), shanghai(until))
    assert told == (None if expected is None else shanghai(expected))


def test_hours_close_no_later_than_is_asked() -> None:
    noon = shanghai("2026-03-02T12:00")
    for until in (noon, noon + timedelta(hours=3)):
        assert _hours().closes(noon, until) == until
        assert _hours(quiet_hours=NEVER).closes(noon, until) == until


@pytest.mark.parametrize(
    ("at_first", "expected"),
    [
        ("2026-03-02T12:00", "2026-03-02T20:30"),
        ("2026-03-02T20:29", "2026-03-02T20:30"),
        ("2026-03-03T09:00", "2026-03-03T20:30"),
    ],
)
def test_the_next_quiet_hours_begin_later_than_now(at_first: str, expected: str) -> None:
    now = shanghai(at_first)
    assert _hours().closes(now, now + WEEK) == shanghai(expected)


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        ("2026-03-02T09:00", "2026-03-02T09:00"),
        ("2026-03-02T11:00", "2026-03-02T11:00"),
        ("2026-03-02T21:00", "2026-03-03T09:00"),
        ("2026-03-03T08:59:59.999999", "2026-03-03T09:00"),
    ],
)
def test_what_falls_due_at_night_waits_for_its_end(due: str, sent: str) -> None:
    now = shanghai(due)
    assert _hours().opens(now, now + WEEK) == shanghai(sent)


def test_quiet_hours_that_begin_in_a_skipped_hour_begin_with_the_jump() -> None:
    """London goes from 01:00 to 02:00; at 02:00 clocks show a time past 01:30."""
    quiet = _hours(LONDON, quiet_hours=QuietHours(start=time(1, 30), end=time(9)))
    now = local(LONDON, "2026-03-29T00:15")
    assert quiet.closes(now, now + WEEK) == local(LONDON, "2026-03-29T02:00")


def test_quiet_hours_that_end_in_a_skipped_hour_end_with_the_jump() -> None:
    quiet = _hours(LONDON, quiet_hours=QuietHours(start=time(20), end=time(1, 30)))
    now = local(LONDON, "2026-03-29T00:15")
    assert quiet.opens(now, now + WEEK) == local(LONDON, "2026-03-29T02:00")


def test_an_hour_shown_twice_is_met_twice() -> None:
    now = local(LONDON, "2026-10-25T01:10", fold=1)
    begins = _hours(LONDON, quiet_hours=QuietHours(start=time(1, 30), end=time(9)))
    assert begins.closes(now, now + WEEK) == local(LONDON, "2026-10-25T01:30", fold=1)
    ends = _hours(LONDON, quiet_hours=QuietHours(start=time(20), end=time(1, 30)))
    assert ends.opens(now, now + WEEK) == local(LONDON, "2026-10-25T01:30", fold=1)


def test_clocks_that_are_put_back_lead_into_the_night_again() -> None:
    """London was awake at 01:30, and is back in its quiet hours at 01:00 half an hour later."""
    quiet = _hours(LONDON, quiet_hours=QuietHours(start=time(20), end=time(1, 30)))
    now = local(LONDON, "2026-10-25T01:45")
    assert quiet.is_open(now)
    assert quiet.closes(now, now + WEEK) == local(LONDON, "2026-10-25T01:00", fold=1)


def test_clocks_that_are_put_back_lead_out_of_the_night_again() -> None:
    quiet = _hours(LONDON, quiet_hours=QuietHours(start=time(1, 30), end=time(9)))
    now = local(LONDON, "2026-10-25T01:45")
    assert quiet.opens(now, now + WEEK) == local(LONDON, "2026-10-25T01:00", fold=1)


Moment = tuple[int, Hours]


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    """Draw a half-hour near a hard day, and any hours in that zone."""
    zone, day = draw(st.sampled_from(PLACES))
    tick = tick_of(day) + draw(st.integers(min_value=-2 * DAY, max_value=DAY))
    return tick, Hours(Policy.model_validate(draw(hours(day))), zone)


@thoroughly
@given(moments())
def test_open_is_what_no_rule_closes(moment: Moment) -> None:
    tick, told = moment
    for later in range(tick, tick + DAY):
        assert told.is_open(at(later)) is is_open(later, told.policy, told.zone)


@thoroughly
@given(moments())
def test_the_first_half_hour_that_is_open_is_when_they_open(moment: Moment) -> None:
    tick, told = moment
    opened = (later for later in range(tick, tick + 3 * DAY) if told.is_open(at(later)))
    first = next(opened, None)
    expected = None if first is None else at(first)
    assert told.opens(at(tick), at(tick + 3 * DAY)) == expected


@thoroughly
@given(moments())
def test_the_first_half_hour_that_is_not_open_is_when_they_close(moment: Moment) -> None:
    start, told = moment
    tick = next((one for one in range(start, start + DAY) if told.is_open(at(one))), None)
    assume(tick is not None)
    assert tick is not None
    closed = (later for later in range(tick + 1, tick + 3 * DAY) if not told.is_open(at(later)))
    assert told.closes(at(tick), at(tick + 3 * DAY)) == at(next(closed, tick + 3 * DAY))


@thoroughly
@given(moments(), st.integers(min_value=1, max_value=30 * 60 - 1))
def test_within_a_half_hour_the_same_holds_and_the_next_change_is_the_same(
    moment: Moment, seconds: int
) -> None:
    tick, told = moment
    inside, until = at(tick) + timedelta(seconds=seconds), at(tick + 3 * DAY)
    assert told.is_open(inside) is told.is_open(at(tick))
    expected = inside if told.is_open(inside) else told.opens(at(tick), until)
    assert told.opens(inside, until) == expected


@thoroughly
@given(moments())
def test_an_instant_opens_alike_in_whatever_zone_it_is_told(moment: Moment) -> None:
    tick, told = moment
    until = at(tick + 3 * DAY)
    opened = told.opens(at(tick).astimezone(LONDON), until)
    assert (opened and opened.astimezone(UTC)) == told.opens(at(tick), until)
