"""Sources that read a stand-in of WooCommerce, and what they read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.phones import phone_hash
from adapters.sources.woocommerce.source import WooCommerceSource
from schemas.enums import Entity
from schemas.incoming import Page, Window
from schemas.sources.woocommerce import WooCommerceSource as WooCommerceSettings
from tests.adapters.reading import pages_of, rows
from tests.adapters.woocommerce.stand_in import (
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
