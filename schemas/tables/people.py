"""Who there is: members of sources, the persons behind them, and how they may be reached."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from schemas.tables.columns import Table, instant


class Person(Table, table=True):
    """
    One natural person; budgets count here. `identity` is what its members have in common.

    `bucket` (0 to 9,999) is drawn once from the salted identity; the lowest are the holdout.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    identity: str = Field(unique=True)
    bucket: int


class Member(Table, table=True):
    """A customer of one source."""

    __table_args__ = (UniqueConstraint("source", "key"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, index=True)
    unionid: str | None = None
    city: str | None = None
    joined_at: datetime | None = instant(default=None)


class Employee(Table, table=True):
    """A WeCom member who serves persons."""

    id: str = Field(primary_key=True)


class Contact(Table, table=True):
    """An address at which one employee can reach one person."""

    __table_args__ = (
        UniqueConstraint("channel", "address", "employee_id"),
        Index("ix_contact_person", "person_id", "channel"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    channel: str
    address: str
    employee_id: str = Field(foreign_key="employee.id")
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    since: datetime = instant()


class Consent(Table, table=True):
    """Whether a person agreed to a purpose; the newest word counts."""

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)
    purpose: str = Field(primary_key=True)
    granted: bool
    at: datetime = instant()
    source: str


class Suppression(Table, table=True):
    """An address that must not be used any more, and why; only people take it away again."""

    __table_args__ = (
        UniqueConstraint("channel", "address", "employee_id"),
        Index("ix_suppression_person", "person_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    channel: str
    address: str
    employee_id: str
    reason: str
    at: datetime = instant()
