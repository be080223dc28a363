"""Counting a person's slots against caps and the minimum gap."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.planning import Reason, Slot, Span
from schemas.policy import Cap, Policy


def violations(
    span: Span, slots: Sequence[Slot], policy: Policy, zone: ZoneInfo
) -> tuple[Reason, ...]:
    """
    Return why `span` would not fit beside `slots`; empty if it does.

    Rationale: an employee may confirm at any instant of a span, so a slot counts in every window
    its span touches. Calendar windows hide nothing at midnight because rolling ones and the gap
    hold beside them; all must hold (peers.md, section 4, pitfalls 3, 5 and 8).
    """
    broken = [_cap(cap, span, slots, zone) for cap in policy.caps]
    return tuple(reason for reason in (_gap(span, slots, policy), *broken) if reason)


def frees_at(
    span: Span, slots: Sequence[Slot], policy: Policy, zone: ZoneInfo, *, until: datetime
) -> datetime | None:
    """
    Return the first start at which a span of this length would fit, or None before `until`.

    Rationale: whoever is held back is told when, and never longer than need be; one system let
    the fourth message of a week wait three weeks (mautic PR#4761).
    """
    length = span.end - span.start
    ahead = {at for at in _openings(span, slots, policy, zone) if span.start <= at < until}
    fitting = (
        start
        for start in sorted(ahead)
        if not violations(Span(start, start + length), slots, policy, zone)
    )
    return next(fitting, None)


def _gap(span: Span, slots: Iterable[Slot], policy: Policy) -> Reason | None:
    gap = timedelta(hours=policy.gap_hours)
    near = [
        slot
        for slot in slots
        if span.start - slot.span.end < gap and slot.span.start - span.end < gap
    ]
    if not near or not policy.gap_hours:
        return None
    return Reason(
        "gap", {"hours": policy.gap_hours, "beside": [slot.candidate_id for slot in near]}
    )


def _cap(cap: Cap, span: Span, slots: Sequence[Slot], zone: ZoneInfo) -> Reason | None:
    if cap.rolling_hours is not None:
        used = _most_in_any_span(span, slots, timedelta(hours=cap.rolling_hours))
        name = f"rolling_{cap.rolling_hours}h"
    else:
        used = _most_in_any_period(cap.window or "day", span, slots, zone)
        name = f"calendar_{cap.window}"
    return (
        Reason("cap", {"window": name, "used": used, "max": cap.max}) if used >= cap.max else None
    )


def _most_in_any_span(span: Span, slots: Sequence[Slot], length: timedelta) -> int:
    """Count the slots in the fullest [w, w+length) that also touches `span`."""
    # The count only falls just after some span's end, so the fullest window starts at one.
    starts = [end for end in (*(slot.span.end for slot in slots), span.end) if end <= span.end]
    return max(
        sum(1 for slot in slots if slot.span.start < start + length and slot.span.end >= start)
        for start in starts
        if span.start < start + length
    )


def _most_in_any_period(window: str, span: Span, slots: Sequence[Slot], zone: ZoneInfo) -> int:
    mine = set(_periods(window, span, zone))
    taken = [set(_periods(window, slot.span, zone)) for slot in slots]
    return max(sum(1 for periods in taken if period in periods) for period in mine)


def _periods(window: str, span: Span, zone: ZoneInfo) -> Iterator[tuple[int, ...]]:
    day, last = span.start.astimezone(zone).date(), span.end.astimezone(zone).date()
    while day <= last:
        yield _period(window, day)
        day += timedelta(days=1)


def _period(window: str, day: date) -> tuple[int, ...]:
    match window:
        case "week":
            return day.isocalendar()[:2]
        case "month":
            return (day.year, day.month)
        case _:
            return (day.toordinal(),)


def _openings(
    span: Span, slots: Sequence[Slot], policy: Policy, zone: ZoneInfo
) -> Iterator[datetime]:
    """Yield every start at which some rule may stop holding a span back."""
    yield span.start
    for slot in slots:
        yield slot.span.end + timedelta(hours=policy.gap_hours)
        for cap in policy.caps:
            if cap.rolling_hours is not None:
                yield slot.span.end + timedelta(hours=cap.rolling_hours)
            else:
                yield _period_after(cap.window or "day", slot.span.end, zone)


def _period_after(window: str, at: datetime, zone: ZoneInfo) -> datetime:
    """Return the local midnight at which the next calendar window begins."""
    day = at.astimezone(zone).date()
    current = _period(window, day)
    while _period(window, day) == current:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(at.tzinfo)
