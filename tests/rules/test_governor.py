"""One person, one budget, one winner, and a reason for everybody else."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.governor import decide, person_reasons, recheck, task_until
from rules.quiet_hours import is_quiet
from schemas.enums import Verdict
from schemas.planning import Contact, Contender, Ruling, Slot, Span
from schemas.settings import Cap, Policy
from tests.rules.builders import (
    HARD_DAYS,
    LONDON,
    SHANGHAI,
    capped,
    case,
    contender,
    local,
    shanghai,
    slot,
    span,
    thoroughly,
)
from tests.rules.ticks import DAY, HOUR, POLICIES, at, fits, slots_of, tick_of, ticks

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


@pytest.mark.parametrize(
    ("at_clock", "changed", "expected"),
    [
        ("10:00", {}, []),
        ("20:30", {}, ["quiet_hours"]),
        ("10:00", {"consent": False}, ["no_consent"]),
        ("10:00", {"contact": None}, ["no_contact"]),
        ("22:00", {"suppressed": "deleted"}, ["suppressed", "quiet_hours"]),
    ],
)
def test_what_has_changed_since_the_plan_still_forbids_sending(
    at_clock: str, changed: dict[str, Any], expected: list[str]
) -> None:
    """Only the last look counts: a draft may wait for days (peers.md, section 4, pitfall 2)."""
    now = span(shanghai(f"2026-03-02T{at_clock}"), 2)
    told = recheck(case(**changed), now, POLICY, SHANGHAI)
    assert [one.rule for one in told] == expected


def test_another_slot_taken_meanwhile_forbids_sending() -> None:
    person = case(slots=(slot(MORNING),), contact=Contact("external-1", "ChenYu"))
    told = recheck(person, span(MORNING, 2), capped(Cap(window="day", max=1)), SHANGHAI)
    assert [one.rule for one in told] == ["cap"]


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
