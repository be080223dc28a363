"""Sources that read a stand-in of Youzan, and what they read."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from adapters.phones import phone_hash
from adapters.sources.youzan.source import YouzanSource
from schemas.enums import Entity
from schemas.incoming import Page, Window
from schemas.sources.youzan import YouzanSource as YouzanSettings
from tests.adapters.reading import pages_of, rows
from tests.adapters.youzan.stand_in import (
    AT,
    CREDENTIALS,
    YouzanShop,
)

SINCE = AT - timedelta(days=1)
WINDOW = Window(SINCE, AT)
HASH = phone_hash("salt", "CN")
Made = Callable[..., YouzanSource]


def made_at(url: str, shop: YouzanShop, waits: list[float]) -> Made:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def made(*, secret: str = CREDENTIALS["client_secret"], **changed: Any) -> YouzanSource:
        settings = {
            "type": "youzan",
            "kdt_id": "42583152",
            "begin": date(2026, 1, 1),
            "calls_per_second": 1000.0,
            **changed,
        }
        return YouzanSource(
            "yz",
            url,
            "app",
            secret,
            YouzanSettings.model_validate(settings),
            phone_hash=HASH,
            sleep=sleep,
            clock=lambda: shop.now,
        )

    return made


def keys(pages: list[Page], entity: Entity = Entity.ORDER_LINE) -> set[str]:
    column = "order_key" if entity is Entity.ORDER_LINE else "key"
    return {row[column] for row in rows(pages, entity)}


def orders(source: YouzanSource, window: Window = WINDOW, cursor: str | None = None) -> list[Page]:
    return pages_of(source, Entity.ORDER_LINE, window, cursor)


def members(source: YouzanSource, window: Window = WINDOW) -> list[Page]:
    return pages_of(source, Entity.MEMBER, window)
