"""What is known of a person, kept up to date from changes only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from schemas.enums import Lifecycle
from schemas.tables.columns import Money, Table, instant, money, word


class StalePerson(Table, table=True):
    """A person something happened to since the facts were last refreshed."""

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)


class PersonFacts(Table, table=True):
    """
    One row per person of aggregates over the paid orders.

    Gaps are days between distinct order days, oldest first. `due_from` and `due_until` are set
    only where the person's own buying is regular.
    """

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)
    orders: int
    units: int
    spent: Money = money()
    first_order_at: datetime | None = instant(default=None)
    last_order_at: datetime | None = instant(default=None)
    gaps: list[int] = Field(sa_type=ARRAY(Integer))
    gap_median: float | None = None
    gap_spread: float | None = None
    due_from: date | None = None
    due_until: date | None = None
    staple_key: str | None = None
    staple_name: str | None = None
    staple_days: int = 0
    touches: int = 0
    unanswered: int = 0
    last_touch_at: datetime | None = instant(default=None)
    refreshed_on: date


class Wheel(Table, table=True):
    """The next date on which time alone changes something for a person (9999-12-31: never)."""

    __table_args__ = (Index("ix_wheel_due", "kind", "version", "due_on"),)

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)
    kind: str = Field(primary_key=True)
    due_on: date = Field(primary_key=True)
    version: str = Field(primary_key=True)


class SegmentMembership(Table, table=True):
    """A named, evidenced state of a person; `until` is null while it lasts."""

    __table_args__ = (
        Index("ix_segment_open", "segment", "since", postgresql_where=text("until IS NULL")),
        Index(
            "uq_segment_open_person",
            "person_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)
    segment: Lifecycle = word(primary_key=True)
    since: date = Field(primary_key=True)
    until: date | None = None
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
