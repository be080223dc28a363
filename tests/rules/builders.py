"""Builders for the rules under test."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings

from schemas.enums import Category
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.policy import Cap, Policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")

# Days around which windows are hard to count: clocks change, months and ISO years begin.
HARD_DAYS = [
    (LONDON, date(2026, 3, 29)),
    (LONDON, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (ZoneInfo("Pacific/Kiritimati"), date(2026, 3, 1)),
    (ZoneInfo("Asia/Kolkata"), date(2026, 5, 1)),
    (SHANGHAI, date(2027, 1, 1)),
]

thoroughly = settings(max_examples=200)
"""What is cheap to ask is asked often."""


def local(zone: ZoneInfo, text: str, *, fold: int = 0) -> datetime:
    """Return the instant at which clocks in `zone` show `text`, in UTC as the database tells it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def shanghai(text: str) -> datetime:
    return local(SHANGHAI, text)


def span(start: datetime, hours: float = 0) -> Span:
    return Span(start, start + timedelta(hours=hours))


def slot(start: datetime, hours: float = 0, candidate: int = 1) -> Slot:
    return Slot(candidate, span(start, hours))


def capped(*caps: Cap, gap_hours: int = 0, **changed: Any) -> Policy:
    return Policy(caps=caps, gap_hours=gap_hours, **changed)


def contender(candidate: int, window_until: datetime, **changed: Any) -> Contender:
    values = {"scene": f"scene{candidate}", "value": 1.0, "hours": 48, **changed}
    return Contender(
        candidate, category=Category.MARKETING, wording_key="w", window_until=window_until, **values
    )


def case(*contenders: Contender, **changed: Any) -> Case:
    """Return the case of a person whom nothing forbids writing to."""
    values = {"contact": Contact("external-1", "ChenYu"), "consent": True, **changed}
    return Case(7, contenders, **values)
