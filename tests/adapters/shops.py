"""A scripted shop, and sources that read it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.sources.shop import ShopSource
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Window
from tests.adapters.loopback import Answer, Loopback, Request

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(SINCE, datetime(2026, 3, 2, tzinfo=UTC))
MEMBER = {
    "id": "m1",
    "unionid": None,
    "city": "杭州",
    "joined_at": "2026-02-01T08:00:00+08:00",
    "marketing_consent": True,
    "consent_at": "2026-02-01T00:00:01Z",
    "updated_at": "2026-03-01T00:00:00+00:00",
}
LINE = {"product_id": "p1", "product_name": "豆", "quantity": 2, "unit_price": "28.00"}
ORDER = {
    "id": "o1",
    "member_id": "m1",
    "ordered_at": "2026-03-01T09:00:00+08:00",
    "status": "paid",
    "currency": "CNY",
    "lines": [LINE, {**LINE, "product_id": "p2"}],
}


def answers(*script: Answer) -> Callable[[Request], Answer]:
    queue = list(script)
    return lambda _: queue.pop(0) if len(queue) > 1 else queue[0]


def page(what: str, *records: object, cursor: str | None = None) -> Answer:
    return Answer({what: list(records), "next_cursor": cursor})


def shop(server: Loopback, waits: list[float] | None = None) -> ShopSource:
    sleep = (waits if waits is not None else []).append
    return ShopSource("shop", server.url, "t0ken", 50, sleep=sleep)


def read(source: ShopSource, entity: Entity, window: Window = WINDOW) -> list[dict[str, Any]]:
    pages = list(source.pages(entity, window))
    assert all(one.pulled == len(one.rows) for one in pages)
    columns = COLUMNS[entity]
    return [dict(zip(columns, row, strict=True)) for one in pages for row in one.rows]
