"""From facts to segments, and to the days on which time alone changes them."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.judgement import judge
from rules.population import Population
from schemas.dimensions import Dimension, WheelKind
from schemas.enums import Lifecycle
from schemas.policy import Policy
from tests.rules.facts_builder import TODAY, buyer, day, facts, noon, tag
from tests.rules.histories_builder import World
from tests.rules.judged import (
    LEARNED,
    MOVED_BY,
    judged,
    known_worlds,
    members,
    populations,
    told,
    turns,
)

some = settings(max_examples=30)
fewer = settings(max_examples=10)
TAGGED = (Dimension.TASTE, Dimension.TRAIT)
NOBODY = Population()


def family(name: str = "coffee", days: int = 5, last_ago: int = 10, **known: Any) -> dict[str, Any]:
    """Return how somebody buys a family every 20 days."""
    return {
        "family": name,
        "days": days,
        "units": days,
        "spent": 1,
        "last_on": day(last_ago),
        "last_gap": 20,
        "gap_median": 20.0,
        "gap_spread": 0.0,
        "prior_median": 20.0,
        "prior_spread": 0.0,
        "event": "shop:7",
        **known,
    }


def needs(*families: dict[str, Any], later: int = 0) -> list[Any]:
    """Return the open needs of somebody who buys these families, so many days after TODAY."""
    found = judged(facts(buyer(families=list(families))), TODAY + timedelta(days=later))
    return members(found, Dimension.NEED)


@some
@given(known_worlds(), populations, st.data())
def test_until_the_wheels_day_nothing_changes_and_on_it_something_does(
    known: tuple[World, pl.DataFrame], population: Population, data: st.DataObject
) -> None:
    """And what the wheel does not announce never changes."""
    world, frame = known
    today, zone, policy = told(world)
    now = judge(frame, today, zone, policy, population)
    due = {what: on for what, on in turns(now).items() if on > today}
    any_day = today + timedelta(days=data.draw(st.integers(1, 4_000)))
    on = data.draw(st.sampled_from(sorted({*due.values()}) or [any_day]) | st.just(any_day))
    eve, then = (judge(frame, one, zone, policy, population) for one in (on - timedelta(1), on))
    for person in frame["person_id"]:
        for dimension, kinds in MOVED_BY.items():
            turn = min((due[person, kind] for kind in kinds if (person, kind) in due), default=None)
            before = members(now, dimension, person=person)
            if turn is None or on <= turn:
                assert members(eve, dimension, person=person) == before
            if turn is None or on < turn:
                assert members(then, dimension, person=person) == before
            if turn == on and dimension not in TAGGED:
                assert members(then, dimension, person=person) != before
        if on == due.get((person, WheelKind.EVIDENCE)):
            assert members(then, *TAGGED, person=person) != members(now, *TAGGED, person=person)
    assert {what: turns(eve).get(what) for what in due if due[what] >= on} == {
        what: turn for what, turn in due.items() if turn >= on
    }


@fewer
@given(known_worlds(), populations)
def test_whoever_is_judged_has_one_stage_and_each_segment_once(
    known: tuple[World, pl.DataFrame], population: Population
) -> None:
    """And every turn is ahead, but for what is dated ahead within the day that the facts are of."""
    world, frame = known
    today, zone, policy = told(world)
    judgement = judge(frame, today, zone, policy, population)
    found = judgement.memberships
    staged = found.filter(pl.col("dimension") == Dimension.LIFECYCLE.value)
    assert sorted(staged["person_id"]) == sorted(frame["person_id"])
    assert found.select("person_id", "dimension", "segment").is_unique().all()
    assert all(isinstance(json.loads(row), dict) for row in found["evidence"])
    for (_, kind), on in turns(judgement).items():
        assert on > today or kind in (WheelKind.AHEAD, WheelKind.BENEFIT)


@fewer
@given(known_worlds(), populations)
def test_a_person_is_judged_alike_among_others_and_alone(
    known: tuple[World, pl.DataFrame], population: Population
) -> None:
    world, frame = known
    today, zone, policy = told(world)
    together = judge(frame.reverse(), today, zone, policy, population)
    alone = [judge(one, today, zone, policy, population) for one in frame.iter_slices(1)]
    assert members(together) == sorted((row for one in alone for row in members(one)), key=repr)
    assert turns(together) == {what: on for one in alone for what, on in turns(one).items()}


def test_nobody_is_judged_of_an_empty_frame() -> None:
    found, full = judged(facts().clear()), judged(facts(buyer(tags=[tag()])))
    assert (len(found.memberships), len(found.wheel)) == (0, 0)
    assert found.memberships.schema == full.memberships.schema
    assert found.wheel.schema == full.wheel.schema


@pytest.mark.parametrize(
    ("column", "kind"),
    [("ahead_on", WheelKind.AHEAD), ("benefits_change_on", WheelKind.BENEFIT)],
)
def test_what_facts_know_of_the_future_is_on_the_wheel(column: str, kind: WheelKind) -> None:
    assert turns(judged(facts({column: day(-4)})))[1, kind] == day(-4)
    assert (1, kind) not in turns(judged(facts({})))


@pytest.mark.parametrize(
    ("later", "open_"), [(7, False), (8, True), (11, True), (16, True), (17, False)]
)
def test_a_need_is_open_within_its_familys_window_only(later: int, open_: bool) -> None:
    """Bought 10 days ago and every 20 days: due 2 days ahead, until 1.3 times the cycle."""
    assert [row[2] for row in needs(family(), later=later)] == ["coffee"] * open_


def test_a_need_tells_since_when_it_is_open_and_on_what_evidence() -> None:
    (row,) = needs(family(), later=9)
    assert row[1:5] == ("need", "coffee", day(-8), True)
    assert json.loads(row[5]) == {
        "order_days": 5,
        "last_on": str(day(10)),
        "gap_median": 20.0,
        "gap_spread": 0.0,
        "due_from": str(day(-8)),
        "due_until": str(day(-16)),
    }


def test_each_family_has_a_need_of_its_own() -> None:
    families = [family(), family("tea", last_ago=20), family("nuts", last_ago=100)]
    assert [row[2] for row in needs(*families)] == ["tea"]
    assert [row[2] for row in needs(*families, later=8)] == ["coffee"]


@pytest.mark.parametrize("irregular", [{"days": 3}, {"gap_spread": 9.0}])
def test_what_is_not_bought_regularly_is_never_needed(irregular: dict[str, Any]) -> None:
    assert needs(family(**irregular), later=9) == []


@pytest.mark.parametrize(
    ("families", "later", "turn"),
    [
        ([family()], 0, 8),
        ([family()], 8, 17),
        ([family()], 17, None),
        ([family(), family("tea", last_ago=20)], 0, 7),
        ([family(), family("tea", last_ago=100)], 0, 8),
        ([family(days=2)], 0, None),
        ([], 0, None),
    ],
)
def test_the_wheel_turns_when_the_next_need_opens_or_closes(
    families: list[dict[str, Any]], later: int, turn: int | None
) -> None:
    found = turns(judged(facts(buyer(families=families)), TODAY + timedelta(days=later)))
    assert found.get((1, WheelKind.NEED)) == (None if turn is None else day(-turn))


@pytest.mark.parametrize(
    ("last_ago", "stage", "spell"),
    [
        (10, Lifecycle.ACTIVE, False),
        (20, Lifecycle.DUE, True),
        (30, Lifecycle.AT_RISK, True),
        (300, Lifecycle.LAPSED, True),
    ],
)
def test_an_order_ends_what_it_answers_and_lets_the_rest_go_on(
    last_ago: int, stage: Lifecycle, spell: bool
) -> None:
    (row,) = members(judged(facts(buyer(5, last_ago))), Dimension.LIFECYCLE)
    assert (row[2], row[4]) == (stage, spell)


def test_whoever_never_ordered_is_a_prospect() -> None:
    (row,) = members(judged(facts({})))
    assert (row[2], row[4]) == (Lifecycle.PROSPECT, False)


def _said(**known: Any) -> dict[str, Any]:
    (row,) = members(judged(facts(buyer(**known))), Dimension.LIFECYCLE)
    return dict(json.loads(row[5]))


def test_only_of_regular_buyers_a_due_day_is_said() -> None:
    assert (_said()["due_from"], _said()["due_until"]) == (str(day(-8)), str(day(-16)))
    chancy = _said(gap_spread=9.0)
    assert (chancy["due_from"], chancy["due_until"]) == (None, None)


@pytest.mark.parametrize(
    ("order_days", "staple_days", "habit"),
    [(5, 4, "latte"), (4, 3, None), (8, 4, "latte"), (9, 4, None), (40, 2, None)],
)
def test_a_habit_is_what_is_bought_more_often_than_not(
    order_days: int, staple_days: int, habit: str | None
) -> None:
    said = _said(order_days=order_days, staple_days=staple_days, staple_name="latte")
    assert said["habit"] == habit


def test_evidence_of_a_stage_does_not_depend_on_the_day() -> None:
    frame = facts(buyer(5, 10))
    texts = {
        row[5]
        for later in range(0, 300, 20)
        for row in members(judged(frame, TODAY + timedelta(days=later)), Dimension.LIFECYCLE)
    }
    assert len(texts) == 1


@pytest.mark.parametrize(("last_ago", "stage"), [(89, "active"), (90, "at_risk"), (180, "lapsed")])
def test_without_a_model_the_policys_days_count(last_ago: int, stage: str) -> None:
    frame = facts(buyer(3, last_ago, gap_spread=9.0))
    (row,) = members(judged(frame, population=NOBODY), Dimension.LIFECYCLE)
    assert row[2] == stage


def test_with_a_model_each_is_measured_by_their_own_expectation() -> None:
    rare, frequent = (
        buyer(3, 60, every=90, person_id=1, gap_spread=50.0),
        buyer(30, 60, every=3, person_id=2, gap_spread=2.0),
    )
    found = members(judged(facts(rare, frequent), population=LEARNED), Dimension.LIFECYCLE)
    assert [row[2] for row in found] == ["active", "lapsed"]


def test_an_order_on_its_day_is_only_judged_of_the_day_it_is() -> None:
    """A turn whose day is today is one that the facts are yet to be asked about."""
    frame = facts({"ahead_on": TODAY, "open_cart_at": noon(day(1))})
    assert turns(judged(frame)) == {(1, WheelKind.AHEAD): TODAY}


def test_a_policy_may_ask_for_less_to_speak_of_a_habit() -> None:
    frame = facts(buyer(order_days=9, staple_days=4, staple_name="latte"))
    (row,) = members(judged(frame, policy=Policy(staple_share=0.4)), Dimension.LIFECYCLE)
    assert json.loads(row[5])["habit"] == "latte"
