"""A Medusa 2 shop, as a source of products, members and order lines by time of change."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from pydantic import ValidationError

from adapters.phones import PhoneHash
from adapters.sources.http import Sleep, SourceHttp
from adapters.sources.medusa.records import (
    CUSTOMER_FIELDS,
    ORDER_FIELDS,
    PRODUCT_FIELDS,
    customer,
    order,
    product,
)
from adapters.sources.records import Read, page_of
from adapters.values import MOMENT
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Window
from schemas.sources.medusa import MedusaSource as MedusaSettings

_PAYMENTS = "payments "
"""Begins the cursors of an order's second reading; no id of Medusa's has a space."""

_MOST_IDS = 50
"""Ids in one address, which servers limit to a few thousand characters."""

Params = dict[str, Any]


class MedusaSource:
    """
    Products, members and order lines whose record changed within the window.

    Customers and orders are paged by id, not by offset: ids never change, so a record that is
    touched while we read leaves the window without moving another one; the next window has it.
    An order's record stays untouched when its payment is taken ("mark as paid" and capture), so
    orders are read once more by the payments that changed.
    """

    entities: tuple[Entity, ...] = (Entity.PRODUCT, Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        token: str,
        settings: MedusaSettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`token` is a secret API key; `sleep` waits that many seconds between attempts."""
        self.name = name
        self._base_url = base_url
        self._token = token
        self._settings = settings
        self._customer = partial(customer, settings=settings, phone_hash=phone_hash)
        self._customer_fields = f"{CUSTOMER_FIELDS},phone" + (
            ",metadata" if settings.consent_metadata else ""
        )
        self._sleep = sleep

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per call of the shop.

        Raises SourceError when the shop stays unreachable, refuses the key or answers nonsense.
        """
        if entity not in self.entities:
            raise ValueError(f"a Medusa shop has no {entity}")
        async with self._open() as http:
            if entity is Entity.PRODUCT:
                found = self._products(http, window)
            elif entity is Entity.MEMBER:
                asked = self._asked(window, self._customer_fields)
                found = self._by_id(http, "customers", asked, cursor, self._customer)
            else:
                found = self._orders(http, window, cursor)
            async for page in found:
                yield page

    async def probe(self, as_of: datetime) -> None:
        """Ask for what changed within no time at all; raise SourceError as reading would."""
        asked = self._asked(Window(as_of, as_of), "id") | {"limit": 1}
        async with self._open(probing=True) as http:
            for what in ("products", "customers", "orders", "payments"):
                await self._list(http, what, asked)

    def _open(self, *, probing: bool = False) -> SourceHttp:
        return SourceHttp(
            self.name,
            self._base_url,
            self._settings,
            auth=httpx.BasicAuth(self._token, ""),
            sleep=self._sleep,
            probing=probing,
        )

    def _asked(self, window: Window, fields: str) -> Params:
        asked = {
            "fields": fields,
            "order": "id",
            "limit": self._settings.page_size,
            "updated_at[$lt]": _millis(window.until).isoformat(),
        }
        if window.since is not None:
            asked["updated_at[$gte]"] = _millis(window.since).isoformat()
        return asked

    async def _products(self, http: SourceHttp, window: Window) -> AsyncIterator[Page]:
        async for found in self._by_offset(http, "products", self._asked(window, PRODUCT_FIELDS)):
            yield page_of(found, product)

    async def _orders(
        self, http: SourceHttp, window: Window, cursor: str | None
    ) -> AsyncIterator[Page]:
        resumed = cursor is not None and cursor.startswith(_PAYMENTS)
        if not resumed:
            asked = self._asked(window, ORDER_FIELDS)
            async for page in self._by_id(http, "orders", asked, cursor, order):
                yield page
        if window.since is None:
            return  # all orders were read, as they are now
        paid = await self._paid_orders(http, window)
        after = cursor.removeprefix(_PAYMENTS) if cursor is not None and resumed else ""
        ids = sorted(one for one in paid if one > after)
        for start in range(0, len(ids), _MOST_IDS):
            some = ids[start : start + _MOST_IDS]
            asked = {"fields": ORDER_FIELDS, "id[]": some, "limit": len(some)}
            found, _ = await self._list(http, "orders", asked)
            unread = [record for record in found if not _changed_within(window, record)]
            yield page_of(unread, order, _PAYMENTS + some[-1])

    async def _paid_orders(self, http: SourceHttp, window: Window) -> set[str]:
        """Return the ids of orders a payment of which changed within the window."""
        asked = self._asked(window, "payment_collection.order.id")
        return {
            str(paid["id"])
            async for found in self._by_offset(http, "payments", asked)
            for payment in found
            if isinstance(payment, dict)
            and isinstance(collection := payment.get("payment_collection"), dict)
            and isinstance(paid := collection.get("order"), dict)
            and "id" in paid
        }

    async def _by_id(
        self,
        http: SourceHttp,
        what: str,
        asked: Params,
        after: str | None,
        reader: Callable[[object], Read],
    ) -> AsyncIterator[Page]:
        while True:
            behind = {"id[$gt]": after} if after else {}
            found, count = await self._list(http, what, asked | behind)
            if not found:
                return
            last = found[-1].get("id") if isinstance(found[-1], dict) else None
            if not isinstance(last, str) or last == after:
                raise SourceError(
                    f"sources.{self.name}: /admin/{what} repeats its page, so it would never end; "
                    "check that the shop is Medusa 2.10 or later"
                )
            after = last
            yield page_of(found, reader, after)
            if count <= len(found):
                return

    async def _by_offset(
        self, http: SourceHttp, what: str, asked: Params
    ) -> AsyncIterator[list[Any]]:
        """
        Yield what these lists have, which know no comparison of ids, each record once.

        A record that is touched meanwhile leaves the window, and those behind it move up by one;
        its count tells. Then we begin anew and skip what was seen. They are short: the products,
        or one window's payments.
        """
        seen = set[str]()
        offset, most = 0, None
        while True:
            found, count = await self._list(http, what, asked | {"offset": offset})
            if most is not None and count < most:
                offset, most = 0, count
                continue
            most = count
            told = [(str(one.get("id")) if isinstance(one, dict) else "", one) for one in found]
            yield [one for key, one in told if key not in seen]
            seen.update(key for key, _ in told if key)
            offset += len(found)
            if not found or offset >= count:
                return

    async def _list(self, http: SourceHttp, what: str, asked: Params) -> tuple[list[Any], int]:
        answer = await http.call("GET", f"admin/{what}", params=asked)
        body = answer.body if isinstance(answer.body, dict) else {}
        found, count = body.get(what), body.get("count")
        if not isinstance(found, list) or not isinstance(count, int):
            raise SourceError(
                f"sources.{self.name}: the answer to /admin/{what} lacks a list {what!r} or a "
                "count; check base_url and the shop's version"
            )
        return found, count


def _millis(moment: datetime) -> datetime:
    """Return the instant as Medusa tells its own, in whole milliseconds, so that both compare."""
    exact = moment.astimezone(UTC)
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def _changed_within(window: Window, record: object) -> bool:
    try:
        at = MOMENT.validate_python(record.get("updated_at") if isinstance(record, dict) else None)
    except ValidationError:
        return False
    since = window.since
    return (since is None or _millis(since) <= at) and bool(at < _millis(window.until))
