"""Counting a person's slots against caps and the minimum gap."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.enums import Category
from schemas.governing import AS_MANY_AS_DAYS, Cap, Scope
from schemas.planning import Reason, Slot, Span, days_of
from schemas.policy import Policy

_WEEK_DAYS, _MONTHS = 7, 12

LONGEST_GAP_HOURS = 24.0 * 366
"""How far a gap is stretched at most: as far as a policy can set it."""


class _Asking(NamedTuple):
    span: Span
    zone: ZoneInfo
    category: Category
    channel: str
    sender: str


class Ask(_Asking):
    """What asks for a place: when it may arrive, on whose clock, and what caps tell it by."""

    @cached_property
    def days(self) -> tuple[date, date]:
        """The first and the last local day it touches."""
        return days_of(self.span, self.zone)

    def at(self, start: datetime, until: datetime) -> "Ask":
        """Return the same from another start on, just as long, but not beyond `until`."""
        length = self.span.end - self.span.start
        span = Span(start, max(start, min(start + length, until)))
        return Ask(span, self.zone, self.category, self.channel, self.sender)


class Limits(NamedTuple):
    """What holds one person's messages apart: caps, their own budget, and the gap in hours."""

    caps: tuple[Cap, ...] = ()
    personal: Cap | None = None
    gap_hours: float = 0

    @property
    def reach(self) -> timedelta | None:
        """How far from all slots nothing is broken; None where a cap of zero lets nothing pass."""
        caps = self.caps if self.personal is None else (*self.caps, self.personal)
        if any(cap.fewest == 0 for cap in caps):
            return None
        return max([timedelta(hours=self.gap_hours), *(cap.reach for cap in caps)])


class Count(NamedTuple):
    """A cap's window, whose slots count in it (of: a sender, ...), how many do, how many may."""

    scope: Scope
    of: str
    window: str
    used: int
    max: int


def counted(slots: Iterable[Slot], policy: Policy) -> tuple[Slot, ...]:
    """Return the slots whose category counts."""
    of = policy.categories.of
    return tuple([slot for slot in slots if of(slot.category).counted])


def stretched_gap(policy: Policy, unanswered: int) -> float:
    """
    Return the gap in hours before the next message, after so many without an answer.

    Rationale: each silence asks for a longer one, and a year is as good as for ever.
    """
    gap = float(policy.gap_hours)
    for _ in range(unanswered):
        gap = min(gap * policy.backoff, LONGEST_GAP_HOURS)
    return gap


class Hold(NamedTuple):
    """Why an ask does not fit, and before when this alone will not let it; None for never."""

    reason: Reason
    until: datetime | None


def violations(ask: Ask, slots: Sequence[Slot], limits: Limits) -> tuple[Hold, ...]:
    """
    Return why `ask` would not fit beside `slots`; empty if it does.

    Rationale: an employee may confirm at any instant of a span, so a slot counts in every window
    its span touches. Calendar windows hide nothing at midnight because rolling ones and the gap
    hold beside them; all must hold (peers.md, section 4, pitfalls 3, 5 and 8). A slot counts on the
    days that its own frozen zone tells, whatever clock the person lives by today.
    """
    holds = _gap(ask, slots, limits)
    for cap in limits.caps:
        if not _has_room(cap, ask, slots) and concerns(cap, ask):
            holds += _full(cap, ask, slots, _told_of_cap)
    if limits.personal is not None and not _has_room(limits.personal, ask, slots):
        holds += _full(limits.personal, ask, slots, _told_of_budget)
    return holds


def frees_at(
    ask: Ask, slots: Sequence[Slot], limits: Limits, *, until: datetime
) -> datetime | None:
    """
    Return the first start at which an ask of this length would fit, or None before `until`.

    Rationale: whoever is held back is told when, and never longer than need be; one system let
    the fourth message of a week wait three weeks (mautic PR#4761).
    """
    start: datetime | None = ask.span.start
    while start is not None and start < until:
        holds = violations(ask.at(start, until), slots, limits)
        if not holds:
            return start
        start = lifted(holds)
    return None


def lifted(holds: Iterable[Hold]) -> datetime | None:
    """Return before when these will not all let go; None for never."""
    latest = None
    for _, until in holds:
        if until is None:
            return None
        latest = until if latest is None else max(latest, until)
    return latest


def _gap(ask: Ask, slots: Sequence[Slot], limits: Limits) -> tuple[Hold, ...]:
    if not limits.gap_hours:
        return ()
    gap, span = timedelta(hours=limits.gap_hours), ask.span
    near = [
        slot
        for slot in slots
        if span.start - slot.span.end < gap and slot.span.start - span.end < gap
    ]
    if not near:
        return ()
    exact = round(float(limits.gap_hours), 1)
    hours = int(exact) if exact.is_integer() else exact
    reason = Reason("gap", {"hours": hours, "beside": [slot.candidate_id for slot in near]})
    return (Hold(reason, max([slot.span.end for slot in near]) + gap),)


