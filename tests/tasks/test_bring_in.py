"""Windows are read at once and published in order; what goes wrong with one stays with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.enums import Entity
from schemas.errors import SourceDown, SourceError
from schemas.incoming import Page, Window, staged_row
from tasks import pull
from tasks.pull import Brought
from tasks.wiring import wiring
from tests.house import House, at
from tests.tasks.contract_rows import FIT

AS_OF = at(2, 7, 30)
_PATIENCE = 200
NAMES = ("app", "till", *"abcde")
_TOML = """
[sources.{name}]
type = "file"
path = "{name}.csv"
timezone = "Asia/Shanghai"
currency = "CNY"
[sources.{name}.columns]
order_key = "order"
member_key = "member"
ordered_at = "time"
product_key = "product"
quantity = "pieces"
unit_price = "price"
"""
_ROWS: dict[Entity, dict[str, Any]] = {
    Entity.MEMBER: {"key": "m1", "consent": False},
    Entity.ORDER_LINE: {**FIT[Entity.ORDER_LINE], "order_key": "o1"},
}

Before = Callable[["Told", Entity], Any]


class Told:
    """A source of one member and their order, which does something before it tells of either."""

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer = True

    def __init__(self, name: str, before: Before) -> None:
        self.name = name
        self.before = before

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        del window, cursor
        await self.before(self, entity)
        yield Page([staged_row(entity, _ROWS[entity], None)], 1)

    async def probe(self, as_of: datetime) -> None:
        del as_of


@pytest.fixture
def tell(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[Any]]:
    """Bring in, without the engine, what sources tell that do something before."""
    (tmp_path / "runwu.toml").write_text("".join(_TOML.format(name=name) for name in NAMES))
    monkeypatch.setenv("RUNWU_CONFIG", str(tmp_path / "runwu.toml"))
    wiring.cache_clear()
    for name in ("read_window", "stage_window", "judge_window", "publish_window"):
        monkeypatch.setattr(pull, name, getattr(pull, name).fn)

    def brought(before: Before, *names: str) -> list[Any]:
        sources = {name: Told(name, before) for name in names}
        monkeypatch.setitem(wiring().__dict__, "sources", sources)
        return asyncio.run(pull.bring_in(pull.open_pull.fn(AS_OF)))

    del house
    return brought


async def at_once(source: Told, entity: Entity) -> None:
    """Tell of everything at once."""


def published(brought: list[Any]) -> dict[str, int]:
    return {one.name: one.books.parts["published"] for one in brought if isinstance(one, Brought)}


def test_members_are_published_while_orders_are_still_read(
    house: House, tell: Callable[..., list[Any]]
) -> None:
    async def members_first(_: Told, entity: Entity) -> None:
        if entity is Entity.MEMBER:
            return
        for _attempt in range(_PATIENCE):
            if await asyncio.to_thread(house.rows, "SELECT 1 FROM member"):
                return
            await asyncio.sleep(0.05)
        raise SourceError("nobody was published meanwhile")

    started = published(tell(members_first, "till"))
    assert started == {"till member": 1, "till order_line": 1}


def test_a_source_that_fails_keeps_nobody_else_from_coming_in(
    tell: Callable[..., list[Any]],
) -> None:
    async def fail(source: Told, entity: Entity) -> None:
        if (source.name, entity) == ("app", Entity.MEMBER):
            raise SourceDown("sources.app: gone")

    brought = tell(fail, "app", "till")
    assert [str(one) for one in brought if isinstance(one, SourceError)] == ["sources.app: gone"]
    assert published(brought) == {"till member": 1, "app order_line": 0, "till order_line": 1}


def test_one_source_is_read_window_by_window_and_few_at_once(
    tell: Callable[..., list[Any]],
) -> None:
    busy: list[str] = []
    most = {"of one": 0, "of all": 0}

    async def look_around(source: Told, _: Entity) -> None:
        busy.append(source.name)
        most["of one"] = max(most["of one"], busy.count(source.name))
        most["of all"] = max(most["of all"], len(busy))
        await asyncio.sleep(0.05)
        busy.remove(source.name)

    assert len(tell(look_around, *"abcde")) == 10
    assert most == {"of one": 1, "of all": pull.READERS}


def test_a_mistake_of_ours_ends_the_pull_and_every_reading(
    tell: Callable[..., list[Any]],
) -> None:
    ended = []
    begun = asyncio.Event()

    async def wait_or_break(source: Told, entity: Entity) -> None:
        if source.name == "app":
            await begun.wait()
            raise ZeroDivisionError
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append((source.name, entity))

    with pytest.raises(ZeroDivisionError):
        tell(wait_or_break, "app", "till")
    assert ended == [("till", Entity.MEMBER)]
