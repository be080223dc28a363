"""
What Youzan's records say, as staged rows.

Fields and units are those of the documentation of youzan.trades.sold.get 4.0.4 and
youzan.scrm.customer.list 1.0.0, read in copies, not tried against a shop. Amounts of orders are
yuan as text (only deductions by gift card are cents, and those are means of payment, not read).
"""

from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, TypeAdapter

from adapters.phones import PhoneHash
from adapters.sources.naive_times import naive_moment
from adapters.sources.records import Read
from adapters.values import AMOUNT, KEY, TEXT, WHOLE, Reading
from schemas.enums import Entity, OrderStatus
from schemas.incoming import Row, staged_row

SHANGHAI = ZoneInfo("Asia/Shanghai")
CURRENCY = "CNY"  # the only one Youzan sells in; no record names it

UNPAID = "unpaid"
"""Orders for which nobody ever paid."""

NO_MEMBER = "no_member"
"""Orders of buyers whom Youzan does not know."""

_PAID = {
    "TRADE_PAID",
    "WAIT_CONFIRM",
    "WAIT_SELLER_SEND_GOODS",
    "WAIT_BUYER_CONFIRM_GOODS",
    "TRADE_SUCCESS",
}
_ON_DELIVERY = 9  # pay_type of cash on delivery: an order with it is open without being paid
_WHOLLY_REFUNDED = 12

_LOCAL = naive_moment(SHANGHAI)


def _from_epoch(told: int) -> datetime:
    """Read seconds, or milliseconds, of which the documentation gives an example as well."""
    return datetime.fromtimestamp(told / 1000 if told >= 10**11 else told, UTC)


_EPOCH = TypeAdapter[Any](Annotated[int, Field(gt=0, lt=10**14), AfterValidator(_from_epoch)])


def member(record: object, phone_hash: PhoneHash | None) -> Read:
    """
    Return a customer, whose phone number leaves here as its hash only, or not at all.

    Youzan tells neither unionid nor consent here, so nobody consents by this source. A number
    that it tells as a ciphertext ("$uhqb…==$1$") is none, so it leaves no hash.
    """
    read = Reading(record, "customer")
    phone = _within(record, "mobile")
    joined_at = read.take("created_member_at", _EPOCH, "joined_at") if _dated(record) else None
    values = {
        "key": read.take("yz_open_id", KEY, "key"),
        "phone_hash": phone_hash(phone) if phone_hash and isinstance(phone, str) else None,
        "joined_at": joined_at or read.take("created_at", _EPOCH, "joined_at"),
        "consent": False,
    }
    return [staged_row(Entity.MEMBER, values, read.defects())], None


def order(record: object) -> Read:
    """Return a row per line of an order; an order without lines gives one, with a defect."""
    whole = _within(record, "full_order_info")
    read = Reading(whole if isinstance(record, dict) else record, "order")
    info = Reading(_within(whole, "order_info"), "order_info")
    buyer = Reading(_within(whole, "buyer_info") or {}, "buyer_info")
    pay = Reading(_within(whole, "pay_info") or {}, "pay_info")
    told = {
        "order_key": info.take("tid", KEY, "order_key"),
        "member_key": buyer.take("yz_open_id", KEY, "member_key"),
        "ordered_at": info.take("created", _LOCAL, "ordered_at"),
        "status": _status(_within(whole, "order_info"), info),
        "currency": CURRENCY,
    }
    rule = _rule(whole, told)
    lines = _within(whole, "orders")
    if not isinstance(lines, list) or not lines:
        if isinstance(whole, dict):
            read.note("orders", lines)
        defects = read.defects(info.defects(), buyer.defects())
        return [staged_row(Entity.ORDER_LINE, told, defects)], rule
    # By id, lines keep their places from one reading to the next.
    lines = sorted(lines, key=lambda line: str(_within(line, "oid")))
    told |= _sums(whole, pay, lines)
    defects = read.defects(info.defects(), buyer.defects(), pay.defects())
    return [_line(line, told, ordinal, defects) for ordinal, line in enumerate(lines, 1)], rule


def _line(record: object, told: dict[str, Any], ordinal: int, defects: str | None) -> Row:
    line = Reading(record, "line")
    values = {
        "ordinal": ordinal,
        "product_key": line.take("item_id", KEY, "product_key"),
        "product_name": line.take("title", TEXT, "product_name"),
        "quantity": line.take("num", WHOLE, "quantity"),
        "unit_price": line.take("price", AMOUNT, "unit_price"),
    }
    told_of_both = "; ".join(filter(None, (defects, line.defects()))) or None
    return staged_row(Entity.ORDER_LINE, told | values, told_of_both)


def _status(info: object, read: Reading) -> str | None:
    """Return ours for Youzan's; one we do not know stays as told, for the contract to refuse."""
    status = _within(info, "status")
    if status == "TRADE_CLOSED" or _within(info, "refund_state") == _WHOLLY_REFUNDED:
        return OrderStatus.REFUNDED.value
    if status in _PAID:
        return OrderStatus.PAID.value
    told: str | None = read.take("status", TEXT)
    return told


def _rule(whole: object, told: dict[str, Any]) -> str | None:
    info = _within(whole, "order_info")
    status = _within(info, "status")
    # Closing has three reasons: cancelled, never paid in time, and wholly refunded.
    if status == "WAIT_BUYER_PAY" or (status == "TRADE_CLOSED" and not _was_open(info)):
        return UNPAID
    buyer = _within(whole, "buyer_info")
    nobody = told["member_key"] is None and not _within(buyer, "yz_open_id")
    return NO_MEMBER if nobody and isinstance(whole, dict) else None


def _was_open(info: object) -> bool:
    return bool(
        _within(info, "pay_time")
        or _within(_within(info, "order_tags"), "is_payed") is True
        or _within(info, "pay_type") == _ON_DELIVERY
    )


def _sums(whole: object, pay: Reading, lines: list[Any]) -> dict[str, Decimal | None]:
    """
    Return an order's discount and total of goods: what was paid without its freight.

    payment = goods at full price - discounts + adjustment + freight. Nulls where that does not
    hold: orders with customs taxes (跨境) and orders of a distributor (采购单).
    """
    unknown: dict[str, Decimal | None] = {"discount": None, "total": None}
    payment = pay.take("payment", AMOUNT, "total")
    freight = pay.take("post_fee", AMOUNT, "total") or Decimal(0)
    tags = _within(_within(whole, "order_info"), "order_tags")
    if _within(tags, "is_purchase_order") is True or payment is None or payment < freight:
        return unknown
    goods = Decimal(0)
    with localcontext(prec=80):  # amounts of any length must add up exactly
        for record in lines:
            line = Reading(record, "line")
            quantity, price = line.take("num", WHOLE), line.take("price", AMOUNT)
            if quantity is None or price is None or str(_within(record, "is_cross_border")) == "1":
                return unknown
            goods += quantity * price
        return {"discount": goods - (payment - freight), "total": payment - freight}


def _dated(record: object) -> bool:
    """Tell whether a customer says when it became a member; 0 says that it did not."""
    return _within(record, "created_member_at") not in (0, "0", None)


def _within(record: object, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None
