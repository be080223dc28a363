"""What members hold and what happened to them, beside orders."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.enums import BenefitKind, EventKind
from schemas.tables.columns import Money, Table, instant, money, word


class Benefit(Table, table=True):
    """A coupon or a lot of points (see StagedBenefit); `member_id` is null where all may use it."""

    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_benefit_member", "member_id", "valid_until"),
        Index("ix_benefit_until", "valid_until"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    kind: BenefitKind = word()
    member_id: int | None = Field(default=None, foreign_key="member.id", sa_type=BigInteger)
    name: str
    code: str | None = None
    face_value: Money | None = money(default=None)
    threshold: Money | None = money(default=None)
    currency: str | None = None
    remaining: int | None = Field(default=None, sa_type=BigInteger)
    valid_from: datetime | None = instant(default=None)
    valid_until: datetime | None = instant(default=None)
    store_keys: list[str] | None = Field(default=None, sa_type=JSONB)
    redeemable_for: str | None = None


class MemberEvent(Table, table=True):
    """Something that happened to a member; `subject` is the product, store or topic."""

    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_member_event_member", "member_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    kind: EventKind = word()
    member_id: int = Field(foreign_key="member.id", sa_type=BigInteger)
    at: datetime = instant()
    subject: str | None = None
