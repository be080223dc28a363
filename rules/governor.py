"""One person, one budget, one winner."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.caps import (
    Ask,
    Count,
    Hold,
    Limits,
    concerns,
    count,
    counted,
    lifted,
    stretched_gap,
    violations,
)
from rules.holdout import arm_of
from rules.hours import AHEAD, Hours
from rules.places import first_place
from rules.standing import guarded_until, person_reasons
from rules.worth import allowance, annoyance, expected, is_worth, lately, said_too_often
from schemas.enums import Arm, Category, Verdict
from schemas.governing import Cap
from schemas.planning import Case, Contact, Contender, Planned, Reason, Recheck, Ruling, Slot, Span
from schemas.policy import Policy

_NOTHING_HOLDS = Limits()
_NOBODY = Contact("", "")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_Bounds = tuple[Cap, Limits, timedelta | None]


class _Person(NamedTuple):
    """
    What is the same for all contenders of a person: slots that count, limits, annoyance.

    From `free_from` on none of their slots can break any limit; None where nothing may pass at all.
    """

    case: Case
    slots: tuple[Slot, ...]
    personal: Cap
    limits: Limits
    free_from: datetime | None
    cost: float


@dataclass(frozen=True)
class Room:
    """How full each cap and the personal budget are, the gap in hours, and when there is room."""

    caps: tuple[Count, ...]
    personal: Count
    gap_hours: float
    next_place: datetime | None


@dataclass(frozen=True)
class Governor:
    """Decides under one policy at one instant; it remembers each zone's hours and opening."""

    policy: Policy
    as_of: datetime
    _hours: dict[ZoneInfo, Hours] = field(default_factory=dict, init=False)
    _opened: dict[ZoneInfo, datetime | None] = field(default_factory=dict, init=False)
    _bounds: dict[tuple[int, int, int], _Bounds] = field(default_factory=dict, init=False)

    def decide(self, case: Case) -> list[Ruling]:
        """
        Return one ruling per contender of a person, at most one of them won.

        Rationale: the most valuable contender that no rule holds back takes the only slot; a weaker
        one never gets it by coming first (peers.md, section 4, pitfall 9). In the holdout the
        winner is a ghost: decided by the same rules and paid for with the same slot, so that both
        arms compete alike and differ in nothing but what was sent.
        """
        person = self._person(case)
        rulings: list[Ruling] = []
        winner: Contender | None = None
        several = len(case.contenders) > 1
        ranked = sorted(case.contenders, key=self._rank) if several else case.contenders
        for contender in ranked:
            ruling = self._rule(contender, person)
            if ruling.verdict is Verdict.WON and winner is None:
                winner = contender
                if ruling.arm is Arm.HOLDOUT:
                    ruling = ruling._replace(verdict=Verdict.GHOST)
            elif ruling.verdict is Verdict.WON and winner is not None:
                ruling = self._outcompeted(ruling, winner)
            rulings.append(ruling)
        return rulings

    def recheck(self, case: Case, planned: Planned) -> Recheck:
        """
        Return what forbids a planned message by now; `case.slots` leaves out its own.

        Its span ends with its window or when the hours close: an employee may confirm at any
        moment, so no open task may reach into the night.

        Rationale: a yes may be days old. Who refused, fell silent, was reached otherwise or changed
        advisers since is left alone; a yes for one adviser's voice is none for another's.
        """
        reasons = person_reasons(case, planned.category, self.policy, self.as_of)
        if case.contact is not None and case.contact != planned.contact:
            reasons = (*reasons, Reason("contact_changed"))
        if case.zone is None:
            return Recheck(reasons, None)
        hours = self._hours_in(case.zone)
        start = hours.opens(max(self.as_of, planned.span.start), planned.span.end)
        if start is None:
            return Recheck((*reasons, Reason("window_over")), None)
        span = Span(start, hours.closes(start, planned.span.end))
        sender = planned.contact.sender
        ask = Ask(span, case.zone, planned.category, planned.channel, sender)
        held = self._held_back(ask, self._person(case))
        reasons += tuple(hold.reason for hold in held)
        return Recheck(reasons, None if reasons else span)

    def room(self, channel: str, case: Case, until: datetime) -> Room:
        """
        Return what is left for one more marketing message through a channel.

        Rationale: whoever asks why must be shown the counts that the governor goes by, no others.
        """
        if case.zone is None:
            raise ValueError("without a zone there is no day to count in")
        person = self._person(case)
        contact = case.contact or _NOBODY
        at = Span(self.as_of, self.as_of)
        ask = Ask(at, case.zone, Category.MARKETING, channel, contact.sender)
        caps = (cap for cap in self.policy.caps if concerns(cap, ask))
        return Room(
            tuple(count(cap, ask, person.slots) for cap in caps),
            count(person.personal, ask, person.slots),
            person.limits.gap_hours,
            self._frees(ask, person, self._held_back(ask, person), until),
        )

    def _person(self, case: Case) -> _Person:
        """Return what is the same for all contenders of a person."""
        slots = counted(case.slots, self.policy)
        of_late = lately(slots, self.policy, self.as_of)
        allowed = allowance(case, of_late, self.policy)
        personal, limits, reach = self._bound(len(slots), allowed, case.unanswered)
        last = max([slot.span.end for slot in slots], default=_LONG_AGO)
        free_from = None if reach is None else last + reach
        cost = annoyance(case, of_late, self.policy)
        return _Person(case, slots, personal, limits, free_from, cost)

    def _bound(self, slots: int, allowed: int, unanswered: int) -> _Bounds:
        """Return what so many slots can fill: other caps hold nobody with so few back."""
        told = (slots, allowed, unanswered)
        if told not in self._bounds:
            personal = Cap(rolling_days=self.policy.personal.days, max=allowed)
            limits = Limits(
                tuple(cap for cap in self.policy.caps if cap.fewest <= slots),
                personal if personal.fewest <= slots else None,
                stretched_gap(self.policy, unanswered),
            )
            self._bounds[told] = (personal, limits, limits.reach)
        return self._bounds[told]

    def _rank(self, contender: Contender) -> tuple[float, str, int]:
        return (-expected(contender, self.policy), contender.scene, contender.candidate_id)

    def _rule(self, contender: Contender, person: _Person) -> Ruling:
        case = person.case
        arm = arm_of(case.bucket, contender.scene, self.policy.holdout)
        barred = self._barred(contender, person)
        if barred or case.zone is None or case.contact is None:
            return Ruling(contender, Verdict.SUPPRESSED, arm, barred)
        start = self._opens(case.zone, contender.window_until)
        if start is None:
            return Ruling(contender, Verdict.SUPPRESSED, arm, (Reason("window_over"),))
        ask = Ask(
            Span(start, min(contender.window_until, start + timedelta(hours=contender.hours))),
            case.zone,
            contender.category,
            contender.channel,
            case.contact.sender,
        )
        held = self._held_back(ask, person)
        if held:
            frees = self._frees(ask, person, held, contender.window_until)
            reasons = tuple([hold.reason for hold in held])
            return Ruling(contender, Verdict.SUPPRESSED, arm, reasons, frees_at=frees)
        return Ruling(contender, Verdict.WON, arm, span=ask.span)

    def _barred(self, contender: Contender, person: _Person) -> tuple[Reason, ...]:
        case = person.case
        reasons = person_reasons(case, contender.category, self.policy, self.as_of)
        if contender.scene in case.open_scenes:
            reasons += (Reason("open_message"),)
        gain = expected(contender, self.policy)
        # The notice of a third parcel is no routine, and costs nobody's goodwill.
        if not self.policy.categories.of(contender.category).capped:
            return reasons + is_worth(gain, 0)
        again = said_too_often(contender, person.slots, self.policy)
        return reasons + again + is_worth(gain, person.cost)

    def _held_back(self, ask: Ask, person: _Person) -> tuple[Hold, ...]:
        """Return what time alone will lift: the silence after an order, caps, the gap."""
        broken: tuple[Hold, ...] = ()
        if person.free_from is None or ask.span.start < person.free_from:
            broken = violations(ask, person.slots, self._limits(ask.category, person))
        until = guarded_until(person.case, ask.category, self.policy)
        if until is None or ask.span.start >= until:
            return broken
        return (Hold(Reason("after_order", {"until": until.isoformat()}), until), *broken)

    def _frees(
        self, ask: Ask, person: _Person, held: Sequence[Hold], until: datetime
    ) -> datetime | None:
        """Return the first instant, before `until`, at which nothing of this holds an ask back."""
        start = lifted(held) if held else ask.span.start
        if start is None or start >= until:
            return None
        limits = self._limits(ask.category, person)
        hours = self._hours_in(ask.zone)
        return first_place(ask.at(start, until), person.slots, limits, hours, until=until)

    def _limits(self, category: Category, person: _Person) -> Limits:
        return person.limits if self.policy.categories.of(category).capped else _NOTHING_HOLDS

    def _opens(self, zone: ZoneInfo, until: datetime) -> datetime | None:
        """Return the first instant from now on at which a zone is open, before `until`."""
        if zone not in self._opened:
            # In UTC an hour is an hour, also in the night in which clocks change.
            at = self.as_of.astimezone(UTC)
            self._opened[zone] = self._hours_in(zone).opens(at, at + AHEAD)
        opens = self._opened[zone]
        return opens if opens is not None and opens < until else None

    def _hours_in(self, zone: ZoneInfo) -> Hours:
        if zone not in self._hours:
            self._hours[zone] = Hours(self.policy, zone)
        return self._hours[zone]

    def _outcompeted(self, ruling: Ruling, winner: Contender) -> Ruling:
        worth, needed = (round(expected(one, self.policy), 4) for one in (ruling.contender, winner))
        reason = Reason("outcompeted", {"expected": worth, "needed": needed})
        return Ruling(
            ruling.contender,
            Verdict.OUTCOMPETED,
            ruling.arm,
            (reason,),
            winner_id=winner.candidate_id,
        )
