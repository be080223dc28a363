"""What left the house, and what came of it."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from schemas.enums import DispatchState, MessageState
from schemas.tables.columns import Money, Table, instant, money, word


class Dispatch(Table, table=True):
    """
    The outbox: one row per cell (wording × sender) and part, committed before the call.

    `marker` is unique, rides in the link and is how an unanswered call is found again; `until`
    is when an unconfirmed task is cancelled.
    """

    __table_args__ = (
        UniqueConstraint("wording_id", "sender", "part"),
        Index(
            "ix_dispatch_open",
            "state",
            postgresql_where=text("state IN ('queued', 'calling', 'unknown', 'accepted')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    wording_id: int = Field(foreign_key="wording.id", sa_type=BigInteger)
    draft_id: int = Field(foreign_key="draft.id", sa_type=BigInteger)
    channel: str
    sender: str
    part: int
    marker: str = Field(unique=True)
    msgid: str | None = Field(default=None, unique=True)
    state: DispatchState = word()
    queued_at: datetime = instant()
    called_at: datetime | None = instant(default=None)
    until: datetime = instant()
    cancelled_at: datetime | None = instant(default=None)
    error: str | None = None


class DispatchRecipient(Table, table=True):
    """A message in a dispatch; a message is dispatched once, and a ghost never."""

    __table_args__ = (
        ForeignKeyConstraint(["message_id", "ghost"], ["message.id", "message.ghost"]),
        CheckConstraint("NOT ghost", name="nothing_goes_to_the_holdout"),
    )

    message_id: int = Field(primary_key=True, sa_type=BigInteger)
    ghost: bool = False
    dispatch_id: int = Field(foreign_key="dispatch.id", sa_type=BigInteger, index=True)


class Delivery(Table, table=True):
    """
    What became of a dispatched message: who was reached, who was not, and when.

    `answered` is null until `answer_until` has passed, then whether anything followed.
    """

    __table_args__ = (
        Index("ix_delivery_person", "person_id", "at"),
        Index(
            "ix_delivery_awaiting",
            "answer_until",
            postgresql_where=text("answered IS NULL AND status = 'delivered'"),
        ),
    )

    message_id: int = Field(foreign_key="message.id", primary_key=True, sa_type=BigInteger)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    status: MessageState = word()
    at: datetime = instant()
    answer_until: datetime = instant()
    answered: bool | None = None


class Outcome(Table, table=True):
    """What a person did after a delivery; each source event is credited once."""

    __table_args__ = (
        UniqueConstraint("kind", "source_event"),
        Index("ix_outcome_message", "message_id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    kind: str
    source_event: str
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    message_id: int = Field(foreign_key="message.id", sa_type=BigInteger)
    at: datetime = instant()
    amount: Money = money()
