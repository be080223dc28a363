"""A shop with an HTTP interface, as a source of members and order lines by time of change."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from adapters.sources.shop_api import PROBE_SECONDS, ShopApi
from adapters.values import AMOUNT, FLAG, KEY, MOMENT, TEXT, WHOLE, Reading
from schemas.enums import Entity
from schemas.incoming import Page, Row, Window

_WHATS = {Entity.MEMBER: "members", Entity.ORDER_LINE: "orders"}


class ShopSource:
    """Members and order lines whose record changed within the window."""

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)

    def __init__(
        self,
        name: str,
        base_url: str,
        token: str,
        page_size: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`page_size` is records per call; `sleep` waits that many seconds between attempts."""
        self.name = name
        self._open = partial(ShopApi, name, base_url, token, sleep)
        self._page_size = page_size

    def pages(self, entity: Entity, window: Window) -> Iterator[Page]:
        """
        Yield a page per call of the shop.

        Raises SourceError when the shop stays unreachable, refuses the token or answers nonsense.
        """
        if entity not in self.entities:
            raise ValueError(f"a shop has no {entity}")
        rows_of = member_rows if entity is Entity.MEMBER else order_rows
        params: dict[str, str | int] = {
            "updated_until": window.until.isoformat(),
            "limit": self._page_size,
        }
        if window.since is not None:
            params["updated_from"] = window.since.isoformat()
        with self._open() as api:
            for found in api.items(_WHATS[entity], params):
                rows = [row for record in found for row in rows_of(record)]
                yield Page(rows, len(rows))

    def probe(self, as_of: datetime) -> None:
        """Ask for what changed within no time at all; raise SourceError as reading would."""
        nothing = {"updated_from": as_of.isoformat(), "updated_until": as_of.isoformat()}
        with self._open(attempts=1, seconds=PROBE_SECONDS) as api:
            for what in _WHATS.values():
                next(api.items(what, {**nothing, "limit": 1}))


def member_rows(record: object) -> list[Row]:
    """Return the one staged row of a member."""
    member = Reading(record, "member")
    values = (
        member.take("id", KEY, "key"),
        member.take("unionid", TEXT),
        member.take("city", TEXT),
        member.take("joined_at", MOMENT),
        member.take("marketing_consent", FLAG, "consent"),
        member.take("consent_at", MOMENT),
    )
    return [(*values, member.defects())]


def order_rows(record: object) -> list[Row]:
    """Return a staged row per line of an order; an order without lines gives one, with a defect."""
    order = Reading(record, "order")
    key = order.take("id", KEY, "order_key")
    told = (
        order.take("member_id", KEY, "member_key"),
        order.take("ordered_at", MOMENT),
        order.take("status", TEXT),
        order.take("currency", TEXT),
    )
    lines = record.get("lines") if isinstance(record, dict) else None
    if not isinstance(lines, list) or not lines:
        order.note("lines", lines)
        return [(key, None, *told, None, None, None, None, order.defects())]
    return [(key, ordinal, *told, *_line(line, order)) for ordinal, line in enumerate(lines, 1)]


def _line(record: object, order: Reading) -> Row:
    line = Reading(record, "line")
    values = (
        line.take("product_id", KEY, "product_key"),
        line.take("product_name", TEXT),
        line.take("quantity", WHOLE),
        line.take("unit_price", AMOUNT),
    )
    return (*values, order.defects(line.defects()))
