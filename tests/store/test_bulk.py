"""Many rows at once: as they are told, and with keys and indexes as they were."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from store.bulk import copy_rows, indexed_afterwards, make_room
from store.database import transaction
from tests.builders import change, rows

TABLES = ("parcel", "parcel_item")

_MADE = """
CREATE TABLE sender (id bigint PRIMARY KEY);
CREATE TABLE parcel (
    id bigint PRIMARY KEY, key text UNIQUE, weight int CHECK (weight > 0),
    sender_id bigint REFERENCES sender
);
CREATE TABLE parcel_item (
    parcel_id bigint REFERENCES parcel ON DELETE CASCADE, place int, tags jsonb,
    CONSTRAINT "item: %s key" PRIMARY KEY (parcel_id, place)
);
CREATE TABLE receipt (parcel_id bigint PRIMARY KEY REFERENCES parcel);
CREATE INDEX heavy ON parcel (weight DESC) WHERE weight > 10 AND key LIKE 'a%z';
CREATE UNIQUE INDEX lowered ON parcel (lower(key)) INCLUDE (weight);
INSERT INTO sender VALUES (1)
"""
_BUILT = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
FROM pg_constraint
WHERE conrelid::regclass::text IN ('parcel', 'parcel_item', 'receipt')
UNION ALL
SELECT tablename, indexname, indexdef, true FROM pg_indexes
WHERE tablename IN ('parcel', 'parcel_item', 'receipt') ORDER BY 1, 2, 3
"""


@pytest.fixture
def post(database: Engine) -> Engine:
    """A database with tables that have every kind of key and index."""
    for statement in _MADE.split(";"):
        change(database, statement.replace(":", r"\:"))
    return database


def load(connection: Connection, *parcels: tuple[Any, ...], dying: bool = False) -> int:
    """Fill the tables; return how many keys and indexes there were meanwhile."""
    items = [(parcel[0], 1, ["a"]) for parcel in parcels]
    with indexed_afterwards(connection, TABLES):
        copy_rows(connection, "parcel", ("id", "key", "weight", "sender_id"), parcels)
        copy_rows(connection, "parcel_item", ("parcel_id", "place", "tags"), items)
        if dying:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return len(list(connection.execute(text(_BUILT))))


def test_keys_and_indexes_are_the_same_afterwards(post: Engine) -> None:
    before = rows(post, _BUILT)
    with transaction(post) as connection:
        assert load(connection, (1, "a", 1, 1), (2, "b", 20, 1)) < len(before) / 2
    assert rows(post, _BUILT) == before
    assert rows(post, "SELECT id FROM parcel ORDER BY 1") == [(1,), (2,)]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param((1, "b", 1, 1), id="a key twice"),
        pytest.param((2, "a", 1, 1), id="a unique value twice"),
        pytest.param((2, "A", 1, 1), id="a unique expression twice"),
        pytest.param((2, "b", 1, 7), id="a stranger"),
        pytest.param((2, "b", 0, 1), id="a check"),
    ],
)
def test_rows_that_break_a_rule_do_not_get_in(post: Engine, second: tuple[Any, ...]) -> None:
    before = rows(post, _BUILT)
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), transaction(post) as connection:
        load(connection, (1, "a", 1, 1), second)
    assert rows(post, _BUILT) == before
    assert rows(post, "SELECT * FROM parcel") == []


def test_a_kill_in_the_middle_leaves_everything_as_it_was(post: Engine) -> None:
    before = rows(post, _BUILT)
    with pytest.raises(OperationalError), transaction(post) as connection:
        load(connection, (1, "a", 1, 1), dying=True)
    assert rows(post, _BUILT) == before
    assert rows(post, "SELECT * FROM parcel") == []
    with transaction(post) as connection:
        load(connection, (1, "a", 1, 1))
    assert rows(post, _BUILT) == before


def test_json_arrives_as_it_is(post: Engine) -> None:
    told = [(1, 1, [{"a": "\t\\N"}, None]), (1, 2, {}), (1, 3, None), (1, 4, [])]
    with transaction(post) as connection:
        copy_rows(connection, "parcel", ("id",), [(1,)])
        assert copy_rows(connection, "parcel_item", ("parcel_id", "place", "tags"), told) == 4
    found = rows(post, "SELECT tags FROM parcel_item ORDER BY place")
    assert [row.tags for row in found] == [one[2] for one in told]


@pytest.mark.parametrize(("granted", "has"), [("1MB", "128MB"), ("1GB", "1GB")])
def test_memory_is_raised_for_the_transaction_and_never_lowered(
    database: Engine, granted: str, has: str
) -> None:
    with transaction(database) as connection:
        connection.execute(text(f"SET LOCAL work_mem = '{granted}'"))
        make_room(connection)
        assert connection.execute(text("SHOW work_mem")).scalar_one() == has
    assert rows(database, "SHOW work_mem") != [("128MB",)]
