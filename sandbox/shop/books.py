"""What the shop has on record: its members and their orders."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sandbox.shop.shelf import Mark, Shelf


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """A member as the shop knows them; `unionid` is unknown of those who never shared it."""

    id: str
    unionid: str | None
    city: str
    joined_at: datetime
    consent_at: datetime | None
    updated_at: datetime

    @property
    def mark(self) -> Mark:
        """Return the record's place among the changes."""
        return self.updated_at, self.id


@dataclass(frozen=True, slots=True)
class Line:
    """One position of an order."""

    product_id: str
    product_name: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Order:
    """An order; the status may be one that the documentation does not know."""

    id: str
    member_id: str
    ordered_at: datetime
    status: str
    updated_at: datetime
    lines: tuple[Line, ...]

    @property
    def mark(self) -> Mark:
        """Return the order's place among the changes."""
        return self.updated_at, self.id


class Books:
    """The shop's two shelves."""

    def __init__(self) -> None:
        self.members: Shelf[MemberRecord] = Shelf()
        self.orders: Shelf[Order] = Shelf()

    def refund(self, order_id: str, at: datetime) -> None:
        """Give the money back: the order appears again as a later update."""
        self.orders.put(replace(self.orders.newest(order_id), status="refunded", updated_at=at))
