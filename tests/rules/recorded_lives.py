"""Some days of a few persons as daily runs put them on record, and the same days decided again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from hypothesis import strategies as st

from rules.counterfactual import Counterfactual, Sent, Terms
from rules.governor import Governor
from rules.records import (
    Found,
    case_record,
    contender_record,
    recorded_case,
    recorded_contender,
)
from rules.replay import HOLDOUT, WRITTEN, Day, Fate, Judge
from schemas.governing import Holdout, SharedBudgets
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.policy import Policy
from tests.rules.builders import case, contender
from tests.rules.ticks import (
    CHANNELS,
    DAY,
    KINDS,
    PLACES,
    SENDERS,
    TERMS,
    at,
    policies,
    slots,
    tick_of,
)

FIRST = 100
"""The first candidate of the recorded days; slots of a lower number are older than these."""

LONG_AGO = at(-1000 * DAY)


@dataclass
class Message:
    """A slot that a candidate took, and when it was delivered or given back, if ever."""

    slot: Slot
    settled: datetime | None
    delivered: bool
    answered: bool | None

    def known(self, as_of: datetime) -> Slot | None:
        """Return the slot as a morning finds it; None once it was given back."""
        span = self.slot.span
        if self.settled is None or self.settled > as_of:
            return self.slot._replace(span=Span(span.start, max(span.end, as_of)), is_open=True)
        instant = self.slot._replace(span=Span(self.settled, self.settled), answered=self.answered)
        return instant if self.delivered else None


@dataclass
class Morning:
    """A day as it is on record: what was known of persons, and the fates of all candidates."""

    as_of: datetime
    told: dict[int, bytes] = field(default_factory=dict)
    found: dict[int, list[tuple[Found, bytes]]] = field(default_factory=dict)
    fates: dict[int, Fate] = field(default_factory=dict)

    @property
    def tomorrow(self) -> datetime:
        return self.as_of + timedelta(days=1)

    def case(self, person: int) -> Case:
        """Return a person's case as recorded."""
        contenders = (
            recorded_contender(one, orjson.loads(told)) for one, told in self.found[person]
        )
        return recorded_case(person, orjson.loads(self.told[person]), contenders)


@dataclass
class Lives:
    """Mornings on record, and the policy that decided them."""

    policy: Policy
    around: datetime
    mornings: list[Morning] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)


@dataclass
class _Person:
    zone: ZoneInfo
    before: Sequence[Slot]
    bucket: int
    messages: list[Message] = field(default_factory=list)


def shared(draw: st.DrawFn) -> SharedBudgets:
    """Draw budgets that all share, most of them unbounded."""
    few = st.sampled_from([None, None, 0, 1])
    return SharedBudgets(
        texts_per_sender=draw(few),
        messages_per_scene=draw(few),
        messages_per_run=draw(few),
        scenes=draw(st.sampled_from([{}, {"a": 0}])),
    )


def drawn_policy(draw: st.DrawFn, around: datetime) -> Policy:
    """Draw any policy."""
    terms = draw(st.sampled_from(TERMS))
    holdout = Holdout(share=draw(st.sampled_from([0, 0.1])))
    policy: Policy = draw(
        policies(around.date(), categories=terms, holdout=holdout, shared=shared(draw))
    )
    return policy


@st.composite
def lives(draw: st.DrawFn) -> Lives:
    """Draw three days of two persons, decided by any policy."""
    zone, day = draw(st.sampled_from(PLACES))
    now = tick_of(day) - DAY + draw(st.integers(0, DAY))
    lived = Lives(drawn_policy(draw, at(now)), at(now))
    persons = {
        number: _Person(zone, draw(slots(now, [zone], after=0)), draw(st.sampled_from([9_999, 0])))
        for number in (1, 2)
    }
    for morning in range(3):
        _live(draw, lived, persons, now + morning * DAY)
    return lived


def _live(draw: st.DrawFn, lived: Lives, persons: dict[int, _Person], now: int) -> None:
    """Let a morning be decided and put on record."""
    morning = Morning(at(now))
    day = Day(Governor(lived.policy, morning.as_of), morning.tomorrow)
    for number, person in persons.items():
        told = _case(draw, lived, number, person, now)
        if not told.contenders:
            continue
        morning.told[number] = orjson.dumps(case_record(told))
        morning.found[number] = [_found(one) for one in told.contenders]
        for fate in day.decide(told):
            morning.fates[fate.contender.candidate_id] = fate
    for fate in day.close():
        morning.fates[fate.contender.candidate_id] = fate
    lived.mornings.append(morning)
    for candidate, fate in sorted(morning.fates.items()):
        if fate.slotted is not None:
            message = _message(draw, fate)
            lived.messages[candidate] = message
            persons[fate.person].messages.append(message)


