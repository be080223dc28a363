"""
A Shopify shop on the loopback: it knows the queries we send by name and answers their variables.

As documented: pages of nodes with pageInfo, the points' leaky bucket (requested before, actual
after), THROTTLED with HTTP 200, a cap on paging, 401 for a revoked token. As seen in public
traces: cursors that hold the last record's place by value, and a search that may trail records.
"""

import base64
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from adapters.phones import phone_hash
from adapters.sources.shopify.source import ShopifySource
from schemas.sources.shopify import ShopifySource as ShopifySettings
from tests.adapters.loopback import Answer, Loopback, Request

TOKEN = "shpat_made_up"  # noqa: S105
LARGEST_CALL = 1000
Fault = Callable[[], Answer | None]

_OPERATION = re.compile(r"query (\w+)")
_SEARCH = re.compile(r"(?:updated_at:>='([^']+)' )?updated_at:<'([^']+)'")
_FIELDS = {"Orders": "orders", "Customers": "customers", "Products": "products"}


class ShopifyServer(Loopback):
    """A loopback that notes the token, which travels in a header of Shopify's own."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []
        super().__init__()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.tokens.append(handler.headers.get("X-Shopify-Access-Token"))
        super()._serve(handler)


class Shop:
    """A shop's records, its search, its bucket of points and its clock; a Script."""

    def __init__(self, server: ShopifyServer) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _FIELDS.values()}
        self.found_at: dict[tuple[str, str], str] = {}  # what the search takes for updatedAt
        self.scopes = ["read_orders", "read_all_orders", "read_customers", "read_products"]
        self.denied: dict[str, str] = {}  # scope by operation
        self.token = TOKEN
        self.paged_at_most = 25_000
        self.bucket, self.rate = 2000.0, 100.0
        self.points = self.bucket
        self.slept: list[float] = []
        self.operations: list[str] = []
        self.throttled = 0
        self.before: dict[int, Fault] = {}  # by number of call, from 1
        self._tokens = server.tokens
        server.script = self

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.points = min(self.points + seconds * self.rate, self.bucket)

    def put(self, kind: str, record: dict[str, Any], *, found: bool = True) -> None:
        """Create or change a record; not `found`, the search still knows it by its old time."""
        self.records[kind][record["id"]] = record
        if found or (kind, record["id"]) not in self.found_at:
            self.found_at[kind, record["id"]] = record["updatedAt"]

    def __call__(self, request: Request) -> Answer:
        if not re.fullmatch(r"/admin/api/20\d\d-\d\d/graphql\.json", request.path):
            return Answer({"errors": "Not Found"}, 404)
        match = _OPERATION.search(request.body["query"])
        operation = match.group(1) if match else ""
        self.operations.append(operation)
        planned = self.before.pop(len(self.operations), lambda: None)()
        if planned is not None:
            return planned
        if self._tokens[-1] != self.token:
            return Answer({"errors": "[API] Invalid API key or access token"}, 401)
        if operation in self.denied:
            return denied(operation, self.denied[operation])
        return self._paid(operation, request.body["variables"])

    def _paid(self, operation: str, asked: dict[str, Any]) -> Answer:
        requested = _cost(operation, asked)
        if requested > LARGEST_CALL:
            told = f"Query cost is {requested}, which exceeds the single query max cost limit"
            return error(f"{told} ({LARGEST_CALL}).", "MAX_COST_EXCEEDED")
        if requested > self.points:
            self.throttled += 1
            return error("Throttled", "THROTTLED", cost=self._told(requested, None))
        try:
            data, actual = self._data(operation, asked)
        except ValueError as wrong:
            return error(str(wrong))
        self.points -= actual
        cost = self._told(requested, actual)
        headers = {"X-Shopify-API-Version": "2026-10"}
        return Answer({"data": data, "extensions": {"cost": cost}}, headers=headers)

    def _told(self, requested: int, actual: int | None) -> dict[str, Any]:
        status = {
            "maximumAvailable": self.bucket,
            "currentlyAvailable": int(self.points),
            "restoreRate": self.rate,
        }
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": status,
        }

    def _data(self, operation: str, asked: dict[str, Any]) -> tuple[dict[str, Any], int]:
        if operation == "Scopes":
            handles = [{"handle": handle} for handle in self.scopes]
            return {"currentAppInstallation": {"accessScopes": handles}}, 1 + len(handles)
        if operation == "Lines":
            order = self.records["orders"].get(asked["order"])
            if order is None:
                return {"order": None}, 1
            lines = _lines(order, asked["first"], asked["after"])
            return {"order": {"updatedAt": order["updatedAt"], "lineItems": lines}}, 4
        kind = _FIELDS[operation]
        page = self._search(kind, asked)
        nodes = [_shown(kind, node, asked) for node in page["nodes"]]
        return {"found": {**page, "nodes": nodes}}, 3 + 3 * len(nodes)

    def _search(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        match = _SEARCH.fullmatch(asked["search"])
        assert match, asked["search"]
        since, until = match.group(1) or "", match.group(2)
        places = sorted(
            (self.found_at[kind, key], int(key.rpartition("/")[2]), key)
            for key in self.records[kind]
            if since <= self.found_at[kind, key] < until
        )
        start = _place(asked["after"])
        behind = [place for place in places if start is None or place[:2] > start]
        if len(places) - len(behind) + asked["first"] > self.paged_at_most:
            raise ValueError(f"Cannot page past {self.paged_at_most} objects.")
        chosen = behind[: asked["first"]]
        info = {
            "hasNextPage": len(behind) > len(chosen),
            "endCursor": _cursor(*chosen[-1][:2]) if chosen else None,
        }
        return {"nodes": [self.records[kind][key] for *_, key in chosen], "pageInfo": info}


def source(server: ShopifyServer, shop: Shop, **changed: Any) -> ShopifySource:
    """Return a source that reads two records at a time and sleeps by the shop's clock."""
    told = {
        "type": "shopify",
        "base_url": server.url,
        "consent": "email",
        "calls_per_second": 10_000,
        "page_size": 2,
        "order_page_size": 2,
        **changed,
    }
    hashed = phone_hash("salt", "CN") if told.pop("phone", False) else None
    settings = ShopifySettings.model_validate(told)
    return ShopifySource("myshop", server.url, TOKEN, settings, phone_hash=hashed, sleep=shop.sleep)


def order(number: int, at: str, **changed: Any) -> dict[str, Any]:
    """Return a paid order of one line, by its number and time of change."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "updatedAt": at,
        "processedAt": "2026-03-01T09:00:00+08:00",
        "cancelledAt": None,
        "test": False,
        "edited": False,
        "displayFinancialStatus": "PAID",
        "currencyCode": "CNY",
        "customer": {"id": "gid://shopify/Customer/7"},
        "subtotalPriceSet": money("56.00"),
        "lineItems": [line(2, "28.00")],
        **changed,
    }


def line(quantity: int, price: str, **changed: Any) -> dict[str, Any]:
    return {
        "title": "豆",
        "quantity": quantity,
        "product": {"id": "gid://shopify/Product/3"},
        "originalUnitPriceSet": money(price),
        **changed,
    }


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount}}


def customer(number: int, at: str, **changed: Any) -> dict[str, Any]:
    agreed = {"marketingState": "SUBSCRIBED", "marketingUpdatedAt": "2026-02-03T00:00:00Z"}
    refused = {"marketingState": "UNSUBSCRIBED", "marketingUpdatedAt": "2026-02-04T00:00:00Z"}
    return {
        "id": f"gid://shopify/Customer/{number}",
        "updatedAt": at,
        "createdAt": "2026-02-01T00:00:00Z",
        "email": agreed,
        "sms": refused,
        "phone": {"phoneNumber": "+8613812345678"},
        **changed,
    }


def product(number: int, at: str, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Product/{number}",
        "updatedAt": at,
        "title": "豆",
        "productType": "咖啡",
        "status": "ACTIVE",
        "createdAt": "2026-01-01T00:00:00Z",
        "publishedAt": "2026-01-05T00:00:00Z",
        "totalInventory": 12,
        "tracksInventory": True,
        **changed,
    }


def error(message: str, code: str | None = None, **extensions: object) -> Answer:
    more = {} if code is None else {"extensions": {"code": code}}
    return Answer({"errors": [{"message": message, **more}], "extensions": extensions})


def denied(operation: str, scope: str) -> Answer:
    access = f"`{scope}` access scope."
    told = {
        "message": f"Access denied for {_FIELDS[operation]} field. Required access: {access}",
        "path": ["found"],
        "extensions": {"code": "ACCESS_DENIED", "requiredAccess": access},
    }
    return Answer({"data": {"found": None}, "errors": [told]})


def _cost(operation: str, asked: dict[str, Any]) -> int:
    """Return the points of a call if it found all it may: a connection is 2, an object 1."""
    if operation == "Scopes":
        return 12
    each = 7 + 4 * int(asked["lines"]) if operation == "Orders" else 4
    return 3 + int(asked["first"]) * each


def _shown(kind: str, node: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    if kind == "orders":
        return {**node, "lineItems": _lines(node, asked["lines"], None)}
    left_out = {part for part in ("email", "sms", "phone") if asked.get(part) is False}
    return {name: value for name, value in node.items() if name not in left_out}


def _lines(order: dict[str, Any], first: int, after: str | None) -> dict[str, Any]:
    start = _place(after)[1] if after else 0
    lines = order["lineItems"]
    end = start + first
    more = end < len(lines)
    return {
        "nodes": lines[start:end],
        "pageInfo": {"hasNextPage": more, "endCursor": _cursor("", min(end, len(lines)))},
    }


def _cursor(value: str, number: int) -> str:
    raw = json.dumps({"last_id": number, "last_value": value})
    return base64.b64encode(raw.encode()).decode()


def _place(cursor: str | None) -> Any:
    if cursor is None:
        return None
    try:
        told = json.loads(base64.b64decode(cursor))
        return told["last_value"], told["last_id"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("Invalid cursor for current pagination sort.") from None
