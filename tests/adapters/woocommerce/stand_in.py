"""A WooCommerce shop: REST v3 with WordPress's paging headers and its bounds of dates."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.adapters.loopback import Answer, Request

AT = datetime(2026, 3, 2, tzinfo=UTC)
SITE = ZoneInfo("America/New_York")
BIG = 9_007_199_254_740_993  # 2**53 + 1
KEY, SECRET = "ck_1", "cs_1"
CUT_SHORT = Answer(b'{"code": "woo', headers={"Content-Length": "999"})

_SIGNED = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
_ORDERS = {"date", "id", "include", "title", "slug", "modified"}
_CUSTOMERS = {"id", "include", "name", "registered_date"}


def gmt(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def line(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "Beans",
        "product_id": 7,
        "variation_id": 0,
        "quantity": 2,
        "subtotal": "20.00",
        "subtotal_tax": "4.00",
        "total": "18.00",
        "total_tax": "3.60",
        "price": 9,
        **changed,
    }


def order(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "status": "processing",
        "currency": "EUR",
        "customer_id": 5,
        "date_created_gmt": "2026-03-01T12:00:00",
        "date_paid_gmt": "2026-03-01T12:01:00",
        "payment_method": "stripe",
        "billing": {"phone": "secret"},
        "shipping_total": "4.90",
        "line_items": [line(1)],
        **changed,
    }


def product(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "Beans",
        "status": "publish",
        "categories": [{"id": 1, "name": "Coffee"}, {"id": 2, "name": "New"}],
        "stock_quantity": 12,
        "stock_status": "instock",
        "date_created_gmt": "2025-01-01T00:00:00",
        **changed,
    }


def customer(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "email": "someone@example.com",
        "role": "customer",
        "date_created_gmt": "2025-05-01T08:00:00",
        "billing": {"phone": "", "city": "Berlin", "address_1": "Street 1"},
        "meta_data": [],
        **changed,
    }


@dataclass
class WooCommerceShop:
    """`before` may change the shop ahead of each answer; `faults` are answered first."""

    orders: dict[int, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    products: dict[int, tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    customers: dict[int, dict[str, Any]] = field(default_factory=dict)
    before: Callable[["WooCommerceShop", Request], None] = lambda _, __: None
    faults: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def put(self, number: int, at: datetime, **changed: Any) -> None:
        self.orders[number] = (at, order(number, **changed))

    def touch(self, number: int, at: datetime) -> None:
        self.orders[number] = (at, self.orders[number][1])

    def __call__(self, request: Request) -> Answer:
        if self.faults:
            return self.faults.pop(0)
        if request.authorization != _SIGNED:
            return _refused("woocommerce_rest_cannot_view", 401)
        self.before(self, request)
        self.asked.append(request.query)
        what = request.path.removeprefix("/wp-json/wc/v3/")
        asked = request.query
        known = _CUSTOMERS if what == "customers" else _ORDERS
        if not 1 <= int(asked["per_page"]) <= 100 or asked["orderby"] not in known:
            return _refused("rest_invalid_param", 400)
        if what == "customers":
            return _page(self._users(asked), asked)
        if what in ("orders", "products"):
            return _page(self._changed(getattr(self, what), asked), asked)
        return _refused("rest_no_route", 404)

    def _users(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        role = asked.get("role", "customer")
        found = [user for user in self.customers.values() if role in ("all", user["role"])]
        return sorted(found, key=lambda user: int(user["id"]))

    def _changed(
        self, records: dict[int, tuple[datetime, dict[str, Any]]], asked: dict[str, str]
    ) -> list[dict[str, Any]]:
        after, before = (_bound(asked[name]) for name in ("modified_after", "modified_before"))
        assert asked["dates_are_gmt"] == "true"
        return [
            record
            for number, (at, record) in sorted(records.items())
            if after < at.replace(microsecond=0, tzinfo=None) < before
        ]


def _bound(written: str) -> datetime:
    """A time with an offset is turned into the site's zone, and then taken for GMT all the same."""
    told = datetime.fromisoformat(written)
    return told.astimezone(SITE).replace(tzinfo=None) if told.tzinfo else told


def _page(found: list[dict[str, Any]], asked: dict[str, str]) -> Answer:
    page, size = int(asked["page"]), int(asked["per_page"])
    fields = asked["_fields"].split(",")
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(-(-len(found) // size))}
    kept = [_narrowed(record, fields) for record in found[(page - 1) * size : page * size]]
    return Answer(kept, headers=headers)


def _narrowed(record: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in fields:
        outer, _, inner = name.partition(".")
        if inner:
            kept.setdefault(outer, {})[inner] = record[outer].get(inner)
        elif outer in record:
            kept[outer] = record[outer]
    return kept


def _refused(code: str, status: int) -> Answer:
    return Answer({"code": code, "message": "no", "data": {"status": status}}, status=status)
