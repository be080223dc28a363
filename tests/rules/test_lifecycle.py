"""Where a person stands, and when time alone moves them on."""

from datetime import date, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.lifecycle import standing, timeline
from schemas.enums import Lifecycle
from schemas.planning import Standing
from schemas.policy import Policy

FIRST = date(2025, 1, 6)
POLICY = Policy()
ORDER = list(Lifecycle)

HISTORIES = st.lists(st.integers(min_value=1, max_value=60), max_size=7).map(
    lambda gaps: [FIRST + timedelta(days=days) for days in accumulate(gaps)]
)
POLICIES = st.builds(
    Policy,
    new_days=st.integers(min_value=1, max_value=120),
    at_risk_days=st.integers(min_value=1, max_value=120),
    lapsed_days=st.integers(min_value=1, max_value=120),
    due_lead_days=st.integers(min_value=0, max_value=20),
    due_overrun=st.floats(min_value=1, max_value=3),
)
LATER = st.integers(min_value=0, max_value=700).map(lambda days: FIRST + timedelta(days=days))


def _regular(gap: int, orders: int = 4) -> list[date]:
    return [FIRST + timedelta(days=gap * number) for number in range(orders)]


@pytest.mark.parametrize(
    ("days", "after", "segment", "changes_in"),
    [
        ([FIRST], 0, Lifecycle.NEW, 30),
        ([FIRST], 29, Lifecycle.NEW, 1),
        ([FIRST], 30, Lifecycle.ACTIVE, 60),
        ([FIRST], 90, Lifecycle.AT_RISK, 90),
        ([FIRST], 180, Lifecycle.LAPSED, None),
        (_regular(14, 2), 0, Lifecycle.ACTIVE, 90),  # two orders are not yet a rhythm
        (_regular(14), 0, Lifecycle.ACTIVE, 12),
        (_regular(14), 12, Lifecycle.DUE, 7),
        (_regular(14), 18, Lifecycle.DUE, 1),
        (_regular(14), 19, Lifecycle.AT_RISK, 161),
        (_regular(14), 180, Lifecycle.LAPSED, None),
        (_regular(90), 269, Lifecycle.AT_RISK, 1),  # whoever buys quarterly lapses later
        (_regular(90), 270, Lifecycle.LAPSED, None),
    ],
)
def test_a_person_moves_on_with_time_alone(
    days: list[date], after: int, segment: Lifecycle, changes_in: int | None
) -> None:
    today = days[-1] + timedelta(days=after)
    told = standing(days, today, POLICY)
    change = None if changes_in is None else today + timedelta(days=changes_in)
    assert (told.segment, told.changes_on) == (segment, change)


def test_whoever_never_ordered_is_a_prospect_until_they_do() -> None:
    assert standing([], FIRST, POLICY) == Standing(Lifecycle.PROSPECT, date.min, None)


def test_a_new_order_makes_a_lapsed_person_active_again() -> None:
    back = FIRST + timedelta(days=400)
    told = standing([FIRST, back], back, POLICY)
    assert (told.segment, told.since) == (Lifecycle.ACTIVE, back)


def test_a_policy_that_settles_late_skips_the_active_segment() -> None:
    policy = Policy(new_days=120, at_risk_days=90)
    assert [segment for _, segment in timeline([FIRST], policy)] == [
        Lifecycle.NEW,
        Lifecycle.AT_RISK,
        Lifecycle.LAPSED,
    ]


@given(HISTORIES, POLICIES)
def test_a_person_only_moves_forward(days: list[date], policy: Policy) -> None:
    line = timeline(days, policy)
    for (since, segment), (later, following) in pairwise(line):
        assert since < later
        assert ORDER.index(segment) < ORDER.index(following)
    assert line[0][0] == (days[-1] if days else date.min)


@given(HISTORIES, POLICIES, LATER)
def test_nothing_changes_before_the_day_that_is_told(
    days: list[date], policy: Policy, today: date
) -> None:
    """Only whose wheel turns is looked at, so an early change would be missed."""
    days = [day for day in days if day <= today]
    told = standing(days, today, policy)
    change = told.changes_on or today + timedelta(days=400)
    for ahead in range(1, (change - today).days):
        between = standing(days, today + timedelta(days=ahead), policy)
        assert between == told
    if told.changes_on is not None:
        assert standing(days, told.changes_on, policy).segment is not told.segment


@given(HISTORIES, POLICIES, LATER)
def test_nothing_after_today_is_used(days: list[date], policy: Policy, today: date) -> None:
    known = [day for day in days if day <= today]
    assert standing(days, today, policy) == standing(known, today, policy)


@given(HISTORIES, POLICIES, LATER)
def test_a_segment_has_begun_and_has_not_ended(
    days: list[date], policy: Policy, today: date
) -> None:
    told = standing(days, today, policy)
    assert told.since <= today
    assert told.changes_on is None or today < told.changes_on
