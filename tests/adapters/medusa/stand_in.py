"""A Medusa shop as documented and as version 2.21.2 was seen to answer, for the loopback."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.phones import phone_hash
from schemas.sources.medusa import MedusaSource as MedusaSettings
from tests.adapters.loopback import Answer, Request

HASH = phone_hash("salt", "CN")
CONSENT = {"consent_metadata": "said_yes", "consent_at_metadata": "said_at"}

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
WITHIN, BEYOND = "2026-03-01T09:00:00.000Z", "2026-03-02T09:00:00.000Z"
BEFORE = "2026-02-01T09:00:00.000Z"


def settings(**changed: Any) -> MedusaSettings:
    told = {"type": "medusa", "base_url": "http://x", "page_size": 2, "calls_per_second": 1000}
    return MedusaSettings.model_validate({**told, **changed})


def customer(key: str, **changed: Any) -> dict[str, Any]:
    told = {"id": key, "has_account": True, "created_by": None, "created_at": BEFORE}
    return {**told, "phone": None, "metadata": None, "updated_at": WITHIN, **changed}


def line(key: str, **changed: Any) -> dict[str, Any]:
    told = {"id": key, "product_id": "prod_1", "product_title": "豆", "title": "250g"}
    sums = {"unit_price": 28.5, "total": 57, "discount_total": 0, "is_tax_inclusive": True}
    return {**told, "quantity": 2, **sums, **changed}


def order(key: str, **changed: Any) -> dict[str, Any]:
    told = {"id": key, "customer_id": "cus_1", "created_at": BEFORE, "updated_at": WITHIN}
    buyer = {"id": "cus_1", "has_account": True, "created_by": None}
    states = {"status": "pending", "payment_status": "captured", "currency_code": "cny"}
    return {**told, **states, "customer": buyer, "items": [line("ordli_1")], **changed}


def payment(key: str, paid: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": key,
        "payment_collection": {"id": "pay_col_1", "order": {"id": paid}},
        "updated_at": WITHIN,
        **changed,
    }


def product(key: str, **changed: Any) -> dict[str, Any]:
    told = {"id": key, "title": "豆", "status": "published", "collection": {"title": "咖啡"}}
    return {**told, "updated_at": WITHIN, **changed}


@dataclass
class MedusaScript:
    """Lists by id, window, limit and offset; `instead` may answer a call in its own way."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instead: Callable[[Request], Answer | None] = lambda _: None
    calls: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        self.calls.append(request)
        own = self.instead(request)
        if own is not None:
            return own
        what = request.path.rpartition("/")[2]
        asked = request.query
        some = sorted(
            (one for one in self.lists.get(what, []) if chosen(one, asked)),
            key=lambda one: str(one["id"]),
        )
        offset, limit = int(asked.get("offset", 0)), int(asked["limit"])
        return Answer({what: some[offset : offset + limit], "count": len(some)})

    def touch(self, what: str, key: str) -> None:
        for one in self.lists[what]:
            if one["id"] == key:
                one["updated_at"] = BEYOND


def chosen(record: dict[str, Any], asked: dict[str, str]) -> bool:
    if "id[]" in asked:
        return bool(record["id"] == asked["id[]"])
    at = datetime.fromisoformat(record["updated_at"])
    since = asked.get("updated_at[$gte]")
    return (
        str(record["id"]) > asked.get("id[$gt]", "")
        and at < datetime.fromisoformat(asked["updated_at[$lt]"])
        and (since is None or datetime.fromisoformat(since) <= at)
    )
