"""What WooCommerce's records say, as staged rows."""

from datetime import UTC
from decimal import ROUND_UP, Decimal, localcontext
from typing import Any

from adapters.phones import PhoneHash
from adapters.sources.naive_times import naive_moment
from adapters.sources.records import Read
from adapters.values import AMOUNT, KEY, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity, OrderStatus
from schemas.incoming import Row, staged_row
from schemas.sources.woocommerce import WooCommerceSource as WooCommerceSettings

UNPAID = "unpaid"
"""Orders for which nobody ever paid."""

NO_MEMBER = "no_member"
"""Orders of guests."""

# What we ask for is all that leaves the shop.
PRODUCT_FIELDS = "id,name,status,categories,stock_quantity,stock_status,date_created_gmt"
CUSTOMER_FIELDS = "id,date_created_gmt,billing.phone,billing.city"
ORDER_FIELDS = (
    "id,status,currency,customer_id,date_created_gmt,date_paid_gmt,payment_method,line_items"
)

_PAID = {"processing", "completed"}
_BACK = {"cancelled", "failed"}
_WAITING = {"pending", "on-hold", "checkout-draft", "auto-draft"}
_YES = {"yes", "true", "on", "1"}

_CENT = Decimal("0.0001")
"""The finest unit price that is kept."""

_GMT = naive_moment(UTC)


def product(record: object) -> Read:
    """
    Return a product, its first category as its family.

    Of what is not published none is left to sell; a product owed to backorders has none left too.
    """
    read = Reading(record, "product")
    categories = _within(record, "categories")
    first = categories[0] if isinstance(categories, list) and categories else {}
    category = Reading(first, "categories")
    stock = read.take("stock_quantity", WHOLE, "stock")
    gone = _within(record, "stock_status") == "outofstock"
    if gone or _within(record, "status") != "publish":
        stock = 0 if isinstance(record, dict) else None
    values = {
        "key": read.take("id", KEY, "key"),
        "name": read.take("name", TEXT),
        "family": category.take("name", TEXT, "family"),
        "launched_at": read.take("date_created_gmt", _GMT, "launched_at"),
        "stock": stock if stock is None else max(stock, 0),
    }
    return [staged_row(Entity.PRODUCT, values, read.defects(category.defects()))], None


def member(record: object, settings: WooCommerceSettings, phone_hash: PhoneHash | None) -> Read:
    """Return a customer, whose phone number leaves here as its hash only, or not at all."""
    read = Reading(record, "customer")
    billing = Reading(_within(record, "billing") or {}, "billing")
    phone = _within(_within(record, "billing"), "phone")
    consent, at = _consent(record, settings)
    values = {
        "key": read.take("id", KEY, "key"),
        "phone_hash": phone_hash(phone) if phone_hash and isinstance(phone, str) else None,
        "city": billing.take("city", TEXT),
        "joined_at": read.take("date_created_gmt", _GMT, "joined_at"),
        "consent": consent,
        "consent_at": at.take("value", MOMENT, "consent_at") if consent else None,
    }
    row = staged_row(Entity.MEMBER, values, read.defects(billing.defects(), at.defects()))
    return [row], None


def order(record: object) -> Read:
    """Return a row per line of an order; an order without lines gives one, with a defect."""
    read = Reading(record, "order")
    status, rule = _status(record, read)
    guest = _within(record, "customer_id") == 0
    told = {
        "order_key": read.take("id", KEY, "order_key"),
        "member_key": None if guest else read.take("customer_id", KEY, "member_key"),
        "ordered_at": read.take("date_created_gmt", _GMT, "ordered_at"),
        "status": status,
        "currency": read.take("currency", TEXT),
    }
    rule = rule or (NO_MEMBER if guest else None)
    lines = _within(record, "line_items")
    if not isinstance(lines, list) or not lines:
        if isinstance(record, dict):
            read.note("line_items", lines)
        return [staged_row(Entity.ORDER_LINE, told, read.defects())], rule
    # By id, lines keep their places from one reading to the next.
    lines = sorted(lines, key=lambda line: str(_within(line, "id")).zfill(20))
    told |= _sums(lines)
    return [_line(line, read, told, ordinal) for ordinal, line in enumerate(lines, 1)], rule


def _line(record: object, order: Reading, told: dict[str, Any], ordinal: int) -> Row:
    """
    Return a line, under the key of its product: a variation is one of the product's sizes.

    A deleted product's id is 0, which is nobody's key.
    """
    line = Reading(record, "line")
    deleted = _within(record, "product_id") == 0
    quantity = line.take("quantity", WHOLE)
    values = {
        "ordinal": ordinal,
        "product_key": None if deleted else line.take("product_id", KEY, "product_key"),
        "product_name": line.take("name", TEXT, "product_name"),
        "quantity": quantity,
        "unit_price": _unit_price(line, quantity),
    }
    return staged_row(Entity.ORDER_LINE, told | values, order.defects(line.defects()))


def _unit_price(line: Reading, quantity: int | None) -> Decimal | None:
    """
    Return the price of one before discount and tax, which WooCommerce tells for the line only.

    Three for 10.00 have no exact price: the finest one above it is taken, and the discount takes
    up the difference, so that the order's sum stays exact.
    """
    subtotal = line.take("subtotal", AMOUNT, "unit_price")
    if subtotal is None or not quantity:
        return None
    with localcontext(prec=80):
        price: Decimal = subtotal / quantity
        if price * quantity == subtotal and price == price.quantize(_CENT):
            return price
        return price.quantize(_CENT, rounding=ROUND_UP)


def _sums(lines: list[Any]) -> dict[str, Decimal | None]:
    """Return an order's discount and total of goods, both without tax."""
    goods = total = Decimal(0)
    with localcontext(prec=80):  # amounts of any length must add up exactly
        for record in lines:
            line = Reading(record, "line")
            quantity, paid = line.take("quantity", WHOLE), line.take("total", AMOUNT)
            price = _unit_price(line, quantity)
            if price is None or quantity is None or paid is None:
                return {"discount": None, "total": None}
            goods, total = goods + quantity * price, total + paid
        return {"discount": goods - total, "total": total}


def _status(record: object, read: Reading) -> tuple[str | None, str | None]:
    """
    Return ours for WooCommerce's status and the rule that drops the order, if one does.

    A cancelled order was a purchase if it was ever paid, or to be paid on delivery; otherwise a
    checkout that came to nothing. A status of a plugin's own counts once the order is paid; one
    of an order that is not stays as told, for the contract to refuse.
    """
    status = _within(record, "status")
    paid = bool(_within(record, "date_paid_gmt"))
    on_delivery = _within(record, "payment_method") == "cod"
    if status == "refunded" or (status in _BACK and (paid or on_delivery)):
        return OrderStatus.REFUNDED.value, None
    if status in _PAID or paid:
        return OrderStatus.PAID.value, None
    if status in _BACK | _WAITING:
        return None, UNPAID
    return read.take("status", TEXT), None


def _consent(record: object, settings: WooCommerceSettings) -> tuple[bool, Reading]:
    """Return whether a customer consented, and the entry that tells since when."""
    entries = _within(record, "meta_data")
    by_key = {
        entry["key"]: entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("key"), str)
    }
    if settings.consent_meta is None or settings.consent_at_meta is None:
        return False, Reading({}, "meta_data")
    told = _within(by_key.get(settings.consent_meta), "value")
    at = Reading(by_key.get(settings.consent_at_meta, {}), "meta_data")
    return str(told).strip().lower() in _YES, at


def _within(record: object, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None
