"""How data came in: runs, watermarks, staging, quarantine and the verdicts over them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.enums import Entity, RunStatus
from schemas.tables.columns import Money, Table, instant, word


class Run(Table, table=True):
    """
    One occasion of a flow; its unique key makes the flow single-flight and repeatable.

    `occasion` tells apart the runs of one business date: empty for the daily run, the end of the
    window for a pull. `opened_at` is real time, so that the run's own clock can be told.
    """

    __table_args__ = (UniqueConstraint("flow", "business_date", "shard", "occasion"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    flow: str
    business_date: date
    shard: int = 0
    occasion: str = ""
    as_of: datetime = instant()
    opened_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)
    status: RunStatus = word(default=RunStatus.OPEN)
    books: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Watermark(Table, table=True):
    """Up to when a source has been read and published; moved by the publishing commit only."""

    source: str = Field(primary_key=True)
    entity: Entity = word(primary_key=True)
    until: datetime = instant()


class DataVerdict(Table, table=True):
    """
    What the data contract said of one pulled window, with the books of that window.

    `checks` holds one row per expectation: rule, unexpected (Great Expectations' count) and
    predicate (our own count of the same rule).
    """

    __table_args__ = (
        UniqueConstraint("run_id", "source", "entity"),
        Index("ix_data_verdict_latest", "source", "entity", "window_until"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger)
    source: str
    entity: Entity = word()
    window_from: datetime | None = instant(default=None)
    window_until: datetime = instant()
    passed: bool
    reason: str = ""
    pulled: int
    published: int = 0
    unchanged: int = 0
    quarantined: int = 0
    dropped: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    checks: list[Any] = Field(default_factory=list, sa_type=JSONB)


class Quarantine(Table, table=True):
    """A row that broke a rule, kept whole with the rule, the column and the offending value."""

    __table_args__ = (Index("ix_quarantine_run", "run_id", "entity"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger)
    source: str
    entity: Entity = word()
    rule: str
    column_name: str
    value: str | None = None
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class StagedMember(Table, table=True):
    """A member as a source told it; a field that could not be read is null and in `defects`."""

    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own idiom

    row: int = Field(primary_key=True)
    key: str | None = None
    unionid: str | None = None
    city: str | None = None
    joined_at: datetime | None = instant(default=None)
    consent: bool | None = None
    consent_at: datetime | None = instant(default=None)
    defects: str | None = None


class StagedOrderLine(Table, table=True):
    """An order line as a source told it, with what it repeats of its order."""

    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own idiom

    row: int = Field(primary_key=True)
    order_key: str | None = None
    ordinal: int | None = None
    member_key: str | None = None
    ordered_at: datetime | None = instant(default=None)
    status: str | None = None
    currency: str | None = None
    product_key: str | None = None
    product_name: str | None = None
    quantity: int | None = Field(default=None, sa_type=BigInteger)
    unit_price: Money | None = Field(default=None, sa_type=Numeric)
    defects: str | None = None


class StagedContact(Table, table=True):
    """A contact as a channel told it; `unionid` is what it shares with members of a shop."""

    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - SQLAlchemy's own idiom

    row: int = Field(primary_key=True)
    channel: str | None = None
    address: str | None = None
    employee_id: str | None = None
    unionid: str | None = None
    since: datetime | None = instant(default=None)
    defects: str | None = None
