"""The values that rules decide on and answer with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.enums import Arm, Category, Verdict


@dataclass(frozen=True)
class Span:
    """The instants, both included, at which a message may reach its person."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Slot:
    """A place taken in a person's budget: the whole span while open, one instant once delivered."""

    candidate_id: int
    span: Span


@dataclass(frozen=True)
class Reason:
    """Why not: the rule that held a candidate back and the numbers it saw."""

    rule: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contact:
    """The address and employee through which a person would be written to."""

    address: str
    sender: str


@dataclass(frozen=True)
class Planned:
    """A message as it was planned: to whom, through whom, and when it may arrive."""

    contact: Contact
    span: Span


@dataclass(frozen=True)
class Contender:
    """One candidate of a person. `hours` bounds how long its message stays valid."""

    candidate_id: int
    scene: str
    category: Category
    wording_key: str
    value: float
    window_until: datetime
    hours: int


@dataclass(frozen=True)
class Case:
    """All that the governor may know of one person when it decides."""

    person_id: int
    contenders: tuple[Contender, ...]
    slots: tuple[Slot, ...] = ()
    contact: Contact | None = None
    suppressed: str | None = None
    consent: bool | None = None
    arm: Arm = Arm.TREATED
    unanswered: int = 0
    open_scenes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ruling:
    """What the governor decided of one contender; `span` is set for a winner or ghost only."""

    contender: Contender
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    span: Span | None = None
    frees_at: datetime | None = None
    winner_id: int | None = None
