"""What was bought."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from schemas.enums import OrderStatus
from schemas.tables.columns import Money, Table, instant, money, word


class Product(Table, table=True):
    """A thing a source sells."""

    source: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str


class ShopOrder(Table, table=True):
    """One order of one member."""

    __table_args__ = (
        UniqueConstraint("source", "key"),
        Index("ix_shop_order_member", "member_id", "ordered_at"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    source: str
    key: str
    member_id: int = Field(foreign_key="member.id", sa_type=BigInteger)
    ordered_at: datetime = instant()
    status: OrderStatus = word()
    currency: str


class OrderLine(Table, table=True):
    """One line of an order; `ordinal` is its place in the order, from 1."""

    order_id: int = Field(foreign_key="shop_order.id", primary_key=True, sa_type=BigInteger)
    ordinal: int = Field(primary_key=True)
    product_key: str
    quantity: int
    unit_price: Money = money()
