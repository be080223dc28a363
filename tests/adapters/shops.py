"""A scripted shop, and sources that read it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.sources.base import Source
from adapters.sources.shop import ShopSource
from schemas.enums import Entity
from schemas.incoming import Window
from schemas.sources import ShopSource as ShopSettings
from tests.adapters.loopback import Answer, Loopback, Request
from tests.adapters.reading import pages_of, rows

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
    return shop_at(server.url, waits)


def shop_at(url: str, waits: list[float] | None = None) -> ShopSource:
    waited = waits if waits is not None else []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    settings = ShopSettings(type="shop", page_size=50)
    return ShopSource("shop", url, "t0ken", settings, sleep=sleep)


def read(source: Source, entity: Entity, window: Window = WINDOW) -> list[dict[str, Any]]:
    pages = pages_of(source, entity, window)
    assert all(one.pulled == len(one.rows) for one in pages)
    return rows(pages, entity)


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what this source never tells."""
    untold = {"phone_hash", "timezone", "discount", "total", "store_key"}
    return {name: value for name, value in row.items() if name not in untold}
