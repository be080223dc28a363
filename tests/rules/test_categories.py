"""What is declared of a category holds for its messages, both ways, and for ever."""

from datetime import timedelta

import pytest

from rules.governor import Governor
from schemas.enums import Category, Verdict
from schemas.governing import Arbitration, Cap, Scope
from schemas.planning import Case, Ruling
from schemas.policy import Policy
from tests.rules.builders import capped, case, contender, shanghai, slot

MORNING = shanghai("2026-03-02T10:00")
LATER = MORNING + timedelta(days=3)
DAY = timedelta(days=1)


OFFER = contender(2, LATER)
ORDER = contender(1, LATER, category=Category.TRANSACTIONAL, value=0.01, scene="shipped")
POLICY = Policy()


def _decide(person: Case, policy: Policy = POLICY) -> Ruling:
    (ruling,) = Governor(policy, MORNING).decide(person)
    return ruling


def _rules(ruling: Ruling) -> list[str]:
    return [reason.rule for reason in ruling.reasons]


def test_transactional_mail_neither_uses_up_a_budget_nor_is_held_back_by_one() -> None:
    """mautic#6729: the default cap was ignored here, and transactional mail counted there."""
    shipped = tuple(
        slot(MORNING, category=Category.TRANSACTIONAL, scene="shipped", candidate=number)
        for number in range(9)
    )
    assert _decide(case(OFFER, slots=shipped)).verdict is Verdict.WON
    offers = tuple(slot(MORNING, candidate=number) for number in range(9))
    for taken in (offers, shipped, offers + shipped):
        ruling = _decide(case(ORDER, slots=taken, unanswered=9, ordered_at=MORNING))
        assert (ruling.verdict, ruling.reasons) == (Verdict.WON, ())


def test_transactional_mail_that_is_declared_to_count_and_to_wait_does() -> None:
    """mautic PR#6760 and PR#6896, the other way about: both were changed for everybody."""
    declared = {"transactional": {"capped": True, "counted": True}}
    policy = Policy.model_validate({"categories": declared})
    shipped = slot(MORNING - timedelta(hours=1), category=Category.TRANSACTIONAL)
    assert _rules(_decide(case(OFFER, slots=(shipped,)), policy))[:2] == ["gap", "cap"]
    notice = ORDER._replace(value=1.0)
    held = _decide(case(notice, slots=(slot(MORNING - timedelta(hours=1)),)), policy)
    assert _rules(held)[:2] == ["gap", "cap"]
    silent = _decide(case(notice, unanswered=3), policy)
    assert _rules(silent) == ["silence"]


@pytest.mark.parametrize(("capped_too", "rules"), [(True, ["same_scene"]), (False, [])])
def test_what_counts_but_is_not_capped_is_no_routine(capped_too: bool, rules: list[str]) -> None:
    terms = {"categories": {"service": {"capped": capped_too, "counted": True}}}
    policy = Policy.model_validate({"caps": [], "gap_hours": 0, **terms})
    taken = tuple(slot(MORNING - days * DAY, scene="parcel") for days in (2, 1))
    parcel = contender(1, LATER, category=Category.SERVICE, scene="parcel")
    ruling = _decide(case(parcel, slots=taken), policy)
    assert _rules(ruling) == rules


def test_a_scene_of_no_weight_is_silent_even_where_nothing_is_capped() -> None:
    policy = Policy(arbitration=Arbitration(weights={"shipped": 0}))
    ruling = _decide(case(ORDER), policy)
    assert _rules(ruling) == ["worth"]


def test_a_slot_keeps_the_category_it_was_taken_in() -> None:
    """Tag caps went by today's tags (braze-docs#75, #281); a slot is what it was when planned."""
    benefits = Cap(scope=Scope.CATEGORY, only=("benefit",), rolling_days=7, max=1)
    as_care = contender(1, LATER, category=Category.CARE, scene="anniversary")
    as_benefit = as_care._replace(category=Category.BENEFIT)
    frozen = slot(MORNING - DAY, category=Category.BENEFIT, scene="anniversary")
    for asking, rules in ((as_care, []), (as_benefit, ["cap"])):
        ruling = _decide(case(asking, slots=(frozen,)), capped(benefits))
        assert _rules(ruling) == rules


def test_the_cap_of_a_sender_goes_by_whoever_would_speak() -> None:
    one_a_day = capped(Cap(scope=Scope.SENDER, window="day", max=1))
    other, own = slot(MORNING, sender="LinXia"), slot(MORNING)
    assert _decide(case(OFFER, slots=(other,)), one_a_day).verdict is Verdict.WON
    assert _rules(_decide(case(OFFER, slots=(other, own)), one_a_day)) == ["cap"]
