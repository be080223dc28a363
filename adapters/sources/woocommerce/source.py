"""
A WooCommerce shop, as a source of products, members and order lines.

Parameters, headers and boundaries were read in the sources of WooCommerce (REST controllers of
v3) and of WordPress (WP_Date_Query), not tried against a shop: both ends of a span of changes are
excluded, and a time with an offset would be turned into the site's own zone even where
dates_are_gmt is set, so times are sent without one. Unverified: that a sale moves a product's
time of change, which its stock depends on.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import httpx

from adapters.phones import PhoneHash
from adapters.sources.http import Answer, Sleep, SourceHttp
from adapters.sources.records import page_of
from adapters.sources.slices import Found, Slices
from adapters.sources.woocommerce.rows import (
    CUSTOMER_FIELDS,
    ORDER_FIELDS,
    PRODUCT_FIELDS,
    member,
    order,
    product,
)
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Window
from schemas.sources.woocommerce import WooCommerceSource as WooCommerceSettings

_PAGES = 50
"""Pages of a slice: the shop's database counts off all records before a page to find it."""

_LONGEST = timedelta(days=365 * 100)


class WooCommerceSource:
    """
    Products and order lines that changed within the window, and all members.

    Customers are told by id, old before new, so that one who registers meanwhile moves nobody;
    they are read from the last page to the first for the reason that adapters.sources.slices
    gives. Users of every role are read: whoever is signed in may order.
    """

    entities: tuple[Entity, ...] = (Entity.PRODUCT, Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        consumer_key: str,
        consumer_secret: str,
        settings: WooCommerceSettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`sleep` waits that many seconds between attempts."""
        self.name = name
        self._base_url = base_url
        self._auth = httpx.BasicAuth(consumer_key, consumer_secret)
        self._settings = settings
        self._member = partial(member, settings=settings, phone_hash=phone_hash)
        self._customer_fields = CUSTOMER_FIELDS + (",meta_data" if settings.consent_meta else "")
        self._sleep = sleep

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per call of the shop.

        Raises SourceError when the shop stays unreachable, refuses the key or answers nonsense.
        """
        if entity not in self.entities:
            raise ValueError(f"a WooCommerce shop has no {entity}")
        async with self._open() as http:
            if entity is Entity.MEMBER:
                found = self._members(http, cursor)
            elif entity is Entity.PRODUCT:
                asked = {"_fields": PRODUCT_FIELDS}
                found = self._changed(http, "products", asked, window, cursor)
            else:
                asked = {"_fields": ORDER_FIELDS}
                found = self._changed(http, "orders", asked, window, cursor)
            async for page in found:
                yield page

    async def probe(self, as_of: datetime) -> None:
        """Ask for a single customer and order; raise SourceError as reading would."""
        second = math.ceil(as_of.timestamp())
        async with self._open(probing=True) as http:
            await self._list(http, "customers", {"_fields": "id"}, 1)
            asked = {"_fields": "id"} | _span(second - 1, second)
            await self._list(http, "orders", asked, 1)

    def _open(self, *, probing: bool = False) -> SourceHttp:
        return SourceHttp(
            self.name,
            self._base_url,
            self._settings,
            auth=self._auth,
            sleep=self._sleep,
            probing=probing,
        )

    async def _changed(
        self,
        http: SourceHttp,
        what: str,
        asked: dict[str, str],
        window: Window,
        cursor: str | None,
    ) -> AsyncIterator[Page]:
        async def ask(start: int, end: int, page: int) -> Found:
            return await self._list(http, what, asked | _span(start, end), page)

        since = window.since or datetime.combine(self._settings.begin, time(), UTC)
        size = self._settings.page_size
        longest = int(_LONGEST.total_seconds())
        slices = Slices(self.name, ask, size, _PAGES * size, longest, strict=False)
        read = product if what == "products" else order
        until = math.ceil(window.until.timestamp())
        async for records, behind in slices.pages(int(since.timestamp()), until, cursor):
            yield page_of(records, read, behind)

    async def _members(self, http: SourceHttp, cursor: str | None) -> AsyncIterator[Page]:
        asked = {"role": "all", "_fields": self._customer_fields}
        page = self._page(cursor) if cursor else 0
        if not page:
            counted = await self._list(http, "customers", asked, 1)
            page = max(1, math.ceil(counted.total / self._settings.page_size))
        while page:
            found = await self._list(http, "customers", asked, page)
            page -= 1
            yield page_of(found.records, self._member, str(page) if page else None)

    async def _list(self, http: SourceHttp, what: str, asked: dict[str, str], page: int) -> Found:
        params = asked | {
            "orderby": "id",
            "order": "asc",
            "page": str(page),
            "per_page": str(self._settings.page_size),
        }
        answer = await http.call("GET", f"wp-json/wc/v3/{what}", params=params)
        return Found(self._total(what, answer), self._records(what, answer))

    def _records(self, what: str, answer: Answer) -> list[Any]:
        if not isinstance(answer.body, list):
            raise SourceError(
                f"sources.{self.name}: the answer to /{what} is no list; check base_url"
            )
        return answer.body

    def _total(self, what: str, answer: Answer) -> int:
        told = answer.headers.get("X-WP-Total", "")
        if not (told.isascii() and told.isdigit()):
            raise SourceError(
                f"sources.{self.name}: the answer to /{what} does not tell how many there are "
                "(X-WP-Total); have the shop's proxy let that header through"
            )
        return int(told[:18])

    def _page(self, cursor: str) -> int:
        if not (cursor.isascii() and cursor.isdigit()):
            raise SourceError(
                f"sources.{self.name}: a reading cannot go on from {cursor[:40]!r}, which another "
                "kind of source left; the next run begins the window anew"
            )
        return int(cursor)


def _span(start: int, end: int) -> dict[str, str]:
    """Ask for what changed from one second on to before another; both ends are excluded."""
    return {
        "modified_after": _gmt(start - 1),
        "modified_before": _gmt(end),
        "dates_are_gmt": "true",
    }


def _gmt(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat()
