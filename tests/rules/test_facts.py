"""From a person's history to the facts that scenes read."""

from datetime import date, timedelta

import pytest

from rules.facts import judge
from rules.lifecycle import standing
from rules.rhythm import due_window, rhythm
from schemas.enums import Lifecycle
from schemas.person import History, Staple
from schemas.policy import Policy

FIRST = date(2026, 1, 5)
POLICY = Policy()


def _history(orders: int, staple_days: int | None = None) -> History:
    staple = None if staple_days is None else Staple("p1", "挂耳咖啡", staple_days)
    days = tuple(FIRST + timedelta(days=14 * number) for number in range(orders))
    return History(7, days=days, staple=staple)


def test_the_facts_are_those_of_the_other_rules() -> None:
    history = _history(5)
    today = history.days[-1] + timedelta(days=13)
    facts = judge(history, today, POLICY)
    assert facts.history is history
    assert facts.rhythm == rhythm(history.days)
    assert facts.due == due_window(facts.rhythm, history.days[-1], POLICY)
    assert facts.standing == standing(history.days, today, POLICY)


def test_a_person_who_is_due_stands_as_due() -> None:
    history = _history(5)
    facts = judge(history, history.days[-1] + timedelta(days=13), POLICY)
    assert facts.standing.segment is Lifecycle.DUE
    assert facts.due is not None
    assert facts.due.opens == facts.standing.since


def test_whoever_never_ordered_has_no_facts_but_that() -> None:
    facts = judge(History(7), FIRST, POLICY)
    assert (facts.due, facts.staple, facts.rhythm.gaps) == (None, None, ())
    assert facts.standing.segment is Lifecycle.PROSPECT


@pytest.mark.parametrize(
    ("orders", "staple_days", "named"),
    [
        (8, None, False),
        (8, 8, True),
        (8, 4, True),  # half of all visits is a habit
        (9, 4, False),
        (4, 3, False),  # three times may be chance
        (4, 4, True),
        (40, 5, False),  # naming it would say "we watch you"
    ],
)
def test_only_a_habit_is_named(orders: int, staple_days: int | None, named: bool) -> None:
    history = _history(orders, staple_days)
    facts = judge(history, history.days[-1], POLICY)
    assert facts.staple == (history.staple if named else None)
