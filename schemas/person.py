"""A person's history as the database tells it, and the facts drawn from it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from schemas.planning import DueWindow, Rhythm, Standing


@dataclass(frozen=True)
class Staple:
    """The product a person bought on the most days."""

    key: str
    name: str
    days: int


@dataclass(frozen=True)
class History:
    """A person's paid orders up to a moment, and how they took our messages."""

    person_id: int
    orders: int = 0
    units: int = 0
    spent: Decimal = Decimal(0)
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    days: tuple[date, ...] = ()
    staple: Staple | None = None
    touches: int = 0
    unanswered: int = 0
    last_touch_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What rules make of a history. `staple` stays only if it is bought habitually."""

    history: History
    rhythm: Rhythm
    due: DueWindow | None
    standing: Standing
    staple: Staple | None