def concerns(cap: Cap, ask: Ask) -> bool:
    """Tell whether a cap is for what an ask is."""
    return not cap.only or _name(cap, ask) in cap.only


def count(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> Count:
    """Return how full a cap is that concerns an ask, where that would count."""
    name = _name(cap, ask)
    together = slots
    if cap.scope is not Scope.PERSON:
        together = [slot for slot in slots if _name(cap, slot) == name]
    if cap.span_hours is None:
        used, most = _fullest_period(cap, ask, together)
        return Count(cap.scope, name, f"calendar_{cap.window}", used, most)
    used = _fullest_span(cap.reach, ask.span, together)
    return Count(cap.scope, name, f"rolling_{cap.span_hours}h", used, int(cap.max))


def _full(
    cap: Cap, ask: Ask, slots: Sequence[Slot], told: Callable[[Cap, Count], Reason]
) -> tuple[Hold, ...]:
    full = count(cap, ask, slots)
    if full.used < full.max:
        return ()
    openings = [at for at in _openings(cap, slots, ask.zone) if at > ask.span.start]
    return (Hold(told(cap, full), min(openings, default=None)),)


def _told_of_cap(cap: Cap, full: Count) -> Reason:
    window, used, most = full.window, full.used, full.max
    if cap.scope is Scope.PERSON:
        return Reason("cap", {"window": window, "used": used, "max": most})
    scope = cap.scope.value
    return Reason(
        "cap", {"scope": scope, "of": full.of, "window": window, "used": used, "max": most}
    )


def _told_of_budget(_: Cap, full: Count) -> Reason:
    return Reason("personal", {"window": full.window, "used": full.used, "max": full.max})


def _has_room(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> bool:
    """Tell whether so few slots are anywhere near that none of a cap's windows need be counted."""
    if len(slots) < cap.fewest:
        return True
    since, until = ask.span.start - cap.reach, ask.span.end + cap.reach
    near = sum([slot.span.end > since and slot.span.start < until for slot in slots])
    return near < cap.fewest


def _name(cap: Cap, told: Ask | Slot) -> str:
    match cap.scope:
        case Scope.SENDER:
            return told.sender
        case Scope.CHANNEL:
            return told.channel
        case Scope.CATEGORY:
            return told.category
        case _:
            return ""


def _fullest_span(length: timedelta, span: Span, slots: Sequence[Slot]) -> int:
    """Count the slots in the fullest [w, w+length) that also touches `span`."""
    # The count only falls just after some span's end, so the fullest window starts at one.
    ends = [span.end, *[slot.span.end for slot in slots]]
    return max(
        [
            sum([one.span.start < start + length and one.span.end >= start for one in slots])
            for start in ends
            if span.start - length < start <= span.end
        ]
    )


def _fullest_period(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> tuple[int, int]:
    """Count the slots in that period of the ask in which least room is left, and its most."""
    number = _NUMBERS[cap.window or "day"]
    taken = [(number(slot.days[0]), number(slot.days[1])) for slot in slots]
    first, last = ask.days
    counts = [
        (sum([begins <= period <= ends for begins, ends in taken]), _most(cap, period))
        for period in range(number(first), number(last) + 1)
    ]
    return max(counts, key=lambda count: count[0] - count[1])


def _most(cap: Cap, month: int) -> int:
    if cap.max == AS_MANY_AS_DAYS:
        return monthrange(month // _MONTHS, month % _MONTHS + 1)[1]
    return int(cap.max)


def _week(day: date) -> int:
    return (day.toordinal() - 1) // _WEEK_DAYS  # the first day of the calendar was a Monday


def _month(day: date) -> int:
    return day.year * _MONTHS + day.month - 1


_NUMBERS: Mapping[str, Callable[[date], int]] = {
    "day": date.toordinal,
    "week": _week,
    "month": _month,
}
"""The number of the calendar window that a day is in: neighbours differ by one."""


def _openings(cap: Cap, slots: Sequence[Slot], zone: ZoneInfo) -> Iterator[datetime]:
    """Yield every start from which on one slot less may count in a cap's windows."""
    if cap.window is not None:
        return (_period_after(cap.window, slot, zone) for slot in slots)
    return (slot.span.end + cap.reach for slot in slots)


def _period_after(window: str, slot: Slot, zone: ZoneInfo) -> datetime:
    """Return the midnight in `zone` at which the calendar window after a slot's last begins."""
    day = slot.days[1]
    match window:
        case "week":
            day += timedelta(days=_WEEK_DAYS - day.weekday())
        case "month":
            day = day.replace(day=monthrange(day.year, day.month)[1]) + timedelta(days=1)
        case _:
            day += timedelta(days=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return midnight.astimezone(slot.span.end.tzinfo)
