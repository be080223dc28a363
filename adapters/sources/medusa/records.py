"""What Medusa's records say, as staged rows."""

from decimal import Decimal, localcontext
from typing import Any

from adapters.phones import PhoneHash
from adapters.sources.records import Read
from adapters.values import AMOUNT, FLAG, KEY, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity, OrderStatus
from schemas.incoming import Row, staged_row
from schemas.sources.medusa import MedusaSource as MedusaSettings

GUEST = "guest"
"""Customers who neither registered nor were entered by staff, and their orders."""

UNPAID = "unpaid"
"""Orders for which no money was ever secured."""

UNPUBLISHED = "unpublished"
"""Products that are not for sale."""

CUSTOMER_FIELDS = "id,has_account,created_by,created_at"
PRODUCT_FIELDS = "id,title,status,collection.title"
ORDER_FIELDS = (
    "id,customer_id,created_at,updated_at,status,currency_code,item_total,"
    "customer.has_account,customer.created_by,payment_collections.authorized_amount"
)
"""
The least that we need. Medusa adds the whole lines to every order and the status of its payments;
`item_total` makes it work out the lines' sums.
"""

_UNPAID = ("not_paid", "awaiting", "requires_action")
_PAID = (
    "authorized",  # an order is placed when its money is secured; when it is taken is the shop's
    "partially_authorized",
    "captured",
    "partially_captured",
    "partially_refunded",
)
_BACK = ("refunded", "canceled")

# A discount on a price with tax is worked out by division: 5.9849999999999995 for 5.985.
_RESIDUE = Decimal("1e-10")


def product(record: object) -> Read:
    """Return a product; its family is its collection, and Medusa tells no date of its launch."""
    read = Reading(record, "product")
    collection = Reading(_within(record, "collection") or {}, "collection")
    values = {
        "key": read.take("id", KEY, "key"),
        "name": read.take("title", TEXT, "name"),
        "family": collection.take("title", TEXT, "family"),
    }
    published = _within(record, "status") == "published" or not isinstance(record, dict)
    row = staged_row(Entity.PRODUCT, values, read.defects(collection.defects()))
    return [row], None if published else UNPUBLISHED


def customer(record: object, settings: MedusaSettings, phone_hash: PhoneHash | None) -> Read:
    """Return a customer; a phone number leaves here as its hash only, or not at all."""
    read = Reading(record, "customer")
    kept = Reading(_within(record, "metadata") or {}, "metadata")
    phone = _within(record, "phone")
    consent: bool | None = False
    consent_at = None
    if settings.consent_metadata and settings.consent_at_metadata:
        consent = _flag(kept, _within(record, "metadata"), settings.consent_metadata)
        consent_at = kept.take(settings.consent_at_metadata, MOMENT, "consent_at")
    values = {
        "key": read.take("id", KEY, "key"),
        "phone_hash": phone_hash(phone) if phone_hash and isinstance(phone, str) else None,
        "joined_at": read.take("created_at", MOMENT, "joined_at"),
        "consent": consent,
        "consent_at": consent_at,
    }
    row = staged_row(Entity.MEMBER, values, read.defects(kept.defects()))
    return [row], GUEST if _is_guest(record) else None


def order(record: object) -> Read:
    """Return a row per line of an order; an order without lines gives one, with a defect."""
    read = Reading(record, "order")
    currency = read.take("currency_code", TEXT, "currency")
    told = {
        "order_key": read.take("id", KEY, "order_key"),
        "member_key": read.take("customer_id", KEY, "member_key"),
        "ordered_at": read.take("created_at", MOMENT, "ordered_at"),
        "status": _status(record, read),
        "currency": currency.upper() if currency else None,
    }
    rule = GUEST if _is_guest(_within(record, "customer")) else None
    if _within(record, "payment_status") in _UNPAID and not _was_secured(record):
        rule = rule or UNPAID
    lines = _within(record, "items")
    if not isinstance(lines, list) or not lines:
        if isinstance(record, dict):
            read.note("items", lines)
        return [staged_row(Entity.ORDER_LINE, told, read.defects())], rule
    # Medusa lists lines in any order; by id they keep their places from one reading to the next.
    lines = sorted(lines, key=lambda line: str(_within(line, "id")))
    # Medusa's sums are of what the customer kept, its quantities of what was bought.
    left = [line for line in lines if not _is_back(line)]
    if left:
        told |= _sums(left)
    else:
        told["status"] = OrderStatus.REFUNDED.value
    return [_line(line, read, told, ordinal) for ordinal, line in enumerate(left or lines, 1)], rule


