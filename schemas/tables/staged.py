"""
Rows as sources told them, on their way in.

These tables stay empty: each window is staged in a copy of its own (see store.staging), so that
several sources are read at once. A field that could not be read is null and told in `defects`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from schemas.tables.columns import Money, Table, instant


def _amount() -> Any:
    """Return a field for an amount as told, of any precision."""
    return Field(default=None, sa_type=Numeric)


class Staged(Table):
    """What rows of all entities have: their place in the window, and the page they came with."""

    row: int = Field(primary_key=True, sa_type=BigInteger)
    page: int = 0


class StagedStore(Staged, table=True):
    """A place where members are served."""

    key: str | None = None
    name: str | None = None
    city: str | None = None
    timezone: str | None = None
    defects: str | None = None


class StagedEmployee(Staged, table=True):
    """Somebody who serves members; `key` is the WeCom userid."""

    key: str | None = None
    name: str | None = None
    store_key: str | None = None
    active: bool | None = None
    defects: str | None = None


class StagedProduct(Staged, table=True):
    """A thing for sale; `stock` is what is left, null where the source does not count it."""

    key: str | None = None
    name: str | None = None
    family: str | None = None
    launched_at: datetime | None = instant(default=None)
    stock: int | None = Field(default=None, sa_type=BigInteger)
    defects: str | None = None


class StagedMember(Staged, table=True):
    """
    A member; `phone_hash` is salted, and `timezone` a name of the zone database.

    `personalised` is false where they refuse what machines choose for them, `minor` true for a
    child.
    """

    key: str | None = None
    unionid: str | None = None
    phone_hash: str | None = None
    city: str | None = None
    timezone: str | None = None
    joined_at: datetime | None = instant(default=None)
    consent: bool | None = None
    consent_at: datetime | None = instant(default=None)
    personalised: bool | None = None
    minor: bool | None = None
    defects: str | None = None


class StagedOrderLine(Staged, table=True):
    """
    An order line, with what it repeats of its order.

    `discount` and `total` are the order's: total = sum of quantity x unit_price - discount, of
    goods alone, without freight. Both are null where the source does not tell them.
    """

    order_key: str | None = None
    ordinal: int | None = None
    member_key: str | None = None
    ordered_at: datetime | None = instant(default=None)
    status: str | None = None
    currency: str | None = None
    discount: Money | None = _amount()
    total: Money | None = _amount()
    store_key: str | None = None
    product_key: str | None = None
    product_name: str | None = None
    quantity: int | None = Field(default=None, sa_type=BigInteger)
    unit_price: Money | None = _amount()
    defects: str | None = None


class StagedBenefit(Staged, table=True):
    """
    A coupon, or a lot of points that ends on one day; `member_key` is null where all may use it.

    `face_value` off an order of `threshold` or more, in `currency`; `remaining` coupons are left,
    or so many points. `store_keys` are those where it counts (null: all).
    """

    key: str | None = None
    kind: str | None = None
    member_key: str | None = None
    name: str | None = None
    code: str | None = None
    face_value: Money | None = _amount()
    threshold: Money | None = _amount()
    currency: str | None = None
    remaining: int | None = Field(default=None, sa_type=BigInteger)
    valid_from: datetime | None = instant(default=None)
    valid_until: datetime | None = instant(default=None)
    store_keys: list[str] | None = Field(default=None, sa_type=JSONB)
    redeemable_for: str | None = None
    defects: str | None = None


class StagedMemberEvent(Staged, table=True):
    """Something that happened to a member; `subject` is the product, store or topic."""

    key: str | None = None
    member_key: str | None = None
    kind: str | None = None
    at: datetime | None = instant(default=None)
    subject: str | None = None
    defects: str | None = None


class StagedContact(Staged, table=True):
    """A contact as a channel told it; `unionid` is what it shares with members of a shop."""

    channel: str | None = None
    address: str | None = None
    employee_id: str | None = None
    unionid: str | None = None
    since: datetime | None = instant(default=None)
    tags: list[str] | None = Field(default=None, sa_type=JSONB)
    defects: str | None = None
