"""The last look before a message goes out, and what whoever asks why is shown."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.governor import Governor
from schemas.enums import Category, Verdict
from schemas.governing import Blackout, Cap, Dates, PersonalBudget, QuietHours, Scope
from schemas.planning import Contact, Planned, Recheck, Slot, Span
from schemas.policy import Policy
from tests.rules.builders import (
    LONDON,
    NEW_YORK,
    SHANGHAI,
    ask,
    broken_by,
    capped,
    case,
    contender,
    limits,
    local,
    shanghai,
    slot,
    thoroughly,
)

MORNING = shanghai("2026-03-02T10:00")
POLICY = Policy()
CONTACT = Contact("external-1", "ChenYu")
PLANNED = Planned(
    "scene1",
    Category.MARKETING,
    "wecom",
    CONTACT,
    Span(shanghai("2026-03-02T09:00"), shanghai("2026-03-04T09:00")),
)
NEVER = QuietHours(start=datetime.min.time(), end=datetime.min.time())


def _recheck(
    as_of: datetime = MORNING, policy: Policy = POLICY, planned: Planned = PLANNED, **changed: Any
) -> Recheck:
    return Governor(policy, as_of).recheck(case(**changed), planned)


@pytest.mark.parametrize(
    ("clock", "changed", "expected"),
    [
        ("2026-03-02T10:00", {}, []),
        ("2026-03-02T08:00", {}, []),  # it will wait for nine
        ("2026-03-02T10:00", {"consent": False}, ["no_consent"]),
        ("2026-03-02T10:00", {"contact": None}, ["no_contact"]),
        ("2026-03-02T10:00", {"contact": Contact("external-1", "LinXia")}, ["contact_changed"]),
        ("2026-03-02T10:00", {"contact": Contact("external-2", "ChenYu")}, ["contact_changed"]),
        ("2026-03-02T10:00", {"unanswered": 3}, ["silence", "personal"]),
        ("2026-03-02T10:00", {"suppressed": "deleted"}, ["suppressed"]),
        ("2026-03-02T10:00", {"slots": (slot(MORNING),)}, ["gap", "cap", "cap"]),
        ("2026-03-02T10:00", {"ordered_at": MORNING}, ["after_order"]),
        ("2026-03-02T10:00", {"complained_at": MORNING}, ["complaint"]),
        ("2026-03-02T10:00", {"zone": None}, ["unknown_zone"]),
        ("2026-03-04T08:59", {}, ["window_over"]),
        ("2026-03-04T08:59", {"minor": True}, ["minor", "window_over"]),
    ],
)
def test_what_has_changed_since_the_plan_still_forbids_sending(
    clock: str, changed: dict[str, Any], expected: list[str]
) -> None:
    """Only the last look counts: a draft may wait for days (peers.md, section 4, pitfall 2)."""
    budget = PersonalBudget(start=3, least=0, most=4)
    policy = POLICY.model_copy(update={"personal": budget})
    told = _recheck(shanghai(clock), policy, **changed)
    assert [one.rule for one in told.reasons] == expected
    assert (told.span is None) is bool(expected)


@pytest.mark.parametrize(
    ("clock", "window_until", "start", "end"),
    [
        ("2026-03-02T10:00", "2026-03-02T18:00", "2026-03-02T10:00", "2026-03-02T18:00"),
        ("2026-03-02T10:00", "2026-03-04T10:00", "2026-03-02T10:00", "2026-03-02T20:30"),
        ("2026-03-01T12:00", "2026-03-04T10:00", "2026-03-02T09:00", "2026-03-02T20:30"),
        ("2026-03-02T21:00", "2026-03-03T09:01", "2026-03-03T09:00", "2026-03-03T09:01"),
    ],
)
def test_no_open_task_reaches_into_the_night(
    clock: str, window_until: str, start: str, end: str
) -> None:
    window = Span(PLANNED.span.start, shanghai(window_until))
    told = _recheck(shanghai(clock), planned=replace(PLANNED, span=window))
    assert told == Recheck((), Span(shanghai(start), shanghai(end)))


def test_a_task_of_a_day_before_a_holiday_ends_with_the_day() -> None:
    feast = Dates(why="a feast", first=date(2026, 3, 3), last=date(2026, 3, 3))
    told = _recheck(policy=capped(quiet_hours=NEVER, holidays=(feast,)))
    assert told.span == Span(MORNING, shanghai("2026-03-03T00:00"))


def test_without_nights_a_task_stays_open_to_its_windows_end() -> None:
    told = _recheck(policy=capped(quiet_hours=NEVER))
    assert told.span == Span(MORNING, PLANNED.span.end)


def test_whoever_has_moved_is_reached_in_the_hours_of_where_they_are_now() -> None:
    """Ten in Shanghai is nine in the evening in New York: it waits for their morning."""
    told = _recheck(zone=NEW_YORK)
    morning, evening = (local(NEW_YORK, f"2026-03-02T{clock}") for clock in ("09:00", "20:30"))
    assert told == Recheck((), Span(morning, evening))


def test_a_blackout_since_the_plan_stops_what_was_approved() -> None:
    flood = Blackout(why="a flood", first=date(2026, 3, 2), last=date(2026, 3, 2))
    told = _recheck(policy=capped(blackouts=(flood,)))
    assert [one.rule for one in told.reasons] == ["blackout"]
    order = replace(PLANNED, category=Category.TRANSACTIONAL)
    assert _recheck(policy=capped(blackouts=(flood,)), planned=order).span is not None


def test_an_order_is_told_whatever_else_was_said() -> None:
    """mautic#6729, at the last look too: neither caps nor the gap hold back what is not capped."""
    order = replace(PLANNED, category=Category.TRANSACTIONAL)
    told = _recheck(planned=order, slots=(slot(MORNING),) * 9, unanswered=9, ordered_at=MORNING)
    assert told.reasons == ()