def _line(record: object, order: Reading, told: dict[str, Any], ordinal: int) -> Row:
    line = Reading(record, "line")
    title = line.take("product_title", TEXT, "product_name")
    bought, back = line.take("quantity", WHOLE), _returned(record)
    values = {
        "ordinal": ordinal,
        "product_key": line.take("product_id", KEY, "product_key"),
        "product_name": title or line.take("title", TEXT, "product_name"),
        "quantity": bought - back if bought is not None and 0 < back < bought else bought,
        "unit_price": _amount(line, record, "unit_price"),
    }
    return staged_row(Entity.ORDER_LINE, told | values, order.defects(line.defects()))


def _returned(record: object) -> int:
    """Return how many of a line came back, whether or not they can be sold again."""
    detail = Reading(_within(record, "detail") or {}, "detail")
    back = [detail.take(f"return_{how}_quantity", WHOLE) for how in ("received", "dismissed")]
    return sum(one or 0 for one in back)


def _is_back(record: object) -> bool:
    bought = Reading(record, "line").take("quantity", WHOLE)
    return bought is not None and 0 < bought <= _returned(record)


def _sums(lines: list[Any]) -> dict[str, Decimal | None]:
    """Return an order's discount and total of goods, both with tax if its prices are with tax."""
    discount = total = Decimal(0)
    with localcontext(prec=80):  # amounts of any length must add up exactly
        for record in lines:
            line = Reading(record, "line")
            with_tax = _within(record, "is_tax_inclusive") is True
            off = _amount(line, record, "discount_total" if with_tax else "discount_subtotal")
            paid = _amount(line, record, "total")
            tax = Decimal(0) if with_tax else _amount(line, record, "tax_total")
            if off is None or paid is None or tax is None:
                return {"discount": None, "total": None}
            discount, total = discount + off, total + paid - tax
        return {"discount": _plain(discount), "total": _plain(total)}


def _plain(amount: Decimal) -> Decimal:
    return Decimal(f"{amount.quantize(_RESIDUE).normalize():f}")


def _amount(line: Reading, record: object, name: str) -> Decimal | None:
    """Return an amount, exact where Medusa also tells it as text; its numbers went through JS."""
    raw = _within(record, f"raw_{name}")
    if isinstance(raw, dict) and "value" in raw:
        exact: Decimal | None = Reading({name: raw["value"]}, name).take(name, AMOUNT)
        if exact is not None:
            return exact
    number: Decimal | None = line.take(name, AMOUNT)
    return number


def _status(record: object, order: Reading) -> str | None:
    """Return ours for Medusa's; one we do not know stays as told, for the contract to refuse."""
    payment: str | None = order.take("payment_status", TEXT, "status")
    if payment in _BACK or _within(record, "status") == "canceled":
        return OrderStatus.REFUNDED.value
    return OrderStatus.PAID.value if payment in _PAID + _UNPAID else payment


def _was_secured(record: object) -> bool:
    """
    Tell whether money was secured once.

    Editing an order that is not captured yet cancels its payment and awaits another one: Medusa
    calls it "not_paid" then, but it was told as paid, and must not stay as it was before.
    """
    payments = _within(record, "payment_collections")
    amounts = (
        Reading(one, "payment").take("authorized_amount", AMOUNT)
        for one in (payments if isinstance(payments, list) else [])
    )
    return any(amount for amount in amounts)


def _is_guest(record: object) -> bool:
    """Tell whether a customer is one only because Medusa makes one of every e-mail at checkout."""
    return record is None or (
        isinstance(record, dict)
        and record.get("has_account") is not True
        and record.get("created_by") is None
    )


def _flag(metadata: Reading, raw: object, key: str) -> bool | None:
    """Return a flag of the metadata, which Medusa's own form can only write as text."""
    written = _within(raw, key)
    if isinstance(written, str) and written.strip().lower() in ("true", "false"):
        return written.strip().lower() == "true"
    if written is None or written == "":
        return False
    told: bool | None = metadata.take(key, FLAG, "consent")
    return told


def _within(record: object, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None
