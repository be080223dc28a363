"""That nothing is missed, whatever changes between calls; many cases, so without a socket."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources.http import Answer
from adapters.sources.shopify import source as shopify
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, Window
from tests.adapters.loopback import Request
from tests.adapters.reading import pages_of
from tests.adapters.shopify.stand_in import TOKEN, Shop, order, source

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=1))
LATER = Window(DAY + timedelta(days=1), DAY + timedelta(days=2))
KEY = COLUMNS[Entity.ORDER_LINE].index("order_key")


class Wire:
    """Stands for a server, to the shop, and for SourceHttp, to the source."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = [TOKEN]
        self.url = "http://127.0.0.1:9"
        self.script: Any = None

    def __call__(self, *_: object, **__: object) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def call(
        self, _: str, path: str, *, payload: Any, judge: Callable[[Answer], None]
    ) -> Answer:
        told = self.script(Request("/" + path, {}, payload, None)).body
        answer = Answer(json.loads(json.dumps(told), parse_float=Decimal), httpx.Headers())
        judge(answer)
        return answer


@dataclass(frozen=True)
class Change:
    before_call: int
    number: int
    found: bool  # whether the search sees it at once


@st.composite
def days(draw: st.DrawFn) -> tuple[list[int], list[Change]]:
    """Draw the seconds at which orders changed, and which of them change again meanwhile."""
    seconds = draw(st.lists(st.integers(0, 9), min_size=2, max_size=14))
    change = st.builds(
        Change, st.integers(2, 9), st.integers(1, len(seconds)), st.sampled_from([False, True])
    )
    return seconds, draw(st.lists(change, max_size=3))


@settings(max_examples=100)
@given(day=days(), size=st.integers(1, 3), capped=st.booleans())
def test_changes_between_pages_hide_nothing(
    day: tuple[list[int], list[Change]], size: int, capped: bool
) -> None:
    seconds, changes = day
    wire: Any = Wire()
    shop = Shop(wire)
    # One second's records, and a page each that is ahead of its place, must fit into a query.
    least = max(seconds.count(second) for second in seconds) + size * (2 + len(changes))
    cap = least if capped else 25_000
    shop.paged_at_most = cap
    for number, second in enumerate(seconds, 1):
        shop.put("orders", order(number, _at(second)))
    changed = _planned(shop, changes)
    reading = source(wire, shop, order_page_size=size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shopify, "PAGED_AT_MOST", cap)
        patch.setattr(shopify, "SourceHttp", wire)
        pages = pages_of(reading, Entity.ORDER_LINE, WINDOW)
        shop.before.clear()
        rests = [pages_of(reading, Entity.ORDER_LINE, WINDOW, page.cursor) for page in pages]
        for key in changed:  # by then the search has caught up
            shop.put("orders", shop.records["orders"][f"gid://shopify/Order/{key}"])
        later = pages_of(reading, Entity.ORDER_LINE, LATER)
    untouched = {str(number) for number in range(1, len(seconds) + 1)} - changed
    keys = _keys(pages)
    assert len(keys) == len(set(keys))
    assert untouched <= set(keys)
    for done, rest in enumerate(rests, 1):
        assert untouched <= {*_keys(pages[:done]), *_keys(rest)}
    assert changed <= set(_keys(later))


def _keys(pages: list[Page]) -> list[str]:
    return [row[KEY] for page in pages for row in page.rows]


def _at(second: int) -> str:
    return (DAY + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _planned(shop: Shop, changes: list[Change]) -> set[str]:
    """Let orders change before certain calls; what did change is in the set returned."""
    changed = set[str]()
    for turn, planned in enumerate(changes):

        def change(planned: Change = planned, turn: int = turn) -> None:
            shop.put("orders", order(planned.number, _at(90_000 + turn)), found=planned.found)
            changed.add(str(planned.number))

        shop.before[planned.before_call] = change
    return changed
