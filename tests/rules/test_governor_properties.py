"""Whoever contends for whatever budget: the best that fits wins, and everybody else knows why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rules.caps import Ask
from rules.governor import Governor
from schemas.enums import Arm, Verdict
from schemas.governing import Arbitration, PersonalBudget
from schemas.planning import Case, Contact, Contender, Planned, Ruling
from schemas.policy import Policy
from tests.rules.builders import case, contender, thoroughly
from tests.rules.ticks import (
    DAY,
    HOUR,
    KINDS,
    PLACES,
    TERMS,
    TICK,
    ZONES,
    at,
    counted_of,
    first_fitting,
    fits,
    is_open,
    lately_of,
    limits_of,
    policies,
    slots,
    span_of,
    tick_of,
)


@dataclass(frozen=True)
class Person:
    """A case on a hard day, and what it is weighed by; `now` is a tick."""

    case: Case
    zone: ZoneInfo
    policy: Policy
    now: int

    def decide(self, **changed: Any) -> list[Ruling]:
        return Governor(self.policy, at(self.now)).decide(self.case._replace(**changed))


def _contenders(draw: st.DrawFn, now: int) -> list[Contender]:
    return [
        contender(
            number,
            at(now + draw(st.sampled_from([DAY, 3 * DAY]) | st.integers(-4, 3 * DAY))),
            scene=draw(st.sampled_from("abc")),
            category=draw(st.sampled_from(KINDS)),
            channel=draw(st.sampled_from(["wecom", "mail"])),
            value=draw(st.sampled_from([0.5, 1.0, 2.0])),
            hours=draw(st.integers(min_value=1, max_value=48)),
        )
        for number in range(draw(st.integers(min_value=1, max_value=3)))
    ]


@st.composite
def persons(draw: st.DrawFn) -> Person:
    """Draw contenders, slots that began before now, and whatever may hold them back."""
    zone, day = draw(st.sampled_from(PLACES))
    now = tick_of(day) + draw(st.integers(min_value=-DAY, max_value=DAY))
    taken = draw(slots(now, [zone, zone, *ZONES], after=0))
    policy = draw(
        policies(
            day,
            backoff=draw(st.sampled_from([1, 1.5, 2])),
            personal=PersonalBudget(days=draw(st.integers(1, 2)), start=3, least=0, most=4),
            arbitration=Arbitration(annoyance=draw(st.sampled_from([0, 0.125])), in_a_row=99),
            categories=draw(st.sampled_from(TERMS)),
            after_order_hours=24,
        )
    )
    told = case(
        *_contenders(draw, now),
        zone=zone,
        slots=tuple(
            one._replace(answered=draw(st.sampled_from([None, True, False]))) for one in taken
        ),
        consent=draw(st.sampled_from([True] * 9 + [None])),
        unanswered=draw(st.sampled_from([0, 1, 0, 1, 2, 3])),
        ordered_at=draw(st.none() | st.integers(-2 * DAY, 0).map(lambda ago: at(now + ago))),
        complained_at=draw(st.sampled_from([None] * 9 + [at(now - DAY)])),
        open_scenes=draw(st.sampled_from([frozenset()] * 5 + [frozenset("c")])),
    )
    return Person(told, zone, policy, now)


def _ask(one: Contender, person: Person) -> Ask:
    ticks = range(person.now, person.now + one.hours * HOUR + 1)
    return Ask(span_of(ticks), person.zone, one.category, one.channel, "ChenYu")


def _fits(asked: Ask, person: Person) -> bool:
    limits = limits_of(asked.category, person.case, person.policy, person.now)
    return fits(asked, counted_of(person.case, person.policy), limits)


def _forbidden(one: Contender, person: Person) -> bool:
    """Tell whether the person may not be sent what a contender is, at any time."""
    terms, told = getattr(person.policy.categories, one.category.value), person.case
    return (
        (terms.agreed and not told.consent)
        or (terms.guarded and told.complained_at is not None)
        or (terms.capped and told.unanswered >= person.policy.silence_limit)
    )


def _barred(one: Contender, person: Person) -> bool:
    """Tell whether anything but time forbids a contender."""
    terms, told = getattr(person.policy.categories, one.category.value), person.case
    lately = lately_of(told, person.policy, person.now)
    annoyance = person.policy.arbitration.annoyance * (len(lately) + told.unanswered)
    tiresome = terms.capped and one.value <= annoyance
    return _forbidden(one, person) or tiresome or one.scene in told.open_scenes


def _opened(one: Contender, person: Person) -> list[int]:
    until = (one.window_until - at(0)) // TICK
    return [tick for tick in range(person.now, until) if _is_open(tick, person)]


def _is_open(tick: int, person: Person) -> bool:
    return is_open(tick, person.policy, person.zone)


def _after_order(one: Contender, ticks: Sequence[int], person: Person) -> list[int]:
    ordered, terms = person.case.ordered_at, getattr(person.policy.categories, one.category.value)
    if ordered is None or not terms.guarded:
        return list(ticks)
    return [tick for tick in ticks if at(tick) >= ordered + timedelta(hours=24)]


def _place(one: Contender, opened: Sequence[int], person: Person) -> datetime | None:
    until = (one.window_until - at(0)) // TICK
    places = _after_order(one, opened, person)
    limits = limits_of(one.category, person.case, person.policy, person.now)
    taken = counted_of(person.case, person.policy)
    return first_fitting(_ask(one, person), taken, limits, until, places)


def _is_free(one: Contender, person: Person) -> bool:
    """Tell whether nothing holds a contender back at the first instant that is open."""
    opened = _opened(one, person)[:1]
    return not _barred(one, person) and _place(one, opened, person) is not None


@thoroughly
@given(persons())
def test_the_most_valuable_contender_that_no_rule_holds_back_wins(person: Person) -> None:
    rulings = person.decide()
    free = [one for one in person.case.contenders if _is_free(one, person)]
    best = min(free, key=lambda one: (-one.value, one.scene, one.candidate_id), default=None)
    won = [one.contender for one in rulings if one.verdict is Verdict.WON]
    assert won == ([best] if best else [])
    lost = {one.contender.candidate_id for one in rulings if one.verdict is Verdict.OUTCOMPETED}
    assert lost == {one.candidate_id for one in free} - {one.candidate_id for one in won}


@thoroughly
@given(persons())
def test_everybody_who_did_not_win_has_a_reason(person: Person) -> None:
    rulings = person.decide()
    ruled = [one.contender.candidate_id for one in rulings]
    assert sorted(ruled) == [one.candidate_id for one in person.case.contenders]
    winner = next((one for one in rulings if one.verdict is Verdict.WON), None)
    for one in rulings:
        assert bool(one.reasons) is (one.verdict is not Verdict.WON)
        assert (one.span is not None) is (one.verdict is Verdict.WON)
        if one.verdict is Verdict.OUTCOMPETED:
            assert winner is not None
            assert one.winner_id == winner.contender.candidate_id
            (reason,) = one.reasons
            worth = {"expected": one.contender.value, "needed": winner.contender.value}
            assert (reason.rule, reason.numbers) == ("outcompeted", worth)
        else:
            assert one.winner_id is None


@thoroughly
@given(persons())
def test_a_winner_has_the_first_open_span_and_it_ends(person: Person) -> None:
    for one in person.decide():
        if one.span is not None:
            asked = one.contender
            assert one.span.start == at(_opened(asked, person)[0])
            valid = one.span.start + timedelta(hours=asked.hours)
            assert one.span.end == min(asked.window_until, valid)


@thoroughly
@given(persons())
def test_the_holdout_is_decided_alike_but_for_what_is_sent(person: Person) -> None:
    """The same winner with the same slot, and the same reasons for everyone else."""
    held_out = person.decide(bucket=0)
    as_if = [
        one._replace(verdict=Verdict.GHOST if one.verdict is Verdict.WON else one.verdict)
        for one in person.decide()
    ]
    assert held_out == [one._replace(arm=Arm.HOLDOUT) for one in as_if]


@thoroughly
@given(persons(), st.randoms(use_true_random=False))
def test_the_order_of_contenders_does_not_matter(person: Person, chance: Any) -> None:
    contenders = person.case.contenders
    shuffled = tuple(chance.sample(contenders, len(contenders)))
    assert person.decide() == person.decide(contenders=shuffled)


@thoroughly
@given(persons())
def test_what_is_promised_is_the_first_moment_that_would_win(person: Person) -> None:
    for one in person.case.contenders:
        (ruling,) = person.decide(contenders=(one,))
        if ruling.verdict is Verdict.SUPPRESSED:
            place = _place(one, _opened(one, person), person)
            assert ruling.frees_at == (None if _barred(one, person) else place)


@thoroughly
@given(persons())
def test_a_planned_message_goes_out_exactly_when_it_still_fits_its_open_hours(
    person: Person,
) -> None:
    one = person.case.contenders[0]
    window = range(person.now - HOUR, max(person.now, (one.window_until - at(0)) // TICK) + 1)
    to = Contact("external-1", "ChenYu")
    planned = Planned(one.scene, one.category, one.channel, to, span_of(window))
    told = Governor(person.policy, at(person.now)).recheck(person.case, planned)
    assert bool(told.reasons) is (told.span is None)
    opened = _after_order(one, _opened(one, person)[:1], person)
    if _forbidden(one, person) or not opened:
        assert told.span is None
        return
    closed = (tick for tick in window if tick > opened[0] and not _is_open(tick, person))
    span = span_of(range(opened[0], next(closed, window[-1]) + 1))
    asked = Ask(span, person.zone, one.category, one.channel, "ChenYu")
    assert told.span == (span if _fits(asked, person) else None)
