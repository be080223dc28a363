"""One person, one budget, one winner, and a reason for everybody else."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from rules.governor import Governor
from schemas.enums import Arm, Category, Verdict
from schemas.governing import Arbitration, Cap, Holdout, PersonalBudget
from schemas.planning import Case, Contender, Ruling, Span
from schemas.policy import Policy
from tests.rules.builders import LONDON, capped, case, contender, local, shanghai, slot

MORNING = shanghai("2026-03-02T10:00")
LATER = MORNING + timedelta(days=3)
DAY = timedelta(days=1)
POLICY = Policy()
DAILY = Cap(window="day", max=1)


def _decide(person: Case, policy: Policy = POLICY, as_of: datetime = MORNING) -> list[Ruling]:
    return Governor(policy, as_of).decide(person)


def _verdicts(rulings: list[Ruling]) -> dict[int, str]:
    return {ruling.contender.candidate_id: ruling.verdict.value for ruling in rulings}


def _one(as_of: datetime = MORNING, policy: Policy = POLICY, **changed: Any) -> Ruling:
    (ruling,) = _decide(case(contender(1, LATER), **changed), policy, as_of)
    return ruling


def _rules(ruling: Ruling) -> list[str]:
    return [reason.rule for reason in ruling.reasons]


def test_whoever_may_be_written_to_is() -> None:
    won = _one()
    assert (won.verdict, won.reasons, won.arm) == (Verdict.WON, (), Arm.TREATED)
    assert won.span == Span(MORNING, MORNING + timedelta(hours=48))


def test_a_message_is_not_valid_beyond_its_reason() -> None:
    soon = MORNING + timedelta(hours=5)
    (ruling,) = _decide(case(contender(1, soon)))
    assert ruling.span == Span(MORNING, soon)


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"suppressed": "deleted"}, ["suppressed"]),
        ({"consent": False, "contact": None, "unanswered": 9}, ["no_contact", "no_consent"]),
        ({"zone": None}, ["unknown_zone"]),
        ({"complained_at": MORNING}, ["complaint"]),
        ({"open_scenes": frozenset({"scene1"})}, ["open_message"]),
    ],
)
def test_all_that_forbids_is_told_and_nothing_is_promised(
    changed: dict[str, Any], rules: list[str]
) -> None:
    """Nothing is pending for ever: time alone lifts none of these (parcelvoy#610, mautic#7724)."""
    ruling = _one(**changed)
    assert ruling.verdict is Verdict.SUPPRESSED
    assert _rules(ruling)[: len(rules)] == rules
    assert (ruling.span, ruling.frees_at) == (None, None)


def test_a_zone_that_is_none_is_told_by_its_name() -> None:
    """parcelvoy#610: whoever counts the blocked finds each by its reason."""
    (reason,) = _one(zone=None).reasons
    assert (reason.rule, reason.numbers) == ("unknown_zone", {"zone": "Mars/Base"})


@pytest.mark.parametrize("until", [MORNING, MORNING - DAY])
def test_what_is_overdue_does_not_fire(until: datetime) -> None:
    """An overdue campaign fired after downtime (listmonk#1801)."""
    (ruling,) = _decide(case(contender(1, until)))
    assert _rules(ruling) == ["window_over"]


def test_at_night_the_morning_is_planned_for() -> None:
    ruling = _one(as_of=shanghai("2026-03-02T22:00"))
    assert ruling.span is not None
    assert ruling.span.start == shanghai("2026-03-03T09:00")


def test_a_reason_that_ends_at_night_is_over() -> None:
    night, dawn = shanghai("2026-03-02T22:00"), shanghai("2026-03-03T06:00")
    (ruling,) = _decide(case(contender(1, dawn)), as_of=night)
    assert _rules(ruling) == ["window_over"]


def test_a_weak_message_does_not_win_by_coming_first() -> None:
    """First-come caps starve the valuable message (peers.md, section 4, pitfall 9)."""
    weak, strong = contender(1, LATER, value=0.2), contender(2, LATER, value=0.9)
    for order in permutations([weak, strong]):
        assert _verdicts(_decide(case(*order))) == {1: "outcompeted", 2: "won"}


def test_a_cap_knows_who_has_priority() -> None:
    """mautic#1784: pressure per person, but who goes first? Need, value and learned weight."""
    policy = Policy(arbitration=Arbitration(weights={"scene1": 5}))
    rulings = _decide(case(contender(1, LATER, value=0.2), contender(2, LATER, value=0.9)), policy)
    assert _verdicts(rulings) == {1: "won", 2: "outcompeted"}


def test_a_loser_is_told_who_won_and_what_it_would_have_needed() -> None:
    policy = Policy(arbitration=Arbitration(weights={"scene1": 2}))
    won, lost = _decide(case(contender(1, LATER), contender(2, LATER, value=1.5)), policy)
    assert (won.winner_id, lost.winner_id, lost.span) == (None, 1, None)
    (reason,) = lost.reasons
    assert (reason.rule, reason.numbers) == ("outcompeted", {"expected": 1.5, "needed": 2.0})


def test_the_runner_up_takes_the_slot_that_the_best_may_not() -> None:
    best, next_best = contender(1, MORNING, value=0.9), contender(2, LATER, value=0.2)
    assert _verdicts(_decide(case(best, next_best))) == {1: "suppressed", 2: "won"}


@pytest.mark.parametrize(
    ("first", "second"),
    [({"scene": "a"}, {"scene": "b"}), ({"scene": "same"}, {"scene": "same"})],
)
def test_equals_are_ranked_by_scene_then_by_age(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    one, two = contender(1, LATER, **first), contender(2, LATER, **second)
    for order in permutations([one, two]):
        assert _verdicts(_decide(case(*order)))[1] == "won"


def test_nobody_contends_and_nobody_wins() -> None:
    assert _decide(case()) == []


def test_whoever_is_held_back_is_told_until_when() -> None:
    """The cap frees at midnight, but nobody is written to before nine."""
    ruling = _one(policy=capped(DAILY), slots=(slot(shanghai("2026-03-02T09:30")),))
    assert (ruling.verdict, _rules(ruling)) == (Verdict.SUPPRESSED, ["cap"])
    assert ruling.frees_at == shanghai("2026-03-03T09:00")


def test_what_never_frees_promises_nothing() -> None:
    monthly = capped(Cap(window="month", max=1))
    assert _one(policy=monthly, slots=(slot(MORNING),)).frees_at is None


def test_a_slot_that_frees_in_the_night_in_which_the_reason_ends_promises_nothing() -> None:
    """Free from midnight, awake from nine, but the reason is gone at six."""
    person = case(contender(1, shanghai("2026-03-03T06:00")), slots=(slot(MORNING),))
    (ruling,) = _decide(person, capped(DAILY))
    assert ruling.frees_at is None


@pytest.mark.parametrize(
    ("ordered", "rules", "frees"),
    [
        ("2026-02-28T10:00", [], None),  # 48 hours ago
        ("2026-02-28T10:01", ["after_order"], "2026-03-02T10:01"),
        ("2026-03-01T22:00", ["after_order"], "2026-03-04T09:00"),  # over at ten in the evening
        ("2026-03-03T11:00", ["after_order"], None),  # its window is over before
    ],
)
def test_nothing_is_sold_right_after_an_order(
    ordered: str, rules: list[str], frees: str | None
) -> None:
    ruling = _one(ordered_at=shanghai(ordered))
    assert _rules(ruling) == rules
    assert ruling.frees_at == (None if frees is None else shanghai(frees))
    (care,) = _decide(
        case(contender(1, LATER, category=Category.CARE), ordered_at=shanghai(ordered))
    )
    assert care.verdict is Verdict.WON


def test_the_gap_grows_with_every_silence() -> None:
    taken = (slot(MORNING - timedelta(hours=71)),)
    policy = capped(gap_hours=48)
    assert _one(policy=policy, slots=taken).verdict is Verdict.WON
    ruling = _one(policy=policy, slots=taken, unanswered=1)
    assert [one.numbers["hours"] for one in ruling.reasons] == [72]
    assert ruling.frees_at == MORNING + timedelta(hours=1)


def test_no_streak_is_too_long_to_be_counted() -> None:
    patient = POLICY.model_copy(update={"silence_limit": 10**6})
    ruling = _one(policy=patient, slots=(slot(MORNING - 40 * DAY),), unanswered=10**4)
    assert "gap" not in _rules(ruling)  # it is not worth its annoyance long before
    assert (
        Governor(POLICY, MORNING).room("wecom", case(unanswered=10**4), LATER).next_place == MORNING
    )


def test_whoever_answers_gets_more_and_whoever_does_not_gets_less() -> None:
    days = PersonalBudget(days=7, start=1, least=0, most=2)
    policy = capped(personal=days)
    answered, silent = ((slot(MORNING - 5 * DAY, answered=one),) for one in (True, False))
    assert _one(policy=policy, slots=answered).verdict is Verdict.WON
    held = _one(policy=policy, slots=silent)
    assert [(one.rule, one.numbers["used"], one.numbers["max"]) for one in held.reasons] == [
        ("personal", 1, 1)
    ]
    assert held.frees_at == MORNING + 2 * DAY
    assert [one.numbers["max"] for one in _one(policy=policy, unanswered=1).reasons] == [0]


def test_what_annoys_more_than_it_brings_is_not_sent_however_much_room_there_is() -> None:
    policy = capped(arbitration=Arbitration(annoyance=0.5))
    taken = (slot(MORNING - DAY), slot(MORNING - 2 * DAY))
    ruling = _one(policy=policy, slots=taken)
    assert [(one.rule, one.numbers) for one in ruling.reasons] == [
        ("worth", {"expected": 1.0, "annoyance": 1.0})
    ]


def test_no_scene_speaks_thrice_running_but_another_may() -> None:
    taken = tuple(slot(MORNING - days * DAY, scene="scene1") for days in (20, 10))
    rulings = _decide(case(contender(1, LATER, value=2.0), contender(2, LATER), slots=taken))
    assert [(_rules(one), one.verdict) for one in rulings] == [
        (["same_scene"], Verdict.SUPPRESSED),
        ([], Verdict.WON),
    ]


@pytest.mark.parametrize(
    ("zero", "rules"), [(capped(Cap(window="week", max=0)), ["cap"]), (capped(), [])]
)
def test_zero_is_not_unset(zero: Policy, rules: list[str]) -> None:
    """mautic#10416: a cap of 0 blocked silently; here it blocks with its numbers and no promise."""
    ruling = _one(policy=zero)
    assert _rules(ruling) == rules
    assert ruling.frees_at is None
    assert [one.numbers["max"] for one in ruling.reasons] == [0] * len(rules)


@pytest.mark.parametrize("text", ["2026-10-24T10:00", "2026-03-28T10:00", "2026-10-25T01:30"])
def test_an_instant_is_judged_alike_in_whatever_zone_it_is_told(text: str) -> None:
    """48 hours are 48 hours, also over the night in which the clocks change."""
    instant = local(LONDON, text)
    person = case(contender(1, instant + 5 * DAY), zone=LONDON)
    (told,) = _decide(person, as_of=instant)
    (again,) = _decide(person, as_of=instant.astimezone(LONDON))
    assert told.span is not None
    assert again.span is not None
    assert again.span.end.astimezone(UTC) == told.span.end


BOTH = Holdout(share=0, scenes={"scene1": 0.5})
HELD, FREE = 4, 0
"""Buckets that scene1 leaves alone, and that it does not."""


def test_in_the_holdout_the_winner_is_a_ghost_with_its_slot() -> None:
    treated, held_out = _one(), _one(bucket=0)
    assert held_out == treated._replace(verdict=Verdict.GHOST, arm=Arm.HOLDOUT)


def test_a_ghost_outcompetes_as_a_winner_does() -> None:
    """Else the second best would be sent in one arm only, and the arms differ by more than one."""
    contenders: list[Contender] = [contender(1, LATER, value=2.0), contender(2, LATER)]
    policy = Policy(holdout=BOTH)
    held, free = (_decide(case(*contenders, bucket=bucket), policy) for bucket in (HELD, FREE))
    assert _verdicts(held) == {1: "ghost", 2: "outcompeted"}
    assert _verdicts(free) == {1: "won", 2: "outcompeted"}
    assert [one.arm for one in held] == [Arm.HOLDOUT, Arm.TREATED]
    assert held[1].winner_id == 1
