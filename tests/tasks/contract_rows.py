"""Rows as no source should tell them, drawn anew for every seed, and fit ones among them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from schemas.enums import Entity
from schemas.limits import MAX_PRICE, MAX_QUANTITY, MAX_REMAINING, MAX_TOTAL
from tests.builders import MORNING
from tests.house import at

LONG_AGO, PAST, FUTURE = at(1, 9).replace(year=1999), at(1, 9), at(2, 7, 31)
NAN, ENDLESS = Decimal("NaN"), Decimal("Infinity")
PHONES = ("a" * 64, "b" * 64, "c" * 64)
_ODD_WORDS = (None, "", "x'; --", "润物 🌱", "\u202eabc", "=1+1")
_AMOUNTS = (None, 0, 1, Decimal("-0.01"), Decimal("0.001"), MAX_PRICE + 1, NAN, ENDLESS)
_INSTANTS = (None, LONG_AGO, PAST, MORNING, FUTURE)
_CURRENCIES = (None, "CNY", "USD", "CNYX", "cny", "")
_READABLE = (None, None, None, "quantity: 1 or 2")
_ZONES = (None, "Asia/Shanghai", "Asia/Shangri-La", "UTC", "")
_UNIONIDS = (None, "u1", "u2", "NULL", "0000", "two words", "", "x" * 129)
_MEMBERS = (None, "m1", "m2", "o'stranger", "")
_STORES = (None, "s1", "nowhere", "")

FIT: Mapping[Entity, Mapping[str, Any]] = {
    Entity.STORE: {"name": "一店", "timezone": "Asia/Shanghai"},
    Entity.EMPLOYEE: {"name": "小王", "store_key": "s1", "active": True},
    Entity.PRODUCT: {"name": "豆子", "stock": 3},
    Entity.MEMBER: {"joined_at": PAST, "consent": True, "consent_at": PAST},
    Entity.ORDER_LINE: {
        "ordinal": 1,
        "member_key": "m1",
        "ordered_at": PAST,
        "status": "paid",
        "currency": "CNY",
        "discount": 1,
        "total": 6,
        "store_key": "s1",
        "product_key": "p1",
        "quantity": 2,
        "unit_price": Decimal("3.50"),
    },
    Entity.BENEFIT: {
        "kind": "coupon",
        "member_key": "m1",
        "name": "减五元",
        "face_value": 5,
        "threshold": 30,
        "currency": "CNY",
        "valid_from": PAST,
        "valid_until": FUTURE,
    },
    Entity.MEMBER_EVENT: {"member_key": "m1", "kind": "visit", "at": PAST},
    Entity.CONTACT: {"channel": "wecom", "employee_id": "yi", "since": PAST},
}
"""A row that keeps every rule, but for its key."""

ODD: Mapping[Entity, Mapping[str, tuple[Any, ...]]] = {
    Entity.STORE: {"key": (None, "k1", "k2"), "name": _ODD_WORDS, "timezone": _ZONES},
    Entity.EMPLOYEE: {
        "key": (None, "k1", "k2"),
        "name": _ODD_WORDS,
        "store_key": _STORES,
        "active": (None, True, False),
    },
    Entity.PRODUCT: {
        "key": (None, "k1", "k2"),
        "name": _ODD_WORDS,
        "stock": (None, -1, 0, MAX_REMAINING, MAX_REMAINING + 1),
    },
    Entity.MEMBER: {
        "key": (None, "", "k1", "m1"),
        "unionid": _UNIONIDS,
        "phone_hash": (None, *PHONES, "A" * 64, "a" * 63, "13800138000", ""),
        "timezone": _ZONES,
        "joined_at": _INSTANTS,
        "consent": (None, True, False),
        "consent_at": _INSTANTS,
    },
    Entity.ORDER_LINE: {
        "order_key": (None, "o1", "o2", "o3"),
        "ordinal": (None, 1, 2),
        "member_key": _MEMBERS,
        "ordered_at": _INSTANTS,
        "status": (None, "paid", "PAID "),
        "currency": _CURRENCIES,
        "discount": (None, 0, 1, -1, 8, NAN, ENDLESS),
        "total": (
            *(None, 6, 7, Decimal("5.995"), Decimal("5.99"), Decimal("6.01")),
            *(-1, MAX_TOTAL + 1, NAN, ENDLESS),
        ),
        "store_key": _STORES,
        "product_key": (None, "p1"),
        "quantity": (None, 0, 1, -3, MAX_QUANTITY + 1),
        "unit_price": _AMOUNTS,
    },
    Entity.BENEFIT: {
        "key": (None, "k1"),
        "kind": (None, "coupon", "points", "voucher"),
        "member_key": _MEMBERS,
        "name": _ODD_WORDS,
        "face_value": _AMOUNTS,
        "threshold": _AMOUNTS,
        "currency": _CURRENCIES,
        "remaining": (None, -1, 0, MAX_REMAINING + 1),
        "valid_from": _INSTANTS,
        "valid_until": _INSTANTS,
    },
    Entity.MEMBER_EVENT: {
        "key": (None, "k1"),
        "member_key": _MEMBERS,
        "kind": (None, "visit", "Visit", "dance"),
        "at": _INSTANTS,
    },
    Entity.CONTACT: {
        "channel": (None, "wecom"),
        "address": (None, "a", "b"),
        "employee_id": (None, "yi", "er"),
        "unionid": _UNIONIDS,
        "since": _INSTANTS,
    },
}
"""What each column may be found to say."""

_OWN = {Entity.ORDER_LINE: "order_key", Entity.CONTACT: "address"}


def fit_rows(entity: Entity, count: int) -> Iterator[dict[str, Any]]:
    """Yield rows that keep every rule."""
    for place in range(count):
        yield {**FIT[entity], _OWN.get(entity, "key"): f"own{place}"}


def drawn_rows(entity: Entity, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield rows of which some are fit, most say something odd, and some nothing else."""
    draw = Random(seed)  # noqa: S311 - no secret
    columns = {**ODD[entity], "defects": _READABLE}
    for row in fit_rows(entity, count):
        odd = draw.sample([*columns], draw.choice((0, 1, 1, 2, 4, len(columns))))
        yield row | {column: draw.choice(columns[column]) for column in odd}