def _case(draw: st.DrawFn, lived: Lives, number: int, person: _Person, now: int) -> Case:
    known = (one.known(at(now)) for one in person.messages)
    taken = [*person.before, *(one for one in known if one is not None)]
    last = max((one for morning in lived.mornings for one in morning.fates), default=FIRST - 1)
    first = last + 1 + 10 * number
    asked = case(
        *(_contender(draw, first + nth, now) for nth in range(draw(st.integers(0, 2)))),
        zone=person.zone,
        slots=tuple(taken),
        contact=Contact(f"external-{number}", draw(st.sampled_from(SENDERS))),
        unanswered=draw(st.sampled_from([0, 0, 1])),
        bucket=person.bucket,
        open_scenes=frozenset(one.scene for one in taken if one.scene and one.is_open),
    )
    return asked._replace(person_id=number)


def _contender(draw: st.DrawFn, number: int, now: int) -> Contender:
    return contender(
        number,
        at(now + draw(st.sampled_from([5, DAY, 3 * DAY]))),
        scene=draw(st.sampled_from("abcd")),
        category=draw(st.sampled_from(KINDS)),
        channel=draw(st.sampled_from(CHANNELS)),
        value=draw(st.sampled_from([0.5, 1.0, 2.0])),
        hours=draw(st.sampled_from([2, 24, 48])),
        wording_key=draw(st.sampled_from("kl")),
    )


def _found(one: Contender) -> tuple[Found, bytes]:
    told = Found(one.candidate_id, one.scene, one.wording_key, one.value, one.window_until)
    return told, orjson.dumps(contender_record(one))


def _message(draw: st.DrawFn, fate: Fate) -> Message:
    span = span_of(fate)
    slot = Slot(fate.contender.candidate_id, span, *terms_of(fate))
    ticks = st.integers(0, (span.end - span.start) // (at(1) - at(0)))
    settled = draw(st.none() | ticks.map(lambda tick: span.start + tick * (at(1) - at(0))))
    answered = draw(st.sampled_from([None, True, False]))
    return Message(slot, settled, draw(st.booleans()), answered)


def span_of(fate: Fate) -> Span:
    """Return the span in which a message that took a slot may arrive."""
    assert fate.slotted is not None
    one, start = fate.contender, fate.slotted.at
    return Span(start, min(one.window_until, start + timedelta(hours=one.hours)))


def terms_of(fate: Fate) -> Terms:
    """Return what is frozen in the slot of a message."""
    assert fate.slotted is not None
    one = fate.contender
    return Terms(fate.slotted.zone, one.category, one.channel, fate.slotted.sender, one.scene)


def replayed(
    lived: Lives, policy: Policy
) -> Iterator[tuple[Morning, dict[int, Case], dict[int, Fate]]]:
    """Yield each recorded morning with its cases and fates as a policy makes them."""
    past = Counterfactual(FIRST)
    for morning in lived.mornings:
        day = Day(Judge(policy, morning.as_of), morning.tomorrow)
        fates: dict[int, Fate] = {}
        cases: dict[int, Case] = {}
        sent = past.sent(list(morning.told))
        for person in morning.told:
            recorded = morning.case(person)
            told = past.case(recorded, sent.get(person, ()), morning.as_of, LONG_AGO)
            cases[person] = told
            fates |= {one.contender.candidate_id: one for one in day.decide(told)}
        fates |= {one.contender.candidate_id: one for one in day.close()}
        yield morning, cases, fates
        taken = {number: one for number, one in fates.items() if one.slotted is not None}
        past.keep([number for number in taken if took_a_slot(morning.fates[number])])
        past.send(
            [
                Sent(one.person, number, span_of(one).start, terms_of(one))
                for number, one in taken.items()
                if not took_a_slot(morning.fates[number])
            ]
        )


def took_a_slot(fate: Fate) -> bool:
    """Tell whether a candidate got the slot it asked for, its ghost included."""
    return fate.told in (WRITTEN, HOLDOUT)
