"""A shop with an HTTP interface, as a source of members and order lines by time of change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from adapters.sources.http import Answer, Sleep, SourceHttp
from adapters.values import AMOUNT, FLAG, KEY, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Row, Window, staged_row
from schemas.sources import ShopSource as ShopSettings

_WHATS = {Entity.MEMBER: "members", Entity.ORDER_LINE: "orders"}


class ShopSource:
    """Members and order lines whose record changed within the window."""

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer = True

    def __init__(
        self,
        name: str,
        base_url: str,
        token: str,
        settings: ShopSettings,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`sleep` waits that many seconds between attempts."""
        self.name = name
        self._base_url = base_url
        self._token = token
        self._settings = settings
        self._sleep = sleep

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """
        Yield a page per call of the shop.

        Raises SourceError when the shop stays unreachable, refuses the token or answers nonsense.
        """
        if entity not in self.entities:
            raise ValueError(f"a shop has no {entity}")
        what = _WHATS[entity]
        rows_of = member_rows if entity is Entity.MEMBER else order_rows
        async with self._open() as http:
            seen = set[str]()
            while True:
                answer = await http.call("GET", what, params=self._asked(window, cursor))
                found, cursor = self._found(what, answer)
                rows = [row for record in found for row in rows_of(record)]
                yield Page(rows, len(rows), cursor=cursor)
                if not cursor:
                    return
                if cursor in seen:
                    raise SourceError(
                        f"sources.{self.name}: /{what} repeats a cursor after {len(seen)} pages, "
                        "so it would never end; report it to the shop"
                    )
                seen.add(cursor)

    async def probe(self, as_of: datetime) -> None:
        """Ask for what changed within no time at all; raise SourceError as reading would."""
        async with self._open(probing=True) as http:
            for what in _WHATS.values():
                params = self._asked(Window(as_of, as_of), None) | {"limit": 1}
                self._found(what, await http.call("GET", what, params=params))

    def _open(self, *, probing: bool = False) -> SourceHttp:
        headers = {"Authorization": f"Bearer {self._token}"}
        return SourceHttp(
            self.name,
            self._base_url,
            self._settings,
            headers=headers,
            sleep=self._sleep,
            probing=probing,
        )

    def _asked(self, window: Window, cursor: str | None) -> dict[str, str | int]:
        params: dict[str, str | int] = {
            "updated_until": window.until.isoformat(),
            "limit": self._settings.page_size,
        }
        if window.since is not None:
            params["updated_from"] = window.since.isoformat()
        return {**params, "cursor": cursor} if cursor else params

    def _found(self, what: str, answer: Answer) -> tuple[list[Any], str | None]:
        body = answer.body if isinstance(answer.body, dict) else {}
        found, cursor = body.get(what), body.get("next_cursor", False)
        if not isinstance(found, list) or not (cursor is None or isinstance(cursor, str)):
            raise SourceError(
                f"sources.{self.name}: the answer to /{what} lacks a list {what!r} or a "
                "next_cursor; check base_url and the shop's version"
            )
        return found, cursor


def member_rows(record: object) -> list[Row]:
    """Return the one staged row of a member."""
    member = Reading(record, "member")
    values = {
        "key": member.take("id", KEY, "key"),
        "unionid": member.take("unionid", TEXT),
        "city": member.take("city", TEXT),
        "joined_at": member.take("joined_at", MOMENT),
        "consent": member.take("marketing_consent", FLAG, "consent"),
        "consent_at": member.take("consent_at", MOMENT),
    }
    return [staged_row(Entity.MEMBER, values, member.defects())]


def order_rows(record: object) -> list[Row]:
    """Return a staged row per line of an order; an order without lines gives one, with a defect."""
    order = Reading(record, "order")
    told = {
        "order_key": order.take("id", KEY, "order_key"),
        "member_key": order.take("member_id", KEY, "member_key"),
        "ordered_at": order.take("ordered_at", MOMENT),
        "status": order.take("status", TEXT),
        "currency": order.take("currency", TEXT),
    }
    lines = record.get("lines") if isinstance(record, dict) else None
    if not isinstance(lines, list) or not lines:
        order.note("lines", lines)
        return [staged_row(Entity.ORDER_LINE, told, order.defects())]
    return [_line(line, order, told, ordinal) for ordinal, line in enumerate(lines, 1)]


def _line(record: object, order: Reading, told: dict[str, Any], ordinal: int) -> Row:
    line = Reading(record, "line")
    values = {
        "ordinal": ordinal,
        "product_key": line.take("product_id", KEY, "product_key"),
        "product_name": line.take("product_name", TEXT),
        "quantity": line.take("quantity", WHOLE),
        "unit_price": line.take("unit_price", AMOUNT),
    }
    return staged_row(Entity.ORDER_LINE, told | values, order.defects(line.defects()))
