"""The inbox: nothing that was kept is passed by, however late it was committed."""

import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from schemas.incoming import Window
from store import inbox
from store.database import transaction
from store.inbox import Position
from tests.house import at

NINE = at(2, 9)
MINUTE = timedelta(minutes=1)


def keep(database: Engine, *keys: str, received_at: datetime = NINE, **told: str) -> int:
    with transaction(database) as connection:
        events = {key: {"key": key, **told} for key in keys}
        return inbox.keep(connection, "till", events, received_at)


def _keep_within(seconds: float, connection: Connection, *keys: str) -> None:
    inbox.bound(connection, seconds=seconds)
    inbox.keep(connection, "till", {key: {"key": key} for key in keys}, NINE)


def read(
    database: Engine,
    since: datetime | None,
    until: datetime,
    after: Position | None = None,
    limit: int = 100,
) -> list[tuple[datetime, int, str]]:
    with transaction(database) as connection:
        found = inbox.received(connection, "till", Window(since, until), after, limit)
    return [(received_at, number, content["key"]) for received_at, number, content in found]


def keys(*window: datetime | None, database: Engine) -> list[str]:
    since, until = window
    assert until is not None
    return [key for _, _, key in read(database, since, until)]


def test_a_window_is_closed_below_and_open_above(database: Engine) -> None:
    for minute, key in enumerate("abc"):
        keep(database, key, received_at=NINE + minute * MINUTE)
    assert keys(NINE, NINE + 2 * MINUTE, database=database) == ["a", "b"]
    assert keys(NINE + MINUTE, NINE + 3 * MINUTE, database=database) == ["b", "c"]
    assert keys(None, NINE + MINUTE, database=database) == ["a"]


def test_page_by_page_each_event_comes_once_though_all_came_at_once(database: Engine) -> None:
    keep(database, *"abcdefg")
    keep(database, "of-another-minute", received_at=NINE - MINUTE)
    found: list[tuple[datetime, int, str]] = []
    for _ in range(4):
        found += read(database, None, at(3, 9), found[-1][:2] if found else None, limit=3)
    assert [key for _, _, key in found] == ["of-another-minute", *"abcdefg"]


def test_sources_do_not_see_each_others_events(database: Engine) -> None:
    with transaction(database) as connection:
        inbox.keep(connection, "shop", {"a": {"key": "a"}}, NINE)
    assert keep(database, "a") == 1
    assert len(read(database, None, at(3, 9))) == 1


def test_an_event_told_anew_is_read_again_by_the_next_window(database: Engine) -> None:
    keep(database, "a", "b")
    assert keep(database, "a", received_at=NINE + MINUTE) == 0
    assert keep(database, "b", received_at=NINE + MINUTE, kind="visit") == 1
    assert keys(NINE, NINE + MINUTE, database=database) == ["a"]
    assert keys(NINE + MINUTE, NINE + 2 * MINUTE, database=database) == ["b"]


def test_what_is_committed_after_its_window_was_read_comes_with_the_next(
    database: Engine,
) -> None:
    mark, overlap = NINE + MINUTE, timedelta(minutes=5)
    with transaction(database) as slow:
        inbox.bound(slow)
        inbox.keep(slow, "till", {"late": {"key": "late"}}, NINE)
        keep(database, "early")
        assert keys(None, mark, database=database) == ["early"]
    assert keys(mark - overlap, mark + MINUTE, database=database) == ["late", "early"]


def test_who_waits_too_long_for_a_lock_keeps_nothing(database: Engine) -> None:
    with transaction(database) as holder:
        inbox.keep(holder, "till", {"a": {"key": "a", "kind": "visit"}}, NINE)
        with transaction(database) as late, pytest.raises(DBAPIError, match="statement timeout"):
            _keep_within(0.1, late, "a", "b")
    assert keys(None, at(3, 9), database=database) == ["a"]


def test_who_stands_still_before_the_commit_keeps_nothing(database: Engine) -> None:
    with pytest.raises(DBAPIError), transaction(database) as paused:  # noqa: PT012 - the commit
        _keep_within(0.1, paused, "a")
        time.sleep(0.5)
    assert keys(None, at(3, 9), database=database) == []
