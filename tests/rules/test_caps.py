"""Caps and the gap: whatever instant an employee picks, nothing goes over."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.caps import LONGEST_GAP_HOURS, Ask, Limits, counted, stretched_gap
from schemas.enums import Category
from schemas.governing import Cap
from schemas.planning import Slot
from schemas.policy import Policy
from tests.rules.builders import (
    LONDON,
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
from tests.rules.ticks import crowded, fits

Crowd = tuple[Ask, list[Slot], Limits]

UTC_ZONE, KIRITIMATI = ZoneInfo("UTC"), ZoneInfo("Pacific/Kiritimati")
DAILY, WEEKLY, MONTHLY = (
    Cap(window="day", max=1),
    Cap(window="week", max=1),
    Cap(window="month", max=1),
)
ROLLING = Cap(rolling_hours=24, max=1)
MORNING = shanghai("2026-03-02T10:00")


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
        (Cap(rolling_days=2, max=1), "2026-03-02T10:00", "2026-03-04T09:59", False),
        (Cap(rolling_days=2, max=1), "2026-03-02T10:00", "2026-03-04T10:00", True),
    ],
)
def test_a_window_holds_no_more_than_its_cap(
    cap: Cap, taken: str, asked: str, fitting: bool
) -> None:
    broken = broken_by(ask(shanghai(asked)), [slot(shanghai(taken))], limits(cap))
    assert (not broken) is fitting


@pytest.mark.parametrize(
    ("zone", "taken", "asked", "fitting"),
    [
        ("Asia/Shanghai", "2026-03-02T15:59", "2026-03-02T16:00", True),
        ("Europe/London", "2026-03-02T15:59", "2026-03-02T16:00", False),
        ("Asia/Kolkata", "2026-03-02T18:29", "2026-03-02T18:30", True),
        ("Asia/Kathmandu", "2026-03-02T18:14", "2026-03-02T18:15", True),
        ("Pacific/Kiritimati", "2026-03-02T09:59", "2026-03-02T10:00", True),
        ("Europe/London", "2026-03-29T00:00", "2026-03-29T22:59", False),
        ("Europe/London", "2026-03-29T22:59", "2026-03-29T23:00", True),  # 23 hours
        ("Europe/London", "2026-10-24T23:00", "2026-10-25T23:59", False),  # 25 hours
        ("America/New_York", "2026-11-01T04:00", "2026-11-02T04:59", False),
        ("America/New_York", "2026-03-08T05:00", "2026-03-09T04:00", True),
    ],
)
def test_calendar_days_are_the_members_own(
    zone: str, taken: str, asked: str, fitting: bool
) -> None:
    own = ZoneInfo(zone)
    frozen = slot(local(UTC_ZONE, taken), zone=own)
    broken = broken_by(ask(local(UTC_ZONE, asked), zone=own), [frozen], limits(DAILY))
    assert (not broken) is fitting


@pytest.mark.parametrize(
    ("moved_to", "asked", "fitting"),
    [
        (KIRITIMATI, "2026-03-02T09:59", False),  # still the second of March there
        (KIRITIMATI, "2026-03-02T10:00", True),
        (NEW_YORK, "2026-03-02T12:00", False),  # the second there, as it was in Shanghai
        (NEW_YORK, "2026-03-03T04:59", False),
        (NEW_YORK, "2026-03-03T05:00", True),
    ],
)
def test_whoever_moves_keeps_the_days_that_were_counted(
    moved_to: ZoneInfo, asked: str, fitting: bool
) -> None:
    """A slot of 10:00 in Shanghai on the second stays one of the second (pitfall 7)."""
    taken = slot(MORNING, zone=SHANGHAI)
    broken = broken_by(ask(local(UTC_ZONE, asked), zone=moved_to), [taken], limits(DAILY))
    assert (not broken) is fitting


def test_a_gap_of_zero_hours_is_no_gap() -> None:
    """Zero and unset are told apart (mautic#10416): no gap holds nobody back."""
    assert not broken_by(ask(MORNING), [slot(MORNING)], limits(gap_hours=0))


def test_a_gap_fixes_midnight_doubling() -> None:
    """23:00 then 00:00 is legal under one per day (Braze), yet no break for the member."""
    late, early = slot(shanghai("2026-03-02T23:00")), ask(shanghai("2026-03-03T00:00"))
    assert not broken_by(early, [late], limits(DAILY))
    (gap,) = broken_by(early, [late], limits(DAILY, gap_hours=12))
    assert (gap.rule, gap.numbers) == ("gap", {"hours": 12, "beside": [1]})


def test_a_calendar_cap_need_not_mask_the_next_morning() -> None:
    """A rolling day hid the next morning's event (PostHog PR#55433); a calendar day does not."""
    first, next_morning = slot(MORNING), ask(shanghai("2026-03-03T09:00"))
    assert not broken_by(next_morning, [first], limits(DAILY))
    assert broken_by(next_morning, [first], limits(ROLLING))


def test_a_late_confirmation_breaks_nothing() -> None:
    """An open slot counts in every window its span touches, to its very end."""
    open_slot = slot(MORNING, hours=48)
    for hours in (0, 24, 47, 61):
        assert broken_by(ask(MORNING + timedelta(hours=hours)), [open_slot], limits(DAILY))
    assert not broken_by(ask(shanghai("2026-03-05T00:00")), [open_slot], limits(DAILY))


def test_a_span_counts_in_every_window_it_touches_itself() -> None:
    tomorrow = slot(shanghai("2026-03-03T12:00"))
    assert broken_by(ask(shanghai("2026-03-02T09:00"), 24), [tomorrow], limits(DAILY))
    assert not broken_by(ask(shanghai("2026-03-02T09:00"), 14), [tomorrow], limits(DAILY))


@pytest.mark.parametrize(("minutes", "fitting"), [(47 * 60 + 59, False), (48 * 60, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_gap_is_kept_on_both_sides(sign: int, minutes: int, fitting: bool) -> None:
    other = slot(MORNING + sign * timedelta(minutes=minutes))
    assert (not broken_by(ask(MORNING), [other], limits(gap_hours=48))) is fitting


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK])
def test_hours_are_real_hours_when_clocks_change(zone: ZoneInfo) -> None:
    day = "2026-03-29" if zone is LONDON else "2026-03-08"
    before = slot(local(zone, f"{day}T00:00"), zone=zone)
    one_short = local(zone, f"{day}T23:59")  # 22:59 later: the clocks were put forward
    assert broken_by(ask(one_short, zone=zone), [before], limits(gap_hours=23))
    assert not broken_by(ask(one_short, zone=zone), [before], limits(gap_hours=22))


@pytest.mark.parametrize(
    ("unanswered", "hours"), [(0, 48), (1, 72), (2, 108), (3, 162), (10_000, LONGEST_GAP_HOURS)]
)
def test_every_silence_stretches_the_gap_to_a_year_at_most(unanswered: int, hours: float) -> None:
    assert stretched_gap(Policy(), unanswered) == hours
    assert stretched_gap(Policy(gap_hours=0), unanswered) == 0
    assert stretched_gap(Policy(backoff=1), unanswered) == 48


@pytest.mark.parametrize(("gap", "told"), [(48.0, "48"), (22.5, "22.5"), (58.0800001, "58.1")])
def test_a_stretched_gap_is_told_in_hours_anybody_can_read(gap: float, told: str) -> None:
    (reason,) = broken_by(ask(MORNING), [slot(MORNING)], limits(gap_hours=gap))
    assert str(reason.numbers["hours"]) == told


def test_the_personal_budget_is_told_by_its_own_name() -> None:
    own = limits(personal=Cap(rolling_days=30, max=2))
    taken = [slot(MORNING - timedelta(days=days)) for days in (29, 15)]
    (told,) = broken_by(ask(MORNING), taken, own)
    assert (told.rule, told.numbers) == (
        "personal",
        {"window": "rolling_720h", "used": 2, "max": 2},
    )
    assert not broken_by(ask(MORNING), taken[1:], own)


def test_every_broken_rule_is_told_with_its_numbers() -> None:
    """All rules hold together, and the strictest wins; whoever asks why is told all of it."""
    taken = [slot(MORNING, candidate=4)]
    rules = limits(
        DAILY,
        ROLLING,
        MONTHLY,
        Cap(window="week", max=2),
        gap_hours=48,
        personal=Cap(rolling_days=3, max=1),
    )
    told = broken_by(ask(shanghai("2026-03-02T18:00")), taken, rules)
    assert [(one.rule, *one.numbers.values()) for one in told] == [
        ("gap", 48, [4]),
        ("cap", "calendar_day", 1, 1),
        ("cap", "rolling_24h", 1, 1),
        ("cap", "calendar_month", 1, 1),
        ("personal", "rolling_72h", 1, 1),
    ]


def test_no_rules_hold_nobody_back() -> None:
    assert not broken_by(ask(MORNING), [slot(MORNING)] * 9, limits())


def test_two_in_every_window_still_leave_a_third_out() -> None:
    taken = [slot(MORNING), slot(shanghai("2026-03-03T10:00"))]
    two = limits(Cap(rolling_hours=48, max=2))
    (told,) = broken_by(ask(shanghai("2026-03-03T20:00")), taken, two)
    assert told.numbers == {"window": "rolling_48h", "used": 2, "max": 2}


def test_only_what_is_declared_to_count_is_counted() -> None:
    """Transactional mail used up the budget of marketing (mautic#6729); whoever wants it may."""
    order, offer = slot(MORNING, category=Category.TRANSACTIONAL), slot(MORNING)
    assert counted([order, offer], Policy()) == (offer,)
    both_ways = {"transactional": {"counted": True}, "marketing": {"counted": False}}
    declared = Policy.model_validate({"categories": both_ways})
    assert counted([order, offer], declared) == (order,)


@thoroughly
@given(crowded())
def test_an_ask_fits_exactly_when_no_choice_of_instants_breaks_a_rule(crowd: Crowd) -> None:
    asked, taken, rules = crowd
    assert (not broken_by(asked, taken, rules)) is fits(asked, taken, rules)


@given(crowded())
def test_beyond_their_reach_limits_hold_nobody_back(crowd: Crowd) -> None:
    asked, taken, rules = crowd
    if rules.reach is None:
        assert not all(cap.fewest for cap in (*rules.caps, rules.personal) if cap is not None)
        return
    start = max([slot.span.end for slot in taken], default=asked.span.start) + rules.reach
    assert broken_by(asked.at(start, start + timedelta(days=99)), taken, rules) == ()


@thoroughly
@given(crowded(), st.randoms(use_true_random=False))
def test_the_order_of_slots_does_not_matter(crowd: Crowd, chance: Any) -> None:
    asked, taken, rules = crowd
    told = broken_by(asked, taken, rules)
    again = broken_by(asked, chance.sample(taken, len(taken)), rules)
    assert [one.rule for one in told] == [one.rule for one in again]
    assert [one.numbers for one in told if one.rule != "gap"] == [
        one.numbers for one in again if one.rule != "gap"
    ]


@thoroughly
@given(crowded())
def test_a_slot_less_never_takes_a_place_away(crowd: Crowd) -> None:
    asked, taken, rules = crowd
    if not broken_by(asked, taken, rules):
        assert not any(
            broken_by(asked, taken[:one] + taken[one + 1 :], rules) for one in range(len(taken))
        )


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        ("day", "2026-03-10T00:00", "2026-03-10T23:59"),
        ("week", "2026-03-09T00:00", "2026-03-15T23:59"),
        ("month", "2026-03-01T00:00", "2026-03-31T23:59"),
    ],
)
@pytest.mark.parametrize("ask_first", [True, False])
def test_a_period_is_one_however_far_apart_clocks_are(
    window: Any, first: str, last: str, ask_first: bool
) -> None:
    """From the first minute where the date begins to the last one where it ends."""
    begins, ends = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12")
    early, late = (begins, local(begins, first)), (ends, local(ends, last))
    (zone, at), (other, taken) = (early, late) if ask_first else (late, early)
    cap = Cap(window=window, max=1)
    told = broken_by(ask(at, zone=zone), [slot(taken, zone=other)], limits(cap))
    assert [one.rule for one in told] == ["cap"]
