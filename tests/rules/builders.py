"""Builders for the rules under test."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import settings

from rules.caps import Ask, Limits, violations
from schemas.enums import Category
from schemas.governing import Arbitration, Cap, PersonalBudget
from schemas.planning import Case, Contact, Contender, Reason, Slot, Span
from schemas.policy import Policy

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

BOUNDLESS = PersonalBudget(start=99, least=0, most=999)
_USUAL = {"category": Category.MARKETING, "channel": "wecom", "sender": "ChenYu"}


def local(zone: ZoneInfo, text: str, *, fold: int = 0) -> datetime:
    """Return the instant at which clocks in `zone` show `text`, in UTC as the database tells it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def shanghai(text: str) -> datetime:
    return local(SHANGHAI, text)


def span(start: datetime, hours: float = 0) -> Span:
    return Span(start, start + timedelta(hours=hours))


def slot(start: datetime, hours: float = 0, candidate: int = 1, **changed: Any) -> Slot:
    return Slot(candidate, span(start, hours), **{"zone": SHANGHAI, **_USUAL, **changed})


def ask(start: datetime, hours: float = 0, **changed: Any) -> Ask:
    return Ask(span(start, hours), **{"zone": SHANGHAI, **_USUAL, **changed})


def limits(*caps: Cap, gap_hours: float = 0, personal: Cap | None = None) -> Limits:
    return Limits(caps, personal, gap_hours)


def broken_by(asked: Ask, slots: Sequence[Slot], limits: Limits) -> tuple[Reason, ...]:
    """Return why an ask does not fit; what lets go is told in time, and ahead."""
    holds = violations(asked, slots, limits)
    assert all(hold.until is None or hold.until > asked.span.start for hold in holds)
    return tuple(hold.reason for hold in holds)


def capped(*caps: Cap, gap_hours: int = 0, **changed: Any) -> Policy:
    """Return a policy of which nothing but these caps and hours holds anybody back."""
    values = {"personal": BOUNDLESS, "arbitration": Arbitration(annoyance=0, in_a_row=99)}
    return Policy(caps=caps, gap_hours=gap_hours, **{**values, **changed})


def contender(candidate: int, window_until: datetime, **changed: Any) -> Contender:
    usual = {"scene": f"scene{candidate}", "value": 1.0, "hours": 48, "wording_key": "w"}
    kind = {"category": Category.MARKETING, "channel": "wecom"}
    return Contender(candidate, window_until=window_until, **{**usual, **kind, **changed})


def case(*contenders: Contender, zone: ZoneInfo | None = SHANGHAI, **changed: Any) -> Case:
    """Return the case of a person whom nothing forbids writing to, and who is not held out."""
    values = {
        "zone_name": zone.key if zone else "Mars/Base",
        "contact": Contact("external-1", "ChenYu"),
        "consent": True,
        "bucket": 9_999,
        **changed,
    }
    return Case(7, contenders, zone, **values)
