"""A life under any policy: whatever happens in whatever order, nobody is written to too often."""

from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules.caps import Ask, Limits
from rules.governor import Governor
from schemas.enums import Verdict
from schemas.governing import Cap, Holdout, PersonalBudget, Scope
from schemas.planning import Case, Contact, Contender, Planned, Ruling, Slot, Span
from tests.rules.builders import case, contender
from tests.rules.ticks import (
    CHANNELS,
    DAY,
    HOUR,
    KINDS,
    PLACES,
    SENDERS,
    TERMS,
    ZONES,
    at,
    counted_of,
    fits,
    is_open,
    limits_of,
    policies,
    span_of,
    tick_of,
    ticks_of,
)

Look = tuple[ZoneInfo, frozenset[int]]
"""The zone a message was weighed in, and whose slots were known by then."""


@dataclass
class Message:
    """A slot as it was frozen, how often it was looked at, and what became of it."""

    slot: Slot
    planned: Planned
    looks: list[Look]
    pushed: Span | None = None
    delivered: Span | None = None


@dataclass
class Person:
    """What is known of a person at the moment."""

    zone: ZoneInfo | None
    consent: bool = True
    suppressed: str | None = None
    unanswered: int = 0
    sender: str = SENDERS[0]
    messages: list[Message] = field(default_factory=list)


TIGHT = [
    Cap(window="day", max=1),
    Cap(window="week", max=2),
    Cap(rolling_hours=30, max=1),
    Cap(rolling_days=2, max=2),
    Cap(scope=Scope.SENDER, window="day", max=1),
    Cap(scope=Scope.CHANNEL, rolling_hours=24, max=1),
    Cap(scope=Scope.CATEGORY, rolling_days=2, max=1),
]
NEWS = st.one_of(
    st.tuples(st.just("zone"), st.sampled_from([*ZONES, *ZONES, None])),
    st.tuples(st.just("unanswered"), st.sampled_from([0, 0, 1, 2, 3])),
    st.tuples(st.just("suppressed"), st.sampled_from([None, None, "deleted"])),
    st.tuples(st.just("consent"), st.sampled_from([True, True, False])),
    st.tuples(st.just("sender"), st.sampled_from(SENDERS)),
)


