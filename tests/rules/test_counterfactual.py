"""What other rules would have sent counts as a slot for as long as it matters."""

from datetime import timedelta

from rules.counterfactual import Counterfactual, Sent, Terms
from schemas.enums import Category
from schemas.planning import Slot, Span
from tests.rules.builders import SHANGHAI, case, shanghai, slot

MORNING = shanghai("2026-03-10T07:30")
YESTERDAY, LONG_AGO = MORNING - timedelta(days=1), MORNING - timedelta(days=99)
TERMS = Terms(SHANGHAI, Category.CARE, "wecom", "ChenYu", "replenish")


def test_what_was_taken_before_the_replay_and_what_is_not_ours_stands() -> None:
    told = case(slots=(slot(YESTERDAY, candidate=99), slot(YESTERDAY, candidate=-7)))
    assert Counterfactual(100).case(told, (), MORNING, LONG_AGO) == told


def test_what_won_in_fact_only_leaves_nothing() -> None:
    past = Counterfactual(100)
    past.keep([103, 102])
    kept, gone = (
        slot(YESTERDAY, 99, candidate, scene="a", is_open=True) for candidate in (102, 101)
    )
    later = slot(YESTERDAY, candidate=500)
    told = case(slots=(gone, kept, later), open_scenes=frozenset("a"))
    found = past.case(told, (), MORNING, LONG_AGO)
    assert (found.slots, found.open_scenes) == ((kept,), frozenset("a"))


def test_a_scene_is_no_longer_open_once_its_message_is_left_out() -> None:
    """What is open without a slot on record stays open."""
    gone = slot(YESTERDAY, 99, 101, scene="a", is_open=True)
    told = case(slots=(gone,), open_scenes=frozenset("ab"))
    assert Counterfactual(100).case(told, (), MORNING, LONG_AGO).open_scenes == {"b"}


def test_what_only_other_rules_sent_arrived_at_the_start_of_its_span() -> None:
    past = Counterfactual(100)
    past.send([Sent(8, 105, YESTERDAY, TERMS), Sent(7, 104, YESTERDAY, TERMS)])
    past.send([])
    past.send([Sent(7, 110, MORNING + timedelta(hours=2), TERMS)])
    found = past.sent([6, 7, 9])
    assert found.keys() == {7}
    assert found[7] == [
        Slot(104, Span(YESTERDAY, YESTERDAY), *TERMS),
        Slot(110, Span(*[MORNING + timedelta(hours=2)] * 2), *TERMS),
    ]


def test_what_lies_ahead_is_on_its_way_and_what_arrived_is_not() -> None:
    past = Counterfactual(100)
    past.send([Sent(7, 104, YESTERDAY, TERMS)])
    arrived = past.case(case(), past.sent([7])[7], MORNING, LONG_AGO)
    assert (len(arrived.slots), arrived.open_scenes) == (1, frozenset())
    past.send([Sent(7, 105, MORNING + timedelta(hours=2), TERMS)])
    assert past.case(case(), past.sent([7])[7], MORNING, LONG_AGO).open_scenes == {"replenish"}


def test_of_two_who_are_one_by_now_all_counts() -> None:
    past = Counterfactual(100)
    past.send([Sent(7, 104, YESTERDAY, TERMS), Sent(7, 105, YESTERDAY, TERMS)])
    assert [one.candidate_id for one in past.sent([7])[7]] == [104, 105]


def test_what_is_too_old_for_the_other_rules_is_not_seen() -> None:
    past = Counterfactual(100)
    past.send([Sent(7, 104, YESTERDAY, TERMS)])
    told = case(slots=(slot(YESTERDAY, candidate=1), slot(MORNING, candidate=2)))
    since = YESTERDAY + timedelta(hours=1)
    found = past.case(told, past.sent([7])[7], MORNING, since)
    assert [one.candidate_id for one in found.slots] == [2]


def test_days_of_which_nothing_matters_any_more_are_forgotten() -> None:
    past = Counterfactual(100)
    past.send([Sent(7, 104, YESTERDAY, TERMS)])
    past.send([Sent(7, 105, MORNING, TERMS)])
    past.forget(YESTERDAY)
    assert len(past.sent([7])[7]) == 2
    past.forget(MORNING)
    assert [one.candidate_id for one in past.sent([7])[7]] == [105]
