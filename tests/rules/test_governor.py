"""One person, one budget, one winner, and a reason for everybody else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from rules.governor import decide, person_reasons, recheck, task_until
from schemas.enums import Verdict
from schemas.planning import Contact, Planned, Ruling, Span
from schemas.policy import Cap, Policy
from tests.rules.builders import (
    LONDON,
    SHANGHAI,
    capped,
    case,
    contender,
    local,
    shanghai,
    slot,
)

MORNING = shanghai("2026-03-02T10:00")
LATER = MORNING + timedelta(days=3)
POLICY = Policy()


def _verdicts(rulings: list[Ruling]) -> dict[int, str]:
    return {ruling.contender.candidate_id: ruling.verdict.value for ruling in rulings}


def _one(as_of: datetime = MORNING, policy: Policy = POLICY, **changed: Any) -> Ruling:
    (ruling,) = decide(case(contender(1, LATER), **changed), policy, SHANGHAI, as_of)
    return ruling


def test_whoever_may_be_written_to_is() -> None:
    won = _one()
    assert (won.verdict, won.reasons) == (Verdict.WON, ())
    assert won.span == Span(MORNING, MORNING + timedelta(hours=48))


def test_a_message_is_not_valid_beyond_its_reason() -> None:
    soon = MORNING + timedelta(hours=5)
    (ruling,) = decide(case(contender(1, soon)), POLICY, SHANGHAI, MORNING)
    assert ruling.span == Span(MORNING, soon)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"suppressed": "deleted"}, [("suppressed", {"because": "deleted"})]),
        ({"suppressed": "deleted", "contact": None}, [("suppressed", {"because": "deleted"})]),
        ({"contact": None}, [("no_contact", {})]),
        ({"consent": False}, [("no_consent", {"said": False})]),
        ({"consent": None}, [("no_consent", {"said": None})]),  # never asked is not a yes
        ({"unanswered": 3}, [("silence", {"unanswered": 3, "limit": 3})]),
        ({"unanswered": 2}, []),
    ],
)
def test_a_person_is_left_alone(
    changed: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]
) -> None:
    told = person_reasons(case(**changed), POLICY)
    assert [(one.rule, one.numbers) for one in told] == expected
    assert (_one(**changed).verdict is Verdict.SUPPRESSED) is bool(expected)


def test_all_that_forbids_a_person_is_told_at_once() -> None:
    ruling = _one(consent=False, contact=None, unanswered=9)
    assert [one.rule for one in ruling.reasons] == ["no_contact", "no_consent", "silence"]
    assert ruling.frees_at is None


def test_nobody_hears_the_same_scene_twice_at_a_time() -> None:
    ruling = _one(open_scenes=frozenset({"scene1"}))
    assert [one.rule for one in ruling.reasons] == ["open_message"]


@pytest.mark.parametrize("until", [MORNING, MORNING - timedelta(days=1)])
def test_what_is_overdue_does_not_fire(until: datetime) -> None:
    """An overdue campaign fired after downtime (listmonk#1801)."""
    (ruling,) = decide(case(contender(1, until)), POLICY, SHANGHAI, MORNING)
    assert [one.rule for one in ruling.reasons] == ["window_over"]


def test_at_night_the_morning_is_planned_for() -> None:
    ruling = _one(as_of=shanghai("2026-03-02T22:00"))
    assert ruling.span is not None
    assert ruling.span.start == shanghai("2026-03-03T09:00")


def test_a_reason_that_ends_at_night_is_over() -> None:
    night, dawn = shanghai("2026-03-02T22:00"), shanghai("2026-03-03T06:00")
    (ruling,) = decide(case(contender(1, dawn)), POLICY, SHANGHAI, night)
    assert [one.rule for one in ruling.reasons] == ["window_over"]


def test_a_weak_message_does_not_win_by_coming_first() -> None:
    """First-come caps starve the valuable message (peers.md, section 4, pitfall 9)."""
    weak, strong = contender(1, LATER, value=0.2), contender(2, LATER, value=0.9)
    for order in permutations([weak, strong]):
        rulings = decide(case(*order), POLICY, SHANGHAI, MORNING)
        assert _verdicts(rulings) == {1: "outcompeted", 2: "won"}


def test_a_loser_is_told_who_won() -> None:
    rulings = decide(
        case(contender(1, LATER), contender(2, LATER, value=3)), POLICY, SHANGHAI, MORNING
    )
    assert [one.winner_id for one in rulings] == [None, 2]
    assert rulings[1].span is None


def test_the_runner_up_takes_the_slot_that_the_best_may_not() -> None:
    best, next_best = contender(1, MORNING, value=0.9), contender(2, LATER, value=0.2)
    rulings = decide(case(best, next_best), POLICY, SHANGHAI, MORNING)
    assert _verdicts(rulings) == {1: "suppressed", 2: "won"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"scene": "a"}, {"scene": "b"}),
        ({"scene": "same"}, {"scene": "same"}),
    ],
)
def test_equals_are_ranked_by_scene_then_by_age(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    one, two = contender(1, LATER, **first), contender(2, LATER, **second)
    for order in permutations([one, two]):
        assert _verdicts(decide(case(*order), POLICY, SHANGHAI, MORNING))[1] == "won"


def test_whoever_is_held_back_is_told_until_when() -> None:
    """The cap frees at midnight, but nobody is written to before nine."""
    taken = (slot(shanghai("2026-03-02T09:30")),)
    ruling = _one(policy=capped(Cap(window="day", max=1)), slots=taken)
    assert (ruling.verdict, [one.rule for one in ruling.reasons]) == (Verdict.SUPPRESSED, ["cap"])
    assert ruling.frees_at == shanghai("2026-03-03T09:00")


def test_what_never_frees_promises_nothing() -> None:
    taken = (slot(MORNING),)
    assert _one(policy=capped(Cap(window="month", max=1)), slots=taken).frees_at is None


def test_a_slot_that_frees_in_the_night_in_which_the_reason_ends_promises_nothing() -> None:
    """Free from midnight, awake from nine, but the reason is gone at six."""
    until, taken = shanghai("2026-03-03T06:00"), (slot(MORNING),)
    person = case(contender(1, until), slots=taken)
    (ruling,) = decide(person, capped(Cap(window="day", max=1)), SHANGHAI, MORNING)
    assert ruling.frees_at is None


def test_nobody_contends_and_nobody_wins() -> None:
    assert decide(case(), POLICY, SHANGHAI, MORNING) == []


@pytest.mark.parametrize("text", ["2026-10-24T10:00", "2026-03-28T10:00"])
def test_an_instant_is_judged_alike_in_whatever_zone_it_is_told(text: str) -> None:
    """48 hours are 48 hours, also over the night in which the clocks change."""
    instant = local(LONDON, text)
    person = case(contender(1, instant + timedelta(days=5)))
    (told,) = decide(person, POLICY, LONDON, instant)
    (again,) = decide(person, POLICY, LONDON, instant.astimezone(LONDON))
    assert told.span is not None
    assert again.span is not None
    assert again.span.end.astimezone(UTC) == told.span.end


CONTACT = Contact("external-1", "ChenYu")
PLANNED = Planned(CONTACT, Span(shanghai("2026-03-02T09:00"), shanghai("2026-03-04T09:00")))


@pytest.mark.parametrize(
    ("clock", "changed", "expected"),
    [
        ("2026-03-02T10:00", {}, []),
        ("2026-03-02T08:00", {}, []),  # it will wait for nine
        ("2026-03-02T10:00", {"consent": False}, ["no_consent"]),
        ("2026-03-02T10:00", {"contact": None}, ["no_contact"]),
        ("2026-03-02T10:00", {"contact": Contact("external-1", "LinXia")}, ["contact_changed"]),
        ("2026-03-02T10:00", {"unanswered": 3}, ["silence"]),
        ("2026-03-02T10:00", {"suppressed": "deleted"}, ["suppressed"]),
        ("2026-03-02T10:00", {"slots": (slot(MORNING),)}, ["gap", "cap", "cap"]),
        ("2026-03-04T08:59", {}, ["window_over"]),
    ],
)
def test_what_has_changed_since_the_plan_still_forbids_sending(
    clock: str, changed: dict[str, Any], expected: list[str]
) -> None:
    """Only the last look counts: a draft may wait for days (peers.md, section 4, pitfall 2)."""
    person = replace(case(), contact=CONTACT)
    told = recheck(replace(person, **changed), PLANNED, POLICY, SHANGHAI, shanghai(clock))
    assert [one.rule for one in told] == expected


@pytest.mark.parametrize(
    ("window_until", "expected"),
    [
        ("2026-03-02T18:00", "2026-03-02T18:00"),
        ("2026-03-04T10:00", "2026-03-02T20:30"),
    ],
)
def test_no_open_task_reaches_into_the_night(window_until: str, expected: str) -> None:
    until = task_until(MORNING, shanghai(window_until), POLICY, SHANGHAI)
    assert until == shanghai(expected)


def test_without_nights_a_task_stays_open_to_its_windows_end() -> None:
    never = POLICY.quiet_hours.model_copy(update={"end": POLICY.quiet_hours.start})
    policy = POLICY.model_copy(update={"quiet_hours": never})
    assert task_until(MORNING, LATER, policy, SHANGHAI) == LATER