class Lives(RuleBasedStateMachine):
    """Two persons, who may turn out to be one; time in half-hours."""

    @initialize(place=st.sampled_from(PLACES), data=st.data())
    def are_born(self, place: tuple[ZoneInfo, Any], data: st.DataObject) -> None:
        zone, day = place
        budget = PersonalBudget(days=2, start=4, least=1, most=6)
        terms = data.draw(st.sampled_from(TERMS))
        drawn = data.draw(
            policies(day, personal=budget, categories=terms, backoff=2, holdout=Holdout(share=0.1))
        )
        tight = data.draw(st.lists(st.sampled_from(TIGHT), min_size=1, max_size=2))
        self.policy = drawn.model_copy(update={"caps": (*drawn.caps[:1], *tight)})
        self.now = tick_of(day) - 2 * DAY
        self.number = 0
        self.persons = [Person(zone), Person(zone)]

    @rule(ticks=st.integers(1, 30) | st.integers(30, 150))
    def time_passes(self, ticks: int) -> None:
        self.now += ticks

    @rule(ticks=st.integers(1, 6))
    def the_clock_is_set_back(self, ticks: int) -> None:
        self.now -= ticks

    @rule(data=st.data(), news=NEWS)
    def something_is_told_of_somebody(self, data: st.DataObject, news: tuple[str, Any]) -> None:
        setattr(self._anybody(data), *news)

    @precondition(lambda self: len(self.persons) > 1)
    @rule()
    def they_turn_out_to_be_one(self) -> None:
        one, other = self.persons
        one.messages += other.messages
        self.persons = [one]

    @rule(
        data=st.data(),
        wait=st.integers(0, 2 * DAY),
        count=st.integers(1, 3),
        bucket=st.sampled_from([9_999, 9_999, 0]),
    )
    def scenes_propose(self, data: st.DataObject, wait: int, count: int, bucket: int) -> None:
        self.now += wait
        person = self._anybody(data)
        told = self._case(person, [self._contender(data) for _ in range(count)], bucket)
        rulings = Governor(self.policy, at(self.now)).decide(told)
        taken = [one for one in rulings if one.verdict in (Verdict.WON, Verdict.GHOST)]
        assert len(rulings) == count
        assert len(taken) <= 1
        assert all(one.reasons for one in rulings if one not in taken)
        for one in taken:
            self._is_planned(person, told, one)
        if data.draw(st.booleans()):
            self._go_out_or_never_will(person)
        if data.draw(st.booleans()):
            self._confirm_at_any_moment_of_the_task(person, data)

    @rule(data=st.data())
    def messages_go_out(self, data: st.DataObject) -> None:
        self._go_out_or_never_will(self._anybody(data))

    @rule(data=st.data())
    def employees_confirm(self, data: st.DataObject) -> None:
        self._confirm_at_any_moment_of_the_task(self._anybody(data), data)

    def _go_out_or_never_will(self, person: Person) -> None:
        for message in [one for one in person.messages if one.pushed is None]:
            others = replace(person, messages=[one for one in person.messages if one != message])
            told = Governor(self.policy, at(self.now)).recheck(self._case(others), message.planned)
            assert bool(told.reasons) is (told.span is None)
            if told.span is None or person.zone is None:
                person.messages = others.messages
                continue
            assert person.suppressed is None
            assert message.planned.span.start <= told.span.start
            assert told.span.end <= message.planned.span.end
            message.pushed = told.span
            message.looks.append((person.zone, self._known(others)))

    def _confirm_at_any_moment_of_the_task(self, person: Person, data: st.DataObject) -> None:
        for message in person.messages:
            if message.delivered or not message.pushed or data.draw(st.booleans()):
                continue
            # At its end a task is cancelled.
            tick = data.draw(st.sampled_from(ticks_of(message.pushed)[:-1]))
            assert is_open(tick, self.policy, message.looks[-1][0])
            message.delivered = span_of(range(tick, tick + 1))

    @rule(data=st.data())
    def a_message_is_cancelled(self, data: st.DataObject) -> None:
        person = self._anybody(data)
        pending = [one for one in person.messages if not one.delivered]
        if pending:
            person.messages.remove(data.draw(st.sampled_from(pending)))

    @invariant()
    def nobody_was_reached_more_often_than_any_cap_allows(self) -> None:
        for person in getattr(self, "persons", []):
            reached = [one for one in person.messages if one.delivered]
            for message in reached:
                for zone, known in message.looks:
                    before = [one for one in reached if one.slot.candidate_id in known]
                    self._keeps_the_caps(message, zone, before)

    def _keeps_the_caps(self, message: Message, zone: ZoneInfo, before: list[Message]) -> None:
        planned, delivered = message.planned, message.delivered
        assert delivered is not None
        instants = tuple(one.slot._replace(span=one.delivered or one.slot.span) for one in before)
        told = case(slots=instants)
        sender = planned.contact.sender
        asked = Ask(delivered, zone, planned.category, planned.channel, sender)
        free = not self.policy.categories.of(planned.category).capped
        assert free or fits(asked, counted_of(told, self.policy), Limits(self.policy.caps))

    def _anybody(self, data: st.DataObject) -> Person:
        person: Person = data.draw(st.sampled_from(self.persons))
        return person

    def _contender(self, data: st.DataObject) -> Contender:
        self.number += 1
        return contender(
            self.number,
            at(self.now + data.draw(st.sampled_from([5, 2 * DAY, 3 * DAY]))),
            scene=data.draw(st.sampled_from("abcdefgh")),
            category=data.draw(st.sampled_from(KINDS)),
            channel=data.draw(st.sampled_from(CHANNELS)),
            value=data.draw(st.sampled_from([0.5, 1.0])),
            hours=data.draw(st.sampled_from([2, 12, 48])),
        )

    def _case(
        self, person: Person, contenders: list[Contender] | None = None, bucket: int = 9_999
    ) -> Case:
        return case(
            *(contenders or []),
            zone=person.zone,
            slots=tuple(self._slot(one) for one in person.messages),
            contact=Contact("external-1", person.sender),
            consent=person.consent,
            suppressed=person.suppressed,
            unanswered=person.unanswered,
            bucket=bucket,
            open_scenes=frozenset(
                one.planned.scene for one in person.messages if not one.delivered
            ),
        )

    def _slot(self, message: Message) -> Slot:
        """Return an instant once it is known, else the span, which lasts until it is."""
        planned = message.slot.span
        lasting = Span(planned.start, max(planned.end, at(self.now)))
        return message.slot._replace(span=message.delivered or lasting)

    def _known(self, person: Person) -> frozenset[int]:
        return frozenset(one.slot.candidate_id for one in person.messages)

    def _is_planned(self, person: Person, told: Case, won: Ruling) -> None:
        asked, span, zone = won.contender, won.span, person.zone
        assert span is not None
        assert zone is not None
        assert person.suppressed is None
        terms = self.policy.categories.of(asked.category)
        assert person.consent or not terms.agreed
        assert at(self.now) <= span.start <= span.end <= asked.window_until
        assert span.end <= span.start + asked.hours * HOUR * (at(1) - at(0))
        assert is_open(ticks_of(span)[0], self.policy, zone)
        ask = Ask(span, zone, asked.category, asked.channel, person.sender)
        limits = limits_of(asked.category, told, self.policy, self.now)
        assert fits(ask, counted_of(told, self.policy), limits)
        slot = Slot(asked.candidate_id, span, zone, asked.category, asked.channel, person.sender)
        contact = Contact("external-1", person.sender)
        planned = Planned(asked.scene, asked.category, asked.channel, contact, span)
        look = (zone, self._known(person))
        person.messages.append(Message(slot, planned, [look]))


Lives.TestCase.settings = settings(max_examples=150, stateful_step_count=50)

TestNoLifeGoesOverAnyCapWheneverEmployeesConfirm = Lives.TestCase
