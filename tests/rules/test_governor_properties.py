"""Whoever contends for whatever budget: the best that fits wins, and no life goes over a cap."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st
from rules.quiet_hours import is_quiet

from rules.governor import decide
from schemas.enums import Arm, Verdict
from schemas.planning import Contender, Slot, Span
from schemas.policy import Cap, Policy
from tests.rules.builders import HARD_DAYS, capped, case, contender, thoroughly
from tests.rules.ticks import DAY, HOUR, POLICIES, at, fits, slots_of, tick_of, ticks

POLICY = Policy()


@st.composite
def persons(
    draw: st.DrawFn,
) -> tuple[list[Contender], list[range], Policy, ZoneInfo, int]:
    """Draw contenders, slots that began before now, a policy, a zone and the tick of now."""
    zone, day = draw(st.sampled_from(HARD_DAYS))
    now = tick_of(day) + draw(st.integers(min_value=-DAY, max_value=DAY))
    taken = draw(st.lists(ticks(now, after=0), max_size=3))
    contenders = [
        contender(
            number,
            at(now + draw(st.integers(min_value=-4, max_value=4 * DAY))),
            scene=draw(st.sampled_from("abc")),
            value=draw(st.sampled_from([0.1, 0.5, 0.9])),
            hours=draw(st.integers(min_value=1, max_value=48)),
        )
        for number in range(draw(st.integers(min_value=1, max_value=3)))
    ]
    return contenders, taken, draw(POLICIES), zone, now


Person = tuple[list[Contender], list[range], Policy, ZoneInfo, int]


def _fitting_starts(one: Contender, person: Person) -> list[int]:
    """Return every half-hour from now on at which nothing holds a contender back."""
    _, taken, policy, zone, now = person
    until = max(0, (one.window_until - at(now)) // timedelta(minutes=30))
    return [
        start
        for start in range(now, now + until)
        if not is_quiet(at(start), zone, policy.quiet_hours)
        and fits(range(start, min(now + until, start + one.hours * HOUR) + 1), taken, policy, zone)
    ]


def _first_awake(now: int, zone: ZoneInfo, policy: Policy) -> int:
    while is_quiet(at(now), zone, policy.quiet_hours):
        now += 1
    return now


@thoroughly
@given(persons())
def test_the_most_valuable_contender_that_no_rule_holds_back_wins(person: Person) -> None:
    contenders, taken, policy, zone, now = person
    rulings = decide(case(*contenders, slots=slots_of(taken)), policy, zone, at(now))
    awake = _first_awake(now, zone, policy)
    free = [one for one in contenders if awake in _fitting_starts(one, person)]
    best = min(free, key=lambda one: (-one.value, one.scene, one.candidate_id), default=None)
    won = [one.contender for one in rulings if one.verdict is Verdict.WON]
    assert won == ([best] if best else [])
    lost = {one.contender.candidate_id for one in rulings if one.verdict is Verdict.OUTCOMPETED}
    assert lost == {one.candidate_id for one in free} - {one.candidate_id for one in won}


@thoroughly
@given(persons())
def test_the_holdout_is_decided_alike_but_for_what_is_sent(person: Person) -> None:
    """The same winner with the same slot, and the same reasons for everyone else."""
    contenders, taken, policy, zone, now = person
    treated, held_out = (
        decide(case(*contenders, slots=slots_of(taken), arm=arm), policy, zone, at(now))
        for arm in (Arm.TREATED, Arm.HOLDOUT)
    )
    assert Verdict.WON not in {one.verdict for one in held_out}
    as_if = [
        replace(one, verdict=Verdict.WON) if one.verdict is Verdict.GHOST else one
        for one in held_out
    ]
    assert as_if == treated


@thoroughly
@given(persons(), st.randoms(use_true_random=False))
def test_the_order_of_contenders_does_not_matter(person: Person, chance: Any) -> None:
    contenders, taken, policy, zone, now = person
    shuffled = chance.sample(contenders, len(contenders))
    decided, again = (
        decide(case(*order, slots=slots_of(taken)), policy, zone, at(now))
        for order in (contenders, shuffled)
    )
    assert decided == again


@thoroughly
@given(persons())
def test_every_contender_gets_one_ruling_and_every_no_a_reason(person: Person) -> None:
    contenders, taken, policy, zone, now = person
    rulings = decide(case(*contenders, slots=slots_of(taken)), policy, zone, at(now))
    ruled = [one.contender.candidate_id for one in rulings]
    assert sorted(ruled) == [one.candidate_id for one in contenders]
    for one in rulings:
        assert bool(one.reasons) is (one.verdict is Verdict.SUPPRESSED)
        assert (one.span is not None) is (one.verdict is Verdict.WON)
        assert (one.winner_id is not None) is (one.verdict is Verdict.OUTCOMPETED)


@thoroughly
@given(persons())
def test_what_is_promised_is_the_first_moment_that_would_win(person: Person) -> None:
    contenders, taken, policy, zone, now = person
    for one in contenders:
        (ruling,) = decide(case(one, slots=slots_of(taken)), policy, zone, at(now))
        first = next(iter(_fitting_starts(one, person)), None)
        if ruling.verdict is Verdict.SUPPRESSED:
            assert ruling.frees_at == (None if first is None else at(first))


RULES = st.sampled_from(
    [
        POLICY,
        POLICY.model_copy(update={"gap_hours": 0}),
        capped(Cap(window="day", max=2), Cap(rolling_hours=24, max=2), gap_hours=3),
        capped(Cap(window="week", max=2), Cap(rolling_hours=168, max=3)),
    ]
)
STEPS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=60),  # hours until somebody has a reason again
        st.integers(min_value=1, max_value=60),  # hours the message is valid
        st.floats(min_value=0, max_value=1),  # where in its span the employee confirms
    ),
    min_size=5,
    max_size=40,
)


def _live(
    steps: list[tuple[int, int, float]], policy: Policy, zone: ZoneInfo, as_of: datetime
) -> list[datetime]:
    """Return the deliveries of a person's weeks; a slot is its whole span until it is delivered."""
    sent: list[tuple[Span, datetime]] = []
    for wait, hours, confirms in steps:
        as_of += timedelta(hours=wait)
        slots = tuple(Slot(0, was if when > as_of else Span(when, when)) for was, when in sent)
        asking = contender(1, as_of + timedelta(days=3), hours=hours)
        (ruling,) = decide(case(asking, slots=slots), policy, zone, as_of)
        if ruling.span is not None:
            assert not is_quiet(ruling.span.start, zone, policy.quiet_hours)
            length = ruling.span.end - ruling.span.start
            sent.append((ruling.span, ruling.span.start + length * confirms))
    return sorted(when for _, when in sent)


def _period(window: str, when: datetime, zone: ZoneInfo) -> str:
    return when.astimezone(zone).strftime({"day": "%x", "week": "%G-%V", "month": "%Y-%m"}[window])


def _most(cap: Cap, sent: list[datetime], zone: ZoneInfo) -> int:
    if cap.window is not None:
        return max(Counter(_period(cap.window, when, zone) for when in sent).values())
    length = timedelta(hours=cap.rolling_hours or 0)
    return max(sum(since <= when < since + length for when in sent) for since in sent)


@thoroughly
@given(STEPS, RULES, st.sampled_from(HARD_DAYS))
def test_no_life_goes_over_any_cap_whenever_employees_confirm(
    steps: list[tuple[int, int, float]], policy: Policy, place: tuple[ZoneInfo, Any]
) -> None:
    zone, day = place
    born = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=20)
    sent = _live(steps, policy, zone, born)
    assume(sent)
    assert all(_most(cap, sent, zone) <= cap.max for cap in policy.caps)
    gap = timedelta(hours=policy.gap_hours)
    assert all(later - earlier >= gap for earlier, later in pairwise(sent))
