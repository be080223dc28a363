"""What was bought."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from schemas.enums import OrderStatus
from schemas.tables.columns import Money, Table, instant, money, word


class Product(Table, table=True):
    """A thing a source sells; `stock` is null where nobody counts it."""

    source: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    name: str
    family: str | None = None
    launched_at: datetime | None = instant(default=None)
    stock: int | None = Field(default=None, sa_type=BigInteger)


class ShopOrder(Table, table=True):
    """One order of one member; `total` is of its goods after `discount`, where a source tells."""

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
    discount: Money | None = money(default=None)
    total: Money | None = money(default=None)
    store_key: str | None = None


class OrderLine(Table, table=True):
    """One line of an order; `ordinal` is its place in the order, from 1."""

    order_id: int = Field(foreign_key="shop_order.id", primary_key=True, sa_type=BigInteger)
    ordinal: int = Field(primary_key=True)
    product_key: str
    quantity: int
    unit_price: Money = money()
