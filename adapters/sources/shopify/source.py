"""A Shopify shop: customers, orders and products by time of change."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.phones import PhoneHash
from adapters.sources.http import Sleep, SourceHttp
from adapters.sources.shopify import queries
from adapters.sources.shopify.calls import ShopifyCalls
from adapters.sources.shopify.reading import Found, Reach
from adapters.sources.shopify.rows import RowsOf, member_rows, order_rows, product_rows
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Row, Window
from schemas.sources.shopify import ShopifySource as ShopifySettings

PAGED_AT_MOST = 25_000
"""Records one query may be paged through (shopify.dev, API limits); what is beyond is refused."""

LINES_PER_CALL = 200
"""Lines of one order at a time: some 800 points, where 1000 is the most a call may cost."""


@dataclass(frozen=True)
class _Kind:
    """How the records of an entity are asked for and read."""

    query: str
    size: int
    variables: dict[str, Any]
    rows_of: RowsOf


class ShopifySource:
    """
    What changed within the window, oldest change first.

    Cursors are times, not Shopify's own, so none expires: going on reads a few records again. A
    record that changes while it is being read leaves the window for the next one; Shopify's
    cursors hold the last record's place by value (seen in public traces, not promised in its
    documentation), so nothing moves up past them.
    """

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE, Entity.PRODUCT)
    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        access_token: str,
        settings: ShopifySettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`sleep` waits that many seconds, between attempts and for points."""
        self.name = name
        self._base_url = base_url
        self._token = access_token
        self._settings = settings
        self._phone_hash = phone_hash
        self._sleep = sleep

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per page of Shopify's, with all lines of every order in it.

        Raises SourceError when Shopify stays unreachable, refuses the token or a scope, or answers
        nonsense.
        """
        if entity not in self.entities:
            raise ValueError(f"a Shopify shop has no {entity}")
        kind = self._kind(entity)
        reach = Reach(self.name, window.since, window.until, cursor)
        async with self._open() as calls:
            if entity is Entity.ORDER_LINE:
                await self._check_history(calls)
            while True:
                found = await self._found(calls, kind, reach)
                page = await self._page(calls, kind, reach.fresh(found))
                if found.after is None:
                    yield page
                    return
                reach.advance(found)
                yield replace(page, cursor=reach.cursor)
                if reach.paged + kind.size > PAGED_AT_MOST:
                    reach.restart()

    async def probe(self, as_of: datetime) -> None:
        """Ask for what changed within no time at all; raise SourceError as reading would."""
        async with self._open(probing=True) as calls:
            await self._check_history(calls)
            for entity in self.entities:
                reach = Reach(self.name, as_of, as_of, None)
                await self._found(calls, replace(self._kind(entity), size=1), reach)

    @asynccontextmanager
    async def _open(self, *, probing: bool = False) -> AsyncIterator[ShopifyCalls]:
        async with SourceHttp(
            self.name,
            self._base_url,
            self._settings,
            headers={"X-Shopify-Access-Token": self._token},
            sleep=self._sleep,
            probing=probing,
        ) as http:
            version, spare = self._settings.api_version, self._settings.spare_points
            yield ShopifyCalls(self.name, http, version, spare, self._sleep)

    def _kind(self, entity: Entity) -> _Kind:
        asked = self._settings
        if entity is Entity.ORDER_LINE:
            lines = {"lines": asked.lines_per_order}
            return _Kind(queries.ORDERS, asked.order_page_size, lines, order_rows)
        if entity is Entity.PRODUCT:
            return _Kind(queries.PRODUCTS, asked.page_size, {}, product_rows)
        parts = {
            "email": asked.consent == "email",
            "sms": asked.consent == "sms",
            "phone": self._phone_hash is not None,
        }
        rows_of = member_rows(asked.consent, self._phone_hash)
        return _Kind(queries.CUSTOMERS, asked.page_size, parts, rows_of)

    async def _found(self, calls: ShopifyCalls, kind: _Kind, reach: Reach) -> Found:
        place = {"first": kind.size, "after": reach.after, "search": reach.search}
        data = await calls.ask(kind.query, kind.variables | place)
        return Found.of(self.name, data.get("found"))

    async def _page(self, calls: ShopifyCalls, kind: _Kind, found: Found) -> Page:
        """Return the rows of some records; what is put aside counts as the rows it had."""
        rows: list[Row] = []
        dropped = Counter(found.dropped)
        for record in found.records:
            told, rule = kind.rows_of(record)
            if rule is None and kind.query == queries.ORDERS and _goes_on(record):
                rule = None if await self._complete(calls, record) else "changed_meanwhile"
                told, _ = kind.rows_of(record)
            if rule is None:
                rows += told
            else:
                dropped[rule] += len(told)
        return Page(rows, len(rows) + dropped.total(), dict(dropped))

    async def _complete(self, calls: ShopifyCalls, order: dict[str, Any]) -> bool:
        """Add the lines behind an order's first page; False if it changed while they were read."""
        found = Found.of(self.name, order["lineItems"])
        lines, passed = list(found.records), set[str]()
        while found.after is not None:
            if found.after in passed:
                raise SourceError(
                    f"sources.{self.name}: Shopify repeats a cursor among the lines of one order, "
                    "so reading would never end; the next run tries again"
                )
            passed.add(found.after)
            place = {"order": order.get("id"), "first": LINES_PER_CALL, "after": found.after}
            again = (await calls.ask(queries.LINES, place)).get("order")
            if not isinstance(again, dict) or again.get("updatedAt") != order.get("updatedAt"):
                return False
            found = Found.of(self.name, again.get("lineItems"))
            lines += found.records
        order["lineItems"] = {"nodes": lines}
        return True

    async def _check_history(self, calls: ShopifyCalls) -> None:
        """Raise SourceError if older orders would be missing, of which Shopify gives no hint."""
        if not self._settings.all_orders:
            return
        installed = (await calls.ask(queries.SCOPES, {})).get("currentAppInstallation")
        scopes = installed.get("accessScopes") if isinstance(installed, dict) else None
        granted = [scope.get("handle") for scope in scopes or () if isinstance(scope, dict)]
        if "read_all_orders" not in granted:
            raise SourceError(
                f"sources.{self.name}: the app may see the orders of the last 60 days only; have "
                "it granted read_all_orders, or be content with those and set "
                f"sources.{self.name}.all_orders = false"
            )


def _goes_on(order: Any) -> bool:
    """Tell whether an order has more lines than came with it."""
    lines = order.get("lineItems") if isinstance(order, dict) else None
    info = lines.get("pageInfo") if isinstance(lines, dict) else None
    return isinstance(info, dict) and info.get("hasNextPage") is True
