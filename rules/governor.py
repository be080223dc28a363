"""One person, one budget, one winner."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.bounds import Bounds, bounds_of
from rules.caps import (
    Ask,
    Count,
    Hold,
    Limits,
    concerns,
    count,
    counted,
    lifted,
    violations,
)
from rules.holdout import arm_of
from rules.hours import AHEAD, Hours
from rules.places import first_place
from rules.standing import guarded_until, person_reasons
from rules.worth import answers, expected, is_worth, lately, said_too_often
from schemas.enums import Arm, Category, Verdict
from schemas.planning import Case, Contact, Contender, Planned, Reason, Recheck, Ruling, Slot, Span
from schemas.policy import Policy

_NOTHING_HOLDS = Limits()
_NOBODY = Contact("", "")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_Valued = tuple[float, Contender]


class _Person(NamedTuple):
    """
    What is the same for all contenders of a person: slots that count, and what holds them back.

    From `free_from` on none of their slots can break any limit; None where nothing may pass at all.
    """

    case: Case
    slots: tuple[Slot, ...]
    bounds: Bounds
    free_from: datetime | None


class _Standing(NamedTuple):
    """What is the same for all contenders of a person in one category."""

    reasons: tuple[Reason, ...]
    guarded_until: datetime | None
    limits: Limits
    is_capped: bool


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
    _bounds: dict[tuple[int, int, int, int], Bounds] = field(default_factory=dict, init=False)

    def decide(self, case: Case) -> list[Ruling]:
        """
        Return one ruling per contender of a person, at most one of them won.

        Rationale: the most valuable contender that no rule holds back takes the only slot; a weaker
        one never gets it by coming first (peers.md, section 4, pitfall 9). In the holdout the
        winner is a ghost: decided by the same rules and paid for with the same slot, so that both
        arms compete alike and differ in nothing but what was sent.
        """
        person = self._person(case)
        standings: dict[Category, _Standing] = {}
        rulings: list[Ruling] = []
        winner: _Valued | None = None
        for gain, contender in self._ranked(case.contenders):
            category = contender.category
            standing = standings.get(category) or self._standing(category, person)
            standings[category] = standing
            ruling = self._rule(contender, gain, person, standing)
            if ruling.verdict is Verdict.WON:
                if winner is not None:
                    ruling = _outcompeted(ruling, gain, winner)
                else:
                    winner = gain, contender
                    if ruling.arm is Arm.HOLDOUT:
                        ruling = ruling._replace(verdict=Verdict.GHOST)
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
        person = self._person(case)
        standing = self._standing(planned.category, person)
        reasons = standing.reasons
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
        held = _held_back(ask, person, standing)
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
        standing = self._standing(Category.MARKETING, person)
        contact = case.contact or _NOBODY
        at = Span(self.as_of, self.as_of)
        ask = Ask(at, case.zone, Category.MARKETING, channel, contact.sender)
        caps = (cap for cap in self.policy.caps if concerns(cap, ask))
        return Room(
            tuple(count(cap, ask, person.slots) for cap in caps),
            count(person.bounds.personal, ask, person.slots),
            person.bounds.limits.gap_hours,
            self._frees(ask, person, standing, _held_back(ask, person, standing), until),
        )

    def _person(self, case: Case) -> _Person:
        """Return what is the same for all contenders of a person."""
        slots = counted(case.slots, self.policy)
        of_late = lately(slots, self.policy, self.as_of)
        bounds = self._bound(len(slots), len(of_late), answers(of_late), case.unanswered)
        last = max([slot.span.end for slot in slots], default=_LONG_AGO)
        return _Person(case, slots, bounds, None if bounds.reach is None else last + bounds.reach)

    def _bound(self, slots: int, of_late: int, answered: int, unanswered: int) -> Bounds:
        """Return what so many slots can fill: other caps hold nobody with so few back."""
        told = (slots, of_late, answered, unanswered)
        if told in self._bounds:
            return self._bounds[told]
        self._bounds[told] = bounds_of(slots, of_late, answered, unanswered, self.policy)
        return self._bounds[told]

    def _standing(self, category: Category, person: _Person) -> _Standing:
        """Return what is the same for all contenders of a person in one category."""
        capped = self.policy.categories.of(category).capped
        return _Standing(
            person_reasons(person.case, category, self.policy, self.as_of),
            guarded_until(person.case, category, self.policy),
            person.bounds.limits if capped else _NOTHING_HOLDS,
            capped,
        )

    def _ranked(self, contenders: Sequence[Contender]) -> list[_Valued]:
        """Return contenders with what each is worth, the most valuable one first."""
        valued = [(expected(one, self.policy), one) for one in contenders]
        if len(valued) > 1:
            valued.sort(key=lambda told: (-told[0], told[1].scene, told[1].candidate_id))
        return valued

    def _rule(
        self, contender: Contender, gain: float, person: _Person, standing: _Standing
    ) -> Ruling:
        case = person.case
        arm = arm_of(case.bucket, contender.scene, self.policy.holdout)
        barred = self._barred(contender, gain, person, standing)
        if barred or case.zone is None or case.contact is None:
            return Ruling(contender, Verdict.SUPPRESSED, arm, barred)
        until = contender.window_until
        start = self._opens(case.zone, until)
        if start is None:
            return Ruling(contender, Verdict.SUPPRESSED, arm, (Reason("window_over"),))
        span = Span(start, min(until, start + timedelta(hours=contender.hours)))
        if _is_free(start, person, standing):
            return Ruling(contender, Verdict.WON, arm, span=span)
        ask = Ask(span, case.zone, contender.category, contender.channel, case.contact.sender)
        held = _held_back(ask, person, standing)
        if held:
            frees = self._frees(ask, person, standing, held, until)
            reasons = tuple([hold.reason for hold in held])
            return Ruling(contender, Verdict.SUPPRESSED, arm, reasons, frees_at=frees)
        return Ruling(contender, Verdict.WON, arm, span=span)

    def _barred(
        self, contender: Contender, gain: float, person: _Person, standing: _Standing
    ) -> tuple[Reason, ...]:
        reasons = standing.reasons
        if contender.scene in person.case.open_scenes:
            reasons += (Reason("open_message"),)
        # The notice of a third parcel is no routine, and costs nobody's goodwill.
        if not standing.is_capped:
            return reasons + is_worth(gain, 0)
        again = said_too_often(contender, person.slots, self.policy)
        return reasons + again + is_worth(gain, person.bounds.cost)

    def _frees(
        self,
        ask: Ask,
        person: _Person,
        standing: _Standing,
        held: Sequence[Hold],
        until: datetime,
    ) -> datetime | None:
        """Return the first instant, before `until`, at which nothing of this holds an ask back."""
        start = lifted(held) if held else ask.span.start
        if start is None or start >= until:
            return None
        hours = self._hours_in(ask.zone)
        return first_place(ask.at(start, until), person.slots, standing.limits, hours, until=until)

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


def _is_free(start: datetime, person: _Person, standing: _Standing) -> bool:
    """Tell at a glance whether nothing that time alone lifts can be in the way any more."""
    guarded = standing.guarded_until is not None and start < standing.guarded_until
    return not guarded and person.free_from is not None and start >= person.free_from


def _held_back(ask: Ask, person: _Person, standing: _Standing) -> tuple[Hold, ...]:
    """Return what time alone will lift: the silence after an order, caps, the gap."""
    broken: tuple[Hold, ...] = ()
    if person.free_from is None or ask.span.start < person.free_from:
        broken = violations(ask, person.slots, standing.limits)
    until = standing.guarded_until
    if until is None or ask.span.start >= until:
        return broken
    return (Hold(Reason("after_order", {"until": until.isoformat()}), until), *broken)


def _outcompeted(ruling: Ruling, gain: float, winner: _Valued) -> Ruling:
    needed, won = winner
    reason = Reason("outcompeted", {"expected": round(gain, 4), "needed": round(needed, 4)})
    return Ruling(
        ruling.contender,
        Verdict.OUTCOMPETED,
        ruling.arm,
        (reason,),
        winner_id=won.candidate_id,
    )
