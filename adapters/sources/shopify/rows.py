"""
Shopify's orders, customers and products as staged rows.

Orders are told as they were bought: `quantity` is what was ordered, so returns of a part change
nothing (an order is refunded as a whole or not at all). `total` is subtotalPriceSet, the lines'
prices after all discounts and before returns; taxes are in it exactly if they are in the unit
prices (taxesIncluded), so both sides of total = sum of lines - discount speak of the same. Of an
edited order Shopify tells lines and subtotal of different moments: discount and total stay null.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapters.phones import PhoneHash
from adapters.values import AMOUNT, FLAG, KEY, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity, OrderStatus
from schemas.incoming import Row, staged_row

RowsOf = Callable[[Any], tuple[list[Row], str | None]]
"""From a record to its rows, and the rule under which they are none of our business, if any."""

_PAID = frozenset({"PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED"})
_UNPAID = frozenset({"PENDING", "AUTHORIZED", "EXPIRED", "VOIDED"})
_CONSENT = {
    "SUBSCRIBED": True,
    "PENDING": False,  # asked, and not yet answered
    "NOT_SUBSCRIBED": False,
    "UNSUBSCRIBED": False,
    "INVALID": False,
    "REDACTED": False,
}
_OFF_SALE = frozenset({"ARCHIVED", "DRAFT"})
_GID = re.compile(r"gid://shopify/[A-Za-z]+/([0-9]+)(?:\?.*)?")


def order_rows(record: Any) -> tuple[list[Row], str | None]:
    """Return a staged row per line; an order without lines gives one, with a defect."""
    order = Reading(record, "order")
    status, rule = _status(order)
    customer = _inner(record, "customer")
    told: dict[str, Any] = {
        "order_key": _key(order, "order_key"),
        "member_key": _key(customer, "member_key"),
        "ordered_at": order.take("processedAt", MOMENT, "ordered_at"),
        "status": status,
        "currency": order.take("currencyCode", TEXT, "currency"),
    }
    if rule is None and isinstance(record, dict) and record.get("customer") is None:
        rule = "no_member"
    nodes = _at(record, "lineItems", "nodes")
    if not isinstance(nodes, list) or not nodes:
        order.note("lines", nodes)
        return [staged_row(Entity.ORDER_LINE, told, order.defects(customer.defects()))], rule
    lines = [_line(node) for node in nodes]
    told |= _sums(record, order, [line for line, _ in lines])
    shared = order.defects(customer.defects())
    return [
        staged_row(
            Entity.ORDER_LINE,
            told | line | {"ordinal": ordinal},
            "; ".join(each for each in (shared, defects) if each) or None,
        )
        for ordinal, (line, defects) in enumerate(lines, 1)
    ], rule


def _status(order: Reading) -> tuple[OrderStatus | None, str | None]:
    """Return an order's status, or the rule that drops it; neither if its status is unheard of."""
    if order.take("test", FLAG):
        return None, "test_order"
    financial = order.take("displayFinancialStatus", TEXT, "status")
    if order.take("cancelledAt", TEXT) is not None or financial == "REFUNDED":
        return OrderStatus.REFUNDED, None
    if financial in _PAID:
        return OrderStatus.PAID, None
    if financial in _UNPAID:
        return None, "unpaid"
    order.note("status", financial)
    return None, None


def _line(record: Any) -> tuple[dict[str, Any], str | None]:
    line, product = Reading(record, "line"), _inner(record, "product")
    price = Reading(_at(record, "originalUnitPriceSet", "shopMoney"), "unit_price")
    values = {
        "product_key": _key(product, "product_key"),
        "product_name": line.take("title", TEXT, "product_name"),
        "quantity": line.take("quantity", WHOLE),
        "unit_price": price.take("amount", AMOUNT, "unit_price"),
    }
    return values, line.defects(product.defects(), price.defects())


def _sums(record: Any, order: Reading, lines: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Return an order's total and discount, or nothing where they cannot be told consistently."""
    money = _at(record, "subtotalPriceSet", "shopMoney")
    total = Reading(money or {}, "total").take("amount", AMOUNT)
    if money and total is None:
        order.note("total", _at(money, "amount"))
    amounts = [(line["quantity"], line["unit_price"]) for line in lines]
    if order.take("edited", FLAG) is not False or total is None:
        return {}
    if any(quantity is None or price is None for quantity, price in amounts):
        return {}
    discount = sum((quantity * price for quantity, price in amounts), Decimal(0)) - total
    return {"total": total, "discount": discount} if discount >= 0 else {}


def member_rows(consent: str, phone_hash: PhoneHash | None) -> RowsOf:
    """Return what makes a member's row, with the consent called `consent` (email or sms)."""

    def rows(record: Any) -> tuple[list[Row], str | None]:
        member, channel = Reading(record, "member"), _inner(record, consent)
        values = {
            "key": _key(member, "key"),
            "phone_hash": _hashed(record, phone_hash),
            "joined_at": member.take("createdAt", MOMENT, "joined_at"),
            "consent": _consent(channel),
            "consent_at": channel.take("marketingUpdatedAt", MOMENT, "consent_at"),
        }
        return [staged_row(Entity.MEMBER, values, member.defects(channel.defects()))], None

    return rows


def _consent(channel: Reading) -> bool | None:
    """Return whether a customer agreed: who left no address there never did."""
    state = channel.take("marketingState", TEXT, "consent")
    if state is None:
        return None if channel.defects() else False
    if state not in _CONSENT:
        channel.note("consent", state)
    return _CONSENT.get(state)


def _hashed(record: Any, phone_hash: PhoneHash | None) -> str | None:
    """Return the hash of a customer's number; one that is no number is left out, never shown."""
    number = _at(record, "phone", "phoneNumber")
    return phone_hash(number) if phone_hash and isinstance(number, str) else None


def product_rows(record: Any) -> tuple[list[Row], str | None]:
    """
    Return a product's row.

    It was launched when it was published in the online shop, or created if it is on sale without
    (in stores, say). Of what is off sale, or sold beyond what there was, nothing is left.
    """
    product = Reading(record, "product")
    status = product.take("status", TEXT)
    created = product.take("createdAt", MOMENT, "launched_at")
    published = product.take("publishedAt", MOMENT, "launched_at")
    stock = product.take("totalInventory", WHOLE, "stock")
    if status in _OFF_SALE:
        stock = 0
    elif product.take("tracksInventory", FLAG, "stock") is False:
        stock = None
    values = {
        "key": _key(product, "key"),
        "name": product.take("title", TEXT, "name"),
        "family": product.take("productType", TEXT, "family"),
        "launched_at": published or (None if status in _OFF_SALE else created),
        "stock": stock if stock is None else max(stock, 0),
    }
    return [staged_row(Entity.PRODUCT, values, product.defects())], None


def _key(reading: Reading, column: str) -> str | None:
    """Return the number at the end of a record's global id, as text, which keeps it exact."""
    told = reading.take("id", KEY, column)
    match = _GID.fullmatch(told) if told is not None else None
    if told is not None and match is None:
        reading.note(column, told)
    return match.group(1) if match else None


def _at(record: Any, *path: str) -> Any:
    """Return what is at a path of a decoded record; None if the path ends early."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _inner(record: Any, name: str) -> Reading:
    """Return a reading of an inner record that may well be null."""
    inner = _at(record, name)
    return Reading({} if inner is None else inner, name)
