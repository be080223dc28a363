"""How data came in: runs, watermarks, readings under way, quarantine, verdicts over windows."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.enums import Entity, RunStatus
from schemas.tables.columns import Table, instant, word


class Run(Table, table=True):
    """
    One occasion of a flow; its unique key makes the flow single-flight and repeatable.

    `occasion` tells apart the runs of one business date: empty for the daily run, the end of the
    window for a pull. `opened_at` is real time, so that the run's own clock can be told. `rounds`
    are those in which what all its messages share has been allotted.
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
    rounds: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    books: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Watermark(Table, table=True):
    """Up to when a source has been read and published; moved by the publishing commit only."""

    source: str = Field(primary_key=True)
    entity: Entity = word(primary_key=True)
    until: datetime = instant()


class Reading(Table, table=True):
    """
    A window that is being read, and how far: what was staged so far is not asked for again.

    `cursor` is where its source goes on. It is written with the staged rows in one commit, and
    goes with the commit that publishes the window. `rows` are those staged, of `pulled` read.
    """

    source: str = Field(primary_key=True)
    entity: Entity = word(primary_key=True)
    window_from: datetime | None = instant(default=None)
    window_until: datetime = instant()
    cursor: str | None = None
    pages: int = 0
    pulled: int = Field(default=0, sa_type=BigInteger)
    rows: int = Field(default=0, sa_type=BigInteger)
    dropped: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    whole: bool = False


class DataVerdict(Table, table=True):
    """
    What the data contract said of one pulled window, with the books of that window.

    `checks` holds one row per expectation: rule, unexpected (Great Expectations' count) and
    predicate (our own count of the same rule). `metrics` are what drift is judged by, and `report`
    is Great Expectations' own result, without a single value of a row.
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
    metrics: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    report: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class DayVerdict(Table, table=True):
    """What was said of a business date's data as a whole: are they fresh, are they as usual."""

    business_date: date = Field(primary_key=True)
    source: str = Field(primary_key=True)
    entity: Entity = word(primary_key=True)
    at: datetime = instant()
    passed: bool
    reason: str = ""
    checks: list[Any] = Field(default_factory=list, sa_type=JSONB)


class Inbox(Table, table=True):
    """An event somebody sent us, as it came; a pull reads it like any other source."""

    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_inbox_received", "source", "received_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    received_at: datetime = instant()
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


class Quarantine(Table, table=True):
    """
    A row that broke a rule, kept whole with the rule, the column and the offending value.

    `row` numbers the rows of its window, so that one broken in several ways counts once. It is
    open until it was offered again (`settled`, and in which run) and came through, or was replaced
    by a row of the same key.
    """

    __table_args__ = (
        Index("ix_quarantine_run", "run_id", "entity"),
        Index(
            "ix_quarantine_open",
            "source",
            "entity",
            "rule",
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    run_id: int = Field(foreign_key="run.id", sa_type=BigInteger)
    source: str
    entity: Entity = word()
    row: int = Field(sa_type=BigInteger)
    rule: str
    column_name: str
    value: str | None = None
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    settled_at: datetime | None = instant(default=None)
