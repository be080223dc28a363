"""A reading that is killed or fails goes on where it was; nothing is read as whole that is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.errors import SourceDown, SourceError
from schemas.incoming import Page, Window, staged_row
from store import readings
from store.database import transaction
from store.staging import Stage
from tasks import pull, reading
from tasks.wiring import wiring
from tests.builders import change, rows
from tests.house import House, at

STAGE = Stage("shop", Entity.MEMBER)
_SHORT = timedelta(minutes=15)


class Scripted:
    """A source of numbered members, ten to a page, that fails before the page it is told to."""

    name = "shop"
    entities: tuple[Entity, ...] = (Entity.MEMBER,)
    read_again_is_newer = True

    def __init__(self, pages: int) -> None:
        self.count = pages
        self.fails_at: int | None = None
        self.asked: list[tuple[Window, str | None]] = []
        self.keeps_cursors = True
        self.error: type[SourceError] = SourceError
        self.changed: dict[str, Any] | None = None

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        del entity
        self.asked.append((window, cursor))
        for number in range(int(cursor or 0), self.count):
            if number == self.fails_at:
                raise self.error("sources.shop: it has no such page")
            keys = range(number * 10, number * 10 + 10)
            found = [staged_row(Entity.MEMBER, member(key), None) for key in keys]
            if self.changed and number + 1 == self.count:
                found.append(staged_row(Entity.MEMBER, self.changed, None))
            going_on = self.keeps_cursors and number + 1 < self.count
            yield Page(
                found, len(found) + 1, {"guest": 1}, cursor=str(number + 1) if going_on else None
            )

    async def probe(self, as_of: datetime) -> None:
        del as_of


def member(key: int) -> dict[str, Any]:
    return {"key": f"m{key}", "consent": False}


@pytest.fixture
def source(house: House, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The house's only source, each page of which is saved."""
    del house
    made = Scripted(pages=5)
    monkeypatch.setitem(wiring().__dict__, "sources", {"shop": made})
    monkeypatch.setattr(reading, "SAVED_ROWS", 1)
    return made


def read(minutes: int = 0) -> Stage:
    as_of = at(2, 7, 30) + timedelta(minutes=minutes)
    return asyncio.run(reading.read_window.fn("shop", Entity.MEMBER, as_of))


def keys(database: Engine) -> list[str]:
    found = rows(database, f"SELECT key, row FROM {STAGE.table} ORDER BY row")
    assert [one.row for one in found] == list(range(1, len(found) + 1))
    return [one.key for one in found]


ALL = [f"m{key}" for key in range(50)]


def test_a_failed_reading_goes_on_behind_its_last_page(house: House, source: Scripted) -> None:
    source.fails_at = 3
    with pytest.raises(SourceError):
        read()
    assert keys(house.database) == ALL[:30]
    source.fails_at = None
    staged = pull.stage_window.fn(read(15))
    assert [cursor for _, cursor in source.asked] == [None, "3"]
    assert keys(house.database) == ALL
    assert (staged.pulled, staged.rows, staged.dropped) == (55, 50, {"guest": 5})


def test_a_reading_that_goes_on_keeps_the_window_it_was_begun_for(
    house: House, source: Scripted
) -> None:
    source.fails_at = 2
    with pytest.raises(SourceError):
        read()
    source.fails_at = None
    assert pull.stage_window.fn(read(15)).window.until == at(2, 7, 30)
    del house


def test_a_reading_that_gets_not_one_step_further_begins_anew(
    house: House, source: Scripted
) -> None:
    source.fails_at = 2
    for _ in range(2):
        with pytest.raises(SourceError):
            read()
    source.fails_at = None
    read(15)
    assert [cursor for _, cursor in source.asked] == [None, "2", None]
    assert source.asked[-1][0].until == at(2, 7, 45)
    assert keys(house.database) == ALL


def test_what_changed_while_it_was_read_is_what_it_became(house: House, source: Scripted) -> None:
    source.changed = {**member(3), "city": "杭州"}
    staged = pull.stage_window.fn(read())
    assert (staged.pulled, staged.rows, staged.dropped["read_again"]) == (56, 50, 1)
    cities = f"SELECT city FROM {STAGE.table} WHERE key = 'm3'"
    assert rows(house.database, cities) == [("杭州",)]


def test_what_contradicts_itself_stays_for_the_contract_to_judge(
    house: House, source: Scripted
) -> None:
    source.changed = {**member(3), "city": "杭州"}
    source.read_again_is_newer = False
    assert pull.stage_window.fn(read()).rows == 51
    del house


def test_a_source_that_stays_down_costs_nothing_of_what_was_read(
    house: House, source: Scripted
) -> None:
    source.fails_at, source.error = 2, SourceDown
    for minutes in (0, 15, 30):
        with pytest.raises(SourceDown):
            read(minutes)
    source.fails_at = None
    read(45)
    assert [cursor for _, cursor in source.asked] == [None, "2", "2", "2"]
    assert keys(house.database) == ALL


def test_a_source_without_cursors_is_read_from_the_start(house: House, source: Scripted) -> None:
    source.keeps_cursors = False
    source.fails_at = 3
    with pytest.raises(SourceError):
        read()
    source.fails_at = None
    read()
    assert keys(house.database) == ALL


def test_what_is_staged_no_more_is_read_again(house: House, source: Scripted) -> None:
    source.fails_at = 3
    with pytest.raises(SourceError):
        read()
    change(house.database, f"TRUNCATE {STAGE.table}")  # as a crash of the database does
    source.fails_at = None
    assert pull.stage_window.fn(read()).pulled == 55
    assert keys(house.database) == ALL


def test_a_whole_reading_is_not_read_twice(house: House, source: Scripted) -> None:
    read()
    read(15)
    assert len(source.asked) == 1
    assert keys(house.database) == ALL


def test_staging_a_window_twice_counts_it_once(house: House, source: Scripted) -> None:
    source.count = 2
    stage = read()
    once = pull.stage_window.fn(stage)
    assert pull.stage_window.fn(stage) == once
    del house


def test_an_unread_window_is_not_staged(house: House, source: Scripted) -> None:
    source.fails_at = 3
    with pytest.raises(SourceError):
        read()
    with pytest.raises(LookupError):
        pull.stage_window.fn(STAGE)
    del house


def test_a_published_window_is_forgotten_and_the_next_overlaps_it(
    house: House, source: Scripted
) -> None:
    house.pull(at(2, 7, 30))
    with transaction(house.database) as connection:
        assert readings.found(connection, STAGE) is None
    house.pull(at(2, 9))
    first, second = (window for window, _ in source.asked)
    assert (first.since, first.until) == (None, at(2, 7, 30))
    assert (second.since, second.until) == (at(2, 7, 30) - _SHORT, at(2, 9))


def test_a_lag_leaves_the_newest_alone(
    house: House, source: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = wiring().settings
    shop = settings.sources["shop"].model_copy(update={"lag_seconds": 60})
    lagging = settings.model_copy(update={"sources": {"shop": shop}})
    monkeypatch.setitem(wiring().__dict__, "settings", lagging)
    house.pull(at(2, 7, 30).astimezone(UTC))
    assert source.asked[0][0].until == at(2, 7, 29)
