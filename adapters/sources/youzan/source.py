"""
A Youzan (有赞) shop, as a source of members and order lines.

From copies of the documentation, not tried against a shop: orders are listed up to page 100 of at
most 100, over at most three months of changes, and customers up to 10,000 on pages of at most 50;
changes are listed up to 30 seconds late. Unverified, and nothing here depends on it: which way
the lists are sorted, and whether the ends of a span are counted in.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from adapters.phones import PhoneHash
from adapters.sources.http import Sleep, SourceHttp
from adapters.sources.records import page_of
from adapters.sources.slices import Found, Slices, TooMany
from adapters.sources.youzan.api import YouzanApi
from adapters.sources.youzan.rows import SHANGHAI, member, order
from schemas import clock as machine
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Window
from schemas.sources.youzan import YouzanSource as YouzanSettings

_ORDERS = "youzan.trades.sold.get"
_LISTED = 10_000
"""Records that Youzan lists for one question, whatever the size of a page."""

_LAST_PAGE = 100  # of orders
_CUSTOMERS_A_PAGE = 50
_LONGEST = timedelta(days=28)  # a question about orders may span three months


@dataclass(frozen=True)
class _Customers:
    method: str
    version: str
    page: str
    units: tuple[int, ...]  # how many of its units of time make a second


_CUSTOMERS = {
    # Copies of its documentation tell both units; who asks in the wrong one is told of nobody.
    "list": _Customers("youzan.scrm.customer.list", "1.0.0", "page_no", (1000, 1)),
    "search": _Customers("youzan.scrm.customer.search", "3.1.2", "page", (1,)),
}


class YouzanSource:
    """
    Order lines whose order changed within the window, and members who joined within or before it.

    Youzan lists at most 10,000 records for a question, so the window is cut into slices of time.
    Neighbouring slices share the second between them.
    """

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        client_id: str,
        client_secret: str,
        settings: YouzanSettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], datetime] = machine.now,
    ) -> None:
        """`sleep` waits that many seconds between attempts; `clock` tells when a token is old."""
        self.name = name
        self._base_url = base_url
        self._credentials = {
            "client_id": client_id,
            "client_secret": client_secret,
            "grant_id": settings.kdt_id,
        }
        self._settings = settings
        self._member = partial(member, phone_hash=phone_hash)
        self._customers = _CUSTOMERS[settings.customers]
        self._sleep = sleep
        self._clock = clock

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per call of the shop.

        Raises SourceError when Youzan stays unreachable, refuses us or answers nonsense, or if a
        single second has more records than it lists.
        """
        if entity not in self.entities:
            raise ValueError(f"a Youzan shop has no {entity}")
        until = _whole_second(window.until)
        async with self._open() as http:
            api = self._api(http)
            if entity is Entity.ORDER_LINE:
                slices, since, read = self._orders(api), self._since(window), order
            else:
                since, read = self._members_since(window), self._member
                slices = await self._members(api, until)
            async for records, behind in slices.pages(since, until, cursor):
                yield page_of(records, read, behind)

    async def probe(self, as_of: datetime) -> None:
        """Ask for one order and one customer; raise SourceError as reading would."""
        until = _whole_second(as_of)
        async with self._open(probing=True) as http:
            api = self._api(http)
            await self._order_page(api, 1, until - 1, until, 1)
            await self._customer_page(api, self._customers.units[0], until - 1, until, 1)

    def _open(self, *, probing: bool = False) -> SourceHttp:
        return SourceHttp(
            self.name, self._base_url, self._settings, sleep=self._sleep, probing=probing
        )

    def _api(self, http: SourceHttp) -> YouzanApi:
        return YouzanApi(self.name, http, self._credentials, self._clock)

    def _orders(self, api: YouzanApi) -> Slices:
        size = self._settings.page_size
        ask = partial(self._order_page, api, size)
        cap = min(_LISTED, _LAST_PAGE * size)
        return Slices(self.name, ask, size, cap, int(_LONGEST.total_seconds()))

    async def _members(self, api: YouzanApi, until: int) -> Slices:
        unit = await self._unit(api, until)
        ask = partial(self._customer_page, api, unit)
        longest = max(1, until - self._begin())
        return Slices(self.name, ask, _CUSTOMERS_A_PAGE, _LISTED, longest)

    async def _unit(self, api: YouzanApi, until: int) -> int:
        """Return the unit of time in which customers are found at all."""
        for unit in self._customers.units[:-1]:
            try:
                found = await self._customer_page(api, unit, self._begin(), until, 1)
            except TooMany:
                return unit
            if found.total:
                return unit
        return self._customers.units[-1]

    async def _order_page(
        self, api: YouzanApi, size: int, start: int, end: int, page: int
    ) -> Found:
        asked = {
            "start_update": _local(start),
            "end_update": _local(end),
            "page_no": page,
            "page_size": size,
        }
        data = await api.call(_ORDERS, self._settings.orders_version, asked)
        return self._found(_ORDERS, data.get("total_results"), data.get("full_order_info_list"))

    async def _customer_page(
        self, api: YouzanApi, unit: int, start: int, end: int, page: int
    ) -> Found:
        customers = self._customers
        asked = {
            "created_at_start": start * unit,
            "created_at_end": end * unit,
            customers.page: page,
            "page_size": _CUSTOMERS_A_PAGE,
        }
        data = await api.call(customers.method, customers.version, asked)
        return self._found(customers.method, data.get("total"), data.get("record_list"))

    def _found(self, method: str, total: Any, records: Any) -> Found:
        if type(total) is not int or not isinstance(records, list):
            raise SourceError(
                f"sources.{self.name}: the answer to {method} lacks its records or how many there "
                "are; check the version of the interface"
            )
        return Found(total, records)

    def _since(self, window: Window) -> int:
        return self._begin() if window.since is None else int(window.since.timestamp())

    def _members_since(self, window: Window) -> int:
        """Return from when on customers are read: all of them at first and as it falls due."""
        begin, every = self._begin(), self._settings.member_scan_days
        if window.since is None or _day(window.since) // every < _day(window.until) // every:
            return begin
        rescan = timedelta(days=self._settings.member_rescan_days)
        return max(begin, int((window.since - rescan).timestamp()))

    def _begin(self) -> int:
        began: date = self._settings.begin
        return int(datetime.combine(began, time(), SHANGHAI).timestamp())


def _day(at: datetime) -> int:
    return at.astimezone(SHANGHAI).toordinal()


def _local(second: int) -> str:
    """Return a second as Youzan writes it; a date without a time is refused (code 5001)."""
    return datetime.fromtimestamp(second, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _whole_second(at: datetime) -> int:
    """Return the first whole second that is not before `at`."""
    return math.ceil(at.timestamp())
