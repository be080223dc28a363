"""What employees send by themselves, and up to when we know it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from schemas.tables.columns import Table, instant


class OwnSend(Table, table=True):
    """
    A customer whom an employee's own mass message reached: a slot of theirs like any of ours.

    It belongs to whoever the address leads to, like a contact, also where the contact becomes
    known only later.
    """

    __table_args__ = (
        UniqueConstraint("msgid", "sender", "address"),
        Index("ix_own_send_address", "channel", "address", "sent_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    channel: str
    msgid: str
    sender: str
    address: str
    sent_at: datetime = instant()


class OwnSendMark(Table, table=True):
    """Up to when what employees made by themselves is known whole; it never goes back."""

    channel: str = Field(primary_key=True)
    until: datetime = instant()
