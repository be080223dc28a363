"""Who is locked, and for whom."""

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from store.database import transaction
from store.persons import lock_persons, lock_whoever, mark_stale
from tests import builders
from tests.builders import change

_WHO = "SELECT id FROM person WHERE id = :id"


@pytest.fixture
def person(database: Engine) -> int:
    """A person to whom nothing was said yet."""
    return builders.persons(database, 1)[0]


def _is_locked(connection: Connection, person: int) -> bool:
    free = "SELECT id FROM person WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED"
    return connection.execute(text(free), {"id": person}).scalar() is None


def test_a_locked_person_is_not_locked_by_another(database: Engine, person: int) -> None:
    with transaction(database) as first, transaction(database) as second:
        lock_persons(first, [person])
        second.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            lock_persons(second, [person])


def test_a_person_lock_does_not_hold_up_rows_that_point_at_the_person(
    database: Engine, person: int
) -> None:
    with transaction(database) as planner, transaction(database) as puller:
        lock_persons(planner, [person])
        puller.execute(text("SET LOCAL lock_timeout = '50ms'"))
        mark_stale(puller, [person])


def test_whom_a_query_returns_is_locked_and_nobody_else(database: Engine) -> None:
    one, other = builders.persons(database, 2)
    with transaction(database) as first, transaction(database) as second:
        lock_whoever(first, _WHO, {"id": one})
        assert _is_locked(second, one)
        assert not _is_locked(second, other)


@pytest.mark.parametrize("named", [True, False])
def test_whom_a_locked_person_is_taken_for_is_locked_too(database: Engine, named: bool) -> None:
    one, other = builders.persons(database, 2)
    change(database, "UPDATE person SET merged_into = :one WHERE id = :other", one=one, other=other)
    with transaction(database) as first, transaction(database) as second:
        if named:
            lock_persons(first, [other])
        else:
            lock_whoever(first, _WHO, {"id": other})
        assert _is_locked(second, one)
        assert _is_locked(second, other)
