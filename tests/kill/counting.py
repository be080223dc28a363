"""Counts of what persons got, and may still get, told the plain way and by nothing of ours."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.governing import AS_MANY_AS_DAYS, Cap
from schemas.policy import Policy

Spent = tuple[datetime, datetime]
"""From when until when a message may arrive; twice the same instant once it has."""


def too_much(spent: Iterable[Spent], policy: Policy, zone: ZoneInfo) -> Iterator[str]:
    """
    Yield which cap, budget or gap one person's messages exceed at the worst possible instants.

    The caps are taken for those of a person, whatever they count apart.
    """
    ordered = sorted(spent)
    personal = policy.personal
    for cap in (*policy.caps, Cap(rolling_days=personal.days, max=personal.start)):
        if cap.span_hours is None:
            yield from _in_periods(ordered, cap, zone)
        else:
            yield from _within(ordered, int(cap.max), timedelta(hours=cap.span_hours), "cap")
    yield from _within(ordered, 1, timedelta(hours=policy.gap_hours), "gap")


def _within(ordered: Sequence[Spent], most: int, length: timedelta, what: str) -> Iterator[str]:
    for (_, first), (last, _) in zip(ordered, ordered[most:], strict=False):
        if last - first < length:
            yield f"{what} {most} in {length}: {first} {last}"


def _in_periods(ordered: Sequence[Spent], cap: Cap, zone: ZoneInfo) -> Iterator[str]:
    touched = [{_period(cap, day) for day in _days(span, zone)} for span in ordered]
    for period in set[Any]().union(*touched):
        count = sum(period in periods for periods in touched)
        most = monthrange(*period)[1] if cap.max == AS_MANY_AS_DAYS else int(cap.max)
        if count > most:
            yield f"{count} in {cap.window} {period}"


def _days(span: Spent, zone: ZoneInfo) -> Iterator[date]:
    first, last = (instant.astimezone(zone).date() for instant in span)
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _period(cap: Cap, day: date) -> Any:
    match cap.window:
        case "week":
            return day.isocalendar()[:2]
        case "month":
            return day.year, day.month
    return day
