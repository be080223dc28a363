"""Counting a person's slots against caps and the minimum gap."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    def all(self) -> tuple[Cap, ...]:
        """The caps, and the personal budget as one more."""
        return self.caps if self.personal is None else (*self.caps, self.personal)


@dataclass(frozen=True)
class Count:
    """A cap's window, whose slots count in it (of: a sender, ...), how many do, how many may."""

    scope: Scope
    of: str
    window: str
    used: int
    max: int


def counted(slots: Iterable[Slot], policy: Policy) -> tuple[Slot, ...]:
    """Return the slots whose category counts."""
    return tuple(slot for slot in slots if policy.categories.of(slot.category).counted)


def stretched_gap(policy: Policy, unanswered: int) -> float:
    """
    Return the gap in hours before the next message, after so many without an answer.

    Rationale: each silence asks for a longer one, and a year is as good as for ever.
    """
    gap = float(policy.gap_hours)
    for _ in range(unanswered):
        gap = min(gap * policy.backoff, LONGEST_GAP_HOURS)
    return gap


def violations(ask: Ask, slots: Sequence[Slot], limits: Limits) -> tuple[Reason, ...]:
    """
    Return why `ask` would not fit beside `slots`; empty if it does.

    Rationale: an employee may confirm at any instant of a span, so a slot counts in every window
    its span touches. Calendar windows hide nothing at midnight because rolling ones and the gap
    hold beside them; all must hold (peers.md, section 4, pitfalls 3, 5 and 8). A slot counts on the
    days that its own frozen zone tells, whatever clock the person lives by today.
    """
    return tuple(_broken(ask, slots, limits)) if slots or limits.caps or limits.personal else ()


def _broken(ask: Ask, slots: Sequence[Slot], limits: Limits) -> Iterator[Reason]:
    """Yield what is broken, the gap first, which is told soonest."""
    gap = _gap(ask, slots, limits)
    if gap is not None:
        yield gap
    for cap in limits.caps:
        full = None if _has_room(cap, ask, slots) else _cap(cap, ask, slots)
        if full is not None:
            yield full
    personal = limits.personal
    spent = None
    if personal is not None and not _has_room(personal, ask, slots):
        spent = _spent(personal, ask, slots)
    if spent is not None:
        yield spent


def frees_at(
    ask: Ask, slots: Sequence[Slot], limits: Limits, *, until: datetime
) -> datetime | None:
    """
    Return the first start at which an ask of this length would fit, or None before `until`.

    Rationale: whoever is held back is told when, and never longer than need be; one system let
    the fourth message of a week wait three weeks (mautic PR#4761).
    """
    ahead = {at for at in _openings(ask, slots, limits) if ask.span.start <= at < until}
    for start in sorted(ahead):
        if next(_broken(ask.at(start, until), slots, limits), None) is None:
            return start
    return None


def _gap(ask: Ask, slots: Iterable[Slot], limits: Limits) -> Reason | None:
    if not limits.gap_hours:
        return None
    gap, span = timedelta(hours=limits.gap_hours), ask.span
    near = [
        slot.candidate_id
        for slot in slots
        if span.start - slot.span.end < gap and slot.span.start - span.end < gap
    ]
    if not near:
        return None
    hours = round(float(limits.gap_hours), 1)
    return Reason("gap", {"hours": int(hours) if hours.is_integer() else hours, "beside": near})


def concerns(cap: Cap, ask: Ask) -> bool:
    """Tell whether a cap is for what an ask is."""
    return not cap.only or _name(cap, ask) in cap.only


def count(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> Count:
    """Return how full a cap is that concerns an ask, where that would count."""
    name = _name(cap, ask)
    together = [slot for slot in slots if _name(cap, slot) == name]
    if cap.span_hours is None:
        used, most = _fullest_period(cap, ask, together)
        return Count(cap.scope, name, f"calendar_{cap.window}", used, most)
    used = _fullest_span(cap.span_hours, ask.span, together)
    return Count(cap.scope, name, f"rolling_{cap.span_hours}h", used, int(cap.max))


def _cap(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> Reason | None:
    if not concerns(cap, ask):
        return None
    full = count(cap, ask, slots)
    window, used, most = full.window, full.used, full.max
    if used < most:
        return None
    if cap.scope is Scope.PERSON:
        return Reason("cap", {"window": window, "used": used, "max": most})
    scope = cap.scope.value
    return Reason(
        "cap", {"scope": scope, "of": full.of, "window": window, "used": used, "max": most}
    )


def _spent(budget: Cap, ask: Ask, slots: Sequence[Slot]) -> Reason | None:
    full = count(budget, ask, slots)
    if full.used < full.max:
        return None
    return Reason("personal", {"window": full.window, "used": full.used, "max": full.max})


def _has_room(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> bool:
    """Tell whether so few slots are anywhere near that none of a cap's windows need be counted."""
    if len(slots) < cap.fewest:
        return True
    since, until = ask.span.start - cap.reach, ask.span.end + cap.reach
    near = [slot for slot in slots if slot.span.end > since and slot.span.start < until]
    return len(near) < cap.fewest


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


def _fullest_span(hours: int, span: Span, slots: Sequence[Slot]) -> int:
    """Count the slots in the fullest [w, w+hours) that also touches `span`."""
    length = timedelta(hours=hours)
    # The count only falls just after some span's end, so the fullest window starts at one.
    starts = [end for end in (*(slot.span.end for slot in slots), span.end) if end <= span.end]
    return max(
        sum(1 for slot in slots if slot.span.start < start + length and slot.span.end >= start)
        for start in starts
        if span.start < start + length
    )


def _fullest_period(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> tuple[int, int]:
    """Count the slots in that period of the ask in which least room is left, and its most."""
    number = _NUMBERS[cap.window or "day"]
    taken = [(number(slot.days[0]), number(slot.days[1])) for slot in slots]
    first, last = ask.days
    counts = [
        (sum(1 for begins, ends in taken if begins <= period <= ends), _most(cap, period))
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


def _openings(ask: Ask, slots: Sequence[Slot], limits: Limits) -> Iterator[datetime]:
    """Yield every start at which some rule may stop holding an ask back."""
    yield ask.span.start
    binding = [cap for cap in limits.all if len(slots) >= cap.fewest]
    spans = {cap.reach for cap in binding if cap.span_hours is not None}
    spans.add(timedelta(hours=limits.gap_hours))
    windows = {cap.window for cap in binding if cap.window is not None}
    for slot in slots:
        for span in spans:
            yield slot.span.end + span
        for window in windows:
            yield _period_after(window, slot, ask.zone)


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