def test_what_is_overdue_does_not_go_out_after_all() -> None:
    """An overdue campaign fired after a restore (listmonk#1801)."""
    late = _recheck(PLANNED.span.end + timedelta(days=30))
    assert [one.rule for one in late.reasons] == ["window_over"]


def test_a_span_is_the_same_in_whatever_zone_the_clock_is_told() -> None:
    now = local(LONDON, "2026-10-25T00:30")
    window = replace(PLANNED, span=Span(now, now + timedelta(days=2)))
    told, again = (
        Governor(POLICY, clock).recheck(case(zone=LONDON), window)
        for clock in (now, now.astimezone(LONDON))
    )
    assert told.span is not None
    assert again.span is not None
    assert (again.span.start, again.span.end) == (told.span.start, told.span.end)


def test_what_is_decided_is_allowed_a_moment_later() -> None:
    person = case(contender(1, MORNING + timedelta(days=3)))
    (won,) = Governor(POLICY, MORNING).decide(person)
    assert won.verdict is Verdict.WON
    assert won.span is not None
    later = Governor(POLICY, MORNING + timedelta(hours=1))
    assert later.recheck(person, replace(PLANNED, span=won.span)).reasons == ()


CAPS = (Cap(window="day", max=1), Cap(rolling_hours=24, max=2), Cap(window="week", max=3))
NOON = shanghai("2026-03-02T12:00")


@pytest.mark.parametrize(
    ("slots", "used"),
    [
        ([], [0, 0, 0]),
        ([slot(shanghai("2026-03-02 09:00"))], [1, 1, 1]),
        ([slot(shanghai("2026-03-01 13:00"))], [0, 1, 0]),
        ([slot(shanghai("2026-03-01 12:00"))], [0, 0, 0]),
        ([slot(shanghai("2026-03-02 18:00"), hours=48)], [1, 1, 1]),
        ([slot(shanghai("2026-03-05 09:00")), slot(shanghai("2026-03-02 00:00"))], [1, 1, 2]),
        ([slot(NOON, category=Category.TRANSACTIONAL)], [0, 0, 0]),
    ],
)
def test_each_cap_shows_what_counts_in_its_window_now(slots: list[Slot], used: list[int]) -> None:
    room = Governor(capped(*CAPS), NOON).room("wecom", case(slots=tuple(slots)), NOON)
    assert [(one.window, one.used, one.max) for one in room.caps] == [
        ("calendar_day", used[0], 1),
        ("rolling_24h", used[1], 2),
        ("calendar_week", used[2], 3),
    ]


def test_only_the_caps_of_what_would_be_sent_are_shown() -> None:
    named = (
        Cap(scope=Scope.SENDER, window="day", max=5),
        Cap(scope=Scope.SENDER, only=("LinXia",), window="day", max=1),
        Cap(scope=Scope.CATEGORY, only=("care",), window="day", max=1),
    )
    room = Governor(capped(*named), NOON).room("wecom", case(), NOON)
    assert [(one.scope, one.of) for one in room.caps] == [(Scope.SENDER, "ChenYu")]
    nobody = Governor(capped(*named), NOON).room("wecom", case(contact=None), NOON)
    assert [one.of for one in nobody.caps] == [""]


def test_room_shows_the_personal_budget_the_gap_and_the_next_place() -> None:
    taken = (slot(NOON - timedelta(days=1), answered=False),)
    until = NOON + timedelta(days=40)
    room = Governor(POLICY, NOON).room("wecom", case(slots=taken, unanswered=1), until)
    assert (room.personal.window, room.personal.used, room.personal.max) == ("rolling_720h", 1, 2)
    assert room.gap_hours == 72
    assert room.next_place == NOON + timedelta(days=2)


def test_room_waits_for_an_order_to_be_two_days_old() -> None:
    until = NOON + timedelta(days=40)
    room = Governor(POLICY, NOON).room("wecom", case(ordered_at=NOON - timedelta(hours=1)), until)
    assert room.next_place == NOON + timedelta(hours=47)


def test_without_a_zone_there_is_no_room_to_show() -> None:
    with pytest.raises(ValueError, match="no day to count in"):
        Governor(POLICY, NOON).room("wecom", case(zone=None), NOON)


_SLOTS = st.lists(
    st.builds(
        lambda start, length: slot(NOON + timedelta(hours=start), length),
        st.integers(-200, 200),
        st.integers(0, 60),
    ),
    max_size=6,
)


@thoroughly
@given(_SLOTS)
def test_a_cap_holds_back_exactly_when_it_is_shown_as_full(slots: list[Slot]) -> None:
    room = Governor(POLICY, NOON).room("wecom", case(slots=tuple(slots)), NOON)
    full = {one.window for one in room.caps if one.used >= one.max}
    broken = broken_by(ask(NOON, zone=SHANGHAI), slots, limits(*POLICY.caps))
    assert full == {reason.numbers["window"] for reason in broken}
