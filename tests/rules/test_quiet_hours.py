"""Nobody is written to at night, wherever they live and whatever their clocks do."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.quiet_hours import is_quiet, next_allowed, next_quiet, wait_to_send

from schemas.policy import QuietHours
from tests.rules.builders import HARD_DAYS, LONDON, SHANGHAI, local, shanghai, thoroughly

Find = Callable[[datetime, ZoneInfo, QuietHours], datetime | None]

MINUTE = timedelta(minutes=1)
NIGHT = QuietHours()
NOON = QuietHours(start=time(12), end=time(14))
NEVER = QuietHours(start=time(9), end=time(9))

# Clocks change between midnight and four; quiet hours that begin or end there have their own tests.
EDGES = st.integers(min_value=8, max_value=47).map(lambda half: time(half // 2, half % 2 * 30))
NIGHTS = st.builds(QuietHours, start=EDGES, end=EDGES)


@st.composite
def moments(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    zone, day = draw(st.sampled_from(HARD_DAYS))
    minutes = draw(st.integers(min_value=-2880, max_value=2880))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes * MINUTE, zone


def _quiet_minutes(quiet: QuietHours) -> set[int]:
    """Return the minutes of a day one passes when walking from the start to the end."""
    minute, end = (edge.hour * 60 + edge.minute for edge in (quiet.start, quiet.end))
    passed = set()
    while minute != end:
        passed.add(minute)
        minute = (minute + 1) % (24 * 60)
    return passed


@pytest.mark.parametrize(
    ("quiet", "clock", "expected"),
    [
        (NIGHT, "20:29:59.999999", False),
        (NIGHT, "20:30", True),
        (NIGHT, "00:00", True),
        (NIGHT, "08:59:59.999999", True),
        (NIGHT, "09:00", False),
        (NOON, "11:59", False),
        (NOON, "12:00", True),
        (NOON, "13:59", True),
        (NOON, "14:00", False),
        (NEVER, "09:00", False),
        (NEVER, "03:00", False),
    ],
)
def test_the_start_is_quiet_and_the_end_is_not(
    quiet: QuietHours, clock: str, expected: bool
) -> None:
    assert is_quiet(shanghai(f"2026-03-02T{clock}"), SHANGHAI, quiet) is expected


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("Asia/Shanghai", "2026-03-02T01:00", False),  # nine there
        ("Europe/London", "2026-03-02T01:00", True),
        ("Asia/Kolkata", "2026-03-02T03:29", True),
        ("Asia/Kolkata", "2026-03-02T03:30", False),
        ("Pacific/Kiritimati", "2026-03-01T19:00", False),
        ("Europe/London", "2026-03-28T08:30", True),
        ("Europe/London", "2026-03-29T08:00", False),  # the first summer morning
        ("America/New_York", "2026-11-01T13:59", True),  # the first winter morning
        ("America/New_York", "2026-11-01T14:00", False),
    ],
)
def test_the_hours_are_the_members_own(zone: str, instant: str, expected: bool) -> None:
    """A local schedule that ran in UTC sent nothing from nine to five (mautic#7665, #9769)."""
    at = local(ZoneInfo("UTC"), instant)
    assert is_quiet(at, ZoneInfo(zone), NIGHT) is expected


@thoroughly
@given(moments(), NIGHTS)
def test_quiet_is_what_lies_between_the_edges(
    moment: tuple[datetime, ZoneInfo], quiet: QuietHours
) -> None:
    at, zone = moment
    clock = at.astimezone(zone)
    assert is_quiet(at, zone, quiet) is (clock.hour * 60 + clock.minute in _quiet_minutes(quiet))


@thoroughly
@given(moments(), NIGHTS)
def test_the_first_minute_that_is_not_quiet_is_the_next_allowed(
    moment: tuple[datetime, ZoneInfo], quiet: QuietHours
) -> None:
    at, zone = moment
    expected = at
    while is_quiet(expected, zone, quiet):
        expected += MINUTE
    assert next_allowed(at, zone, quiet) == expected


@thoroughly
@given(moments(), NIGHTS)
def test_no_minute_before_the_next_quiet_hours_is_quiet(
    moment: tuple[datetime, ZoneInfo], quiet: QuietHours
) -> None:
    at, zone = moment
    start = next_quiet(at, zone, quiet)
    if start is None:
        assert quiet.start == quiet.end
    elif not is_quiet(at, zone, quiet):
        between = range((start - at) // MINUTE)
        assert not any(is_quiet(at + minute * MINUTE, zone, quiet) for minute in between)
        assert is_quiet(start, zone, quiet)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T12:00", "2026-03-02T20:30"),
        ("2026-03-02T20:30", "2026-03-03T20:30"),
        ("2026-03-02T23:00", "2026-03-03T20:30"),
    ],
)
def test_the_next_quiet_hours_begin_later_than_now(at: str, expected: str) -> None:
    assert next_quiet(shanghai(at), SHANGHAI, NIGHT) == shanghai(expected)


def test_without_quiet_hours_every_moment_will_do() -> None:
    at = shanghai("2026-03-02T03:00")
    assert next_allowed(at, SHANGHAI, NEVER) == at
    assert next_quiet(at, SHANGHAI, NEVER) is None


def test_quiet_hours_that_begin_in_a_skipped_hour_begin_with_the_jump() -> None:
    """London goes from 01:00 to 02:00; at 02:00 clocks show a time past 01:30."""
    quiet = QuietHours(start=time(1, 30), end=time(9))
    at = local(LONDON, "2026-03-29T00:15")
    assert next_quiet(at, LONDON, quiet) == local(LONDON, "2026-03-29T02:00")


def test_quiet_hours_that_end_in_a_skipped_hour_end_with_the_jump() -> None:
    quiet = QuietHours(start=time(20), end=time(1, 30))
    at = local(LONDON, "2026-03-29T00:15")
    assert next_allowed(at, LONDON, quiet) == local(LONDON, "2026-03-29T02:00")


@pytest.mark.parametrize(
    ("quiet", "find"),
    [
        (QuietHours(start=time(1, 30), end=time(9)), next_quiet),
        (QuietHours(start=time(20), end=time(1, 30)), next_allowed),
    ],
)
def test_an_hour_shown_twice_is_met_twice(quiet: QuietHours, find: Find) -> None:
    at = local(LONDON, "2026-10-25T01:10", fold=1)
    assert find(at, LONDON, quiet) == local(LONDON, "2026-10-25T01:30", fold=1)


@pytest.mark.parametrize(
    ("approved", "due", "sent"),
    [
        ("2026-03-02T07:30", "2026-03-02T09:00", "2026-03-02T09:00"),
        ("2026-03-02T11:00", "2026-03-02T09:00", "2026-03-02T11:00"),
        ("2026-03-02T21:00", "2026-03-02T09:00", "2026-03-03T09:00"),
    ],
)
def test_what_is_approved_waits_for_its_hour_and_for_the_end_of_the_night(
    approved: str, due: str, sent: str
) -> None:
    at = shanghai(approved)
    assert at + wait_to_send(at, shanghai(due), SHANGHAI, QuietHours()) == shanghai(sent)
