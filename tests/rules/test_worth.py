"""A message is sent if it brings more than it costs, to whoever is glad to hear from us."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.worth import allowance, annoyance, answers, expected, is_worth, lately, said_too_often
from schemas.governing import Arbitration, PersonalBudget
from schemas.planning import Slot
from schemas.policy import Policy
from tests.rules.builders import contender, shanghai, slot

MORNING = shanghai("2026-03-02T10:00")
DAY = timedelta(days=1)
POLICY = Policy()


def test_a_weight_raises_what_a_scene_brings() -> None:
    policy = Policy(arbitration=Arbitration(weights={"replenish": 2, "muted": 0}))
    by_scene = {
        scene: expected(contender(1, MORNING, scene=scene, value=0.4), policy)
        for scene in ("replenish", "muted", "another")
    }
    assert by_scene == {"replenish": 0.8, "muted": 0, "another": 0.4}


@pytest.mark.parametrize(
    ("slots", "unanswered", "cost"),
    [
        ([], 0, 0),
        ([slot(MORNING - DAY)], 0, 0.05),
        ([slot(MORNING - DAY), slot(MORNING + DAY)], 0, 0.1),  # one already planned annoys as well
        ([slot(MORNING - 30 * DAY)], 0, 0),
        ([slot(MORNING - 31 * DAY, hours=48)], 0, 0.05),  # it may have arrived later
        ([], 2, 0.1),
        ([slot(MORNING - DAY)], 2, 0.15),
    ],
)
def test_every_message_of_late_costs_and_every_silence_once_more(
    slots: list[Slot], unanswered: int, cost: float
) -> None:
    told = annoyance(len(lately(slots, POLICY, MORNING)), unanswered, POLICY)
    assert told == pytest.approx(cost)


@pytest.mark.parametrize(("gain", "cost", "is_sent"), [(0.2, 0.1, True), (0.1, 0.1, False)])
def test_what_costs_as_much_as_it_may_bring_is_left_unsaid(
    gain: float, cost: float, is_sent: bool
) -> None:
    told = is_worth(gain, cost)
    numbers = {"expected": gain, "annoyance": cost}
    assert [(one.rule, one.numbers) for one in told] == [] if is_sent else [("worth", numbers)]


def test_what_brings_nothing_is_left_unsaid_even_if_it_costs_nothing() -> None:
    (told,) = is_worth(0.0, 0.0)
    assert told.rule == "worth"


@pytest.mark.parametrize(
    ("answered", "unanswered", "allowed"),
    [
        ([], 0, 3),
        ([True], 0, 4),
        ([True, True], 0, 4),  # no more than the most
        ([False, None], 0, 3),
        ([True], 1, 3),
        ([], 1, 2),
        ([], 2, 1),
        ([], 9, 1),  # no fewer than the least
    ],
)
def test_the_budget_grows_with_answers_and_shrinks_with_silence(
    answered: list[bool | None], unanswered: int, allowed: int
) -> None:
    slots = [slot(MORNING - DAY, answered=one) for one in answered]
    assert allowance(answers(slots), unanswered, POLICY) == allowed


def test_an_answer_of_long_ago_is_none_of_this_span() -> None:
    old = slot(MORNING - 30 * DAY, answered=True)
    young = slot(MORNING - 29 * DAY, answered=True)
    assert answers(lately([old], POLICY, MORNING)) == 0
    assert answers(lately([young], POLICY, MORNING)) == 1


@given(st.integers(0, 9), st.integers(0, 9))
def test_the_budget_stays_between_its_bounds_and_falls_with_silence(
    answered: int, unanswered: int
) -> None:
    policy = Policy(personal=PersonalBudget(start=2, least=0, most=5))
    now, worse = (
        allowance(answered, silences, policy) for silences in (unanswered, unanswered + 1)
    )
    assert 0 <= worse <= now <= 5


@pytest.mark.parametrize(
    ("scenes", "is_routine"),
    [
        ([], False),
        (["again"], False),
        (["again", "again"], True),
        (["again", "other"], False),
        (["other", "again"], False),
        (["other", "again", "again"], True),
        (["again", "again", "other", "again"], False),
        (["again", None, "again"], True),  # what an employee sent by hand is no scene of ours
        ([None, None], False),
    ],
)
def test_no_scene_speaks_a_third_time_running(scenes: list[str | None], is_routine: bool) -> None:
    told = [slot(MORNING + day * DAY, scene=scene) for day, scene in enumerate(scenes)]
    asking = contender(1, MORNING, scene="again")
    for order in (told, told[::-1]):
        found = said_too_often(asking, order, POLICY)
        assert [one.numbers for one in found] == ([{"times": 2}] if is_routine else [])


def test_how_often_is_too_often_is_told_by_the_policy() -> None:
    told, asking = [slot(MORNING, scene="again")], contender(1, MORNING, scene="again")
    assert said_too_often(asking, told, Policy(arbitration=Arbitration(in_a_row=1)))
    assert not said_too_often(asking, told, POLICY)
