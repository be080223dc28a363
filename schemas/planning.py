"""
The values that rules decide on and answer with.

Those of which a run makes millions are tuples: they are made in a third of the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.enums import Arm, Category, Verdict


class Span(NamedTuple):
    """The instants, both included, at which a message may reach its person."""

    start: datetime
    end: datetime


class _Taken(NamedTuple):
    candidate_id: int
    span: Span
    zone: ZoneInfo
    category: Category
    channel: str
    sender: str
    scene: str | None = None
    answered: bool | None = None
    is_open: bool = False


class Slot(_Taken):
    """
    A place taken in a person's budget: the whole span while open, one instant once delivered.

    Everything but the span was frozen when it was taken; a `scene` of None is not ours, and an
    `answered` of None is not known yet.
    """

    @cached_property
    def days(self) -> tuple[date, date]:
        """The first and the last day it touches, as its own frozen zone tells them."""
        return days_of(self.span, self.zone)


def days_of(span: Span, zone: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last local day that a span touches."""
    first = span.start.astimezone(zone).date()
    return first, first if span.end == span.start else span.end.astimezone(zone).date()


class Reason(NamedTuple):
    """Why not: the rule that held a candidate back and the numbers it saw."""

    rule: str
    numbers: Mapping[str, Any] = MappingProxyType({})


class Contact(NamedTuple):
    """The address and employee through which a person would be written to."""

    address: str
    sender: str


@dataclass(frozen=True)
class Planned:
    """A message as it was planned: what for, to whom, through whom, and when it may arrive."""

    scene: str
    category: Category
    channel: str
    contact: Contact
    span: Span


@dataclass(frozen=True)
class Recheck:
    """What forbids a planned message by now, or else the span in which it may arrive."""

    reasons: tuple[Reason, ...]
    span: Span | None


class Contender(NamedTuple):
    """
    One candidate of a person.

    `value` is its need (0 to 1) times its scene's value; `hours` bound how long its message stays
    valid.
    """

    candidate_id: int
    scene: str
    category: Category
    channel: str
    wording_key: str
    value: float
    window_until: datetime
    hours: int


class Case(NamedTuple):
    """
    All that the governor may know of one person when it decides.

    `zone` is None where the name their source tells, `zone_name`, is no zone; where it tells none,
    it is the business's. `unanswered` counts the messages since they last answered one, or came by
    themselves.
    """

    person_id: int
    contenders: tuple[Contender, ...]
    zone: ZoneInfo | None
    zone_name: str
    slots: tuple[Slot, ...] = ()
    contact: Contact | None = None
    suppressed: str | None = None
    consent: bool | None = None
    personalised: bool | None = None
    minor: bool | None = None
    city: str | None = None
    bucket: int = 0
    unanswered: int = 0
    ordered_at: datetime | None = None
    complained_at: datetime | None = None
    open_scenes: frozenset[str] = frozenset()


class Ruling(NamedTuple):
    """
    What the governor decided of one contender.

    `span` is set for a winner or ghost only; `arm` is the person's in the contender's scene.
    """

    contender: Contender
    verdict: Verdict
    arm: Arm
    reasons: tuple[Reason, ...] = ()
    span: Span | None = None
    frees_at: datetime | None = None
    winner_id: int | None = None
