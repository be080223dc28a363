"""Sources that read a stand-in of WooCommerce, and what they read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.phones import phone_hash
from adapters.sources.woocommerce import WooCommerceSource
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, Window
from schemas.sources.woocommerce import WooCommerceSource as WooCommerceSettings
from tests.adapters.shops import pages_of
from tests.adapters.stand_ins.woocommerce import (
    AT,
    KEY,
    SECRET,
)

SINCE = AT - timedelta(days=1)
WINDOW = Window(SINCE, AT)
HASH = phone_hash("salt", "DE")
Made = Callable[..., WooCommerceSource]


def made_at(url: str, waits: list[float]) -> Made:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def made(*, secret: str = SECRET, **changed: Any) -> WooCommerceSource:
        told = {"type": "woocommerce", "base_url": url, "calls_per_second": 1000.0}
        settings = WooCommerceSettings.model_validate(told | changed)
        return WooCommerceSource("woo", url, KEY, secret, settings, phone_hash=HASH, sleep=sleep)

    return made


def rows(pages: list[Page], entity: Entity = Entity.ORDER_LINE) -> list[dict[str, Any]]:
    assert all(page.pulled == len(page.rows) + sum(page.dropped.values()) for page in pages)
    return [dict(zip(COLUMNS[entity], row, strict=True)) for page in pages for row in page.rows]


def orders(
    source: WooCommerceSource, window: Window = WINDOW, cursor: str | None = None
) -> list[Page]:
    return pages_of(source, Entity.ORDER_LINE, window, cursor)


def order_keys(pages: list[Page]) -> set[str]:
    return {row["order_key"] for row in rows(pages)}


def members(source: WooCommerceSource, cursor: str | None = None) -> list[Page]:
    return pages_of(source, Entity.MEMBER, WINDOW, cursor)


def member_keys(pages: list[Page]) -> set[str]:
    return {row["key"] for row in rows(pages, Entity.MEMBER)}
