"""Who there is: members of sources, the persons behind them, and how they may be reached."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.tables.columns import Table, instant


class Person(Table, table=True):
    """
    One natural person; budgets count here. `identity` is what its members have in common.

    `bucket` (0 to 9,999) is drawn once from the salted identity; the lowest are the holdout.
    `merged_into` is who they turned out to be: what a person got stays with them, and is counted
    together with the other's for as long as the two are taken for one. Whom that is said of is
    never merged further: their members, contacts and facts are the other's.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    identity: str = Field(unique=True)
    bucket: int
    merged_into: int | None = Field(
        default=None, foreign_key="person.id", sa_type=BigInteger, index=True
    )


class Merge(Table, table=True):
    """A person taken for another, on what evidence, and when that was taken back."""

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, index=True)
    absorbed_id: int = Field(foreign_key="person.id", sa_type=BigInteger, index=True)
    evidence: str
    at: datetime = instant()
    undone_at: datetime | None = instant(default=None)


class Member(Table, table=True):
    """A customer of one source, and the person they are taken for."""

    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_member_unionid", "unionid", postgresql_where=text("unionid IS NOT NULL")),
        Index("ix_member_phone", "phone_hash", postgresql_where=text("phone_hash IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, index=True)
    unionid: str | None = None
    phone_hash: str | None = None
    city: str | None = None
    timezone: str | None = None
    joined_at: datetime | None = instant(default=None)
    consent: bool | None = None
    consent_at: datetime | None = instant(default=None)
    personalised: bool | None = None
    minor: bool | None = None


class Store(Table, table=True):
    """A place where members are served, on its own clock."""

    source: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    city: str | None = None
    timezone: str | None = None


class Employee(Table, table=True):
    """A WeCom member who serves persons; all but the id is known where a source tells of them."""

    id: str = Field(primary_key=True)
    source: str | None = None
    name: str | None = None
    store_key: str | None = None
    active: bool = True


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
    tags: list[str] = Field(default_factory=list, sa_type=JSONB)


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
