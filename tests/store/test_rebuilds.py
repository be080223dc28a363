"""How far a rebuild of everybody has come, range by range."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from store import rebuilds
from store.database import transaction
from store.rebuilds import FACTS, SEGMENTS
from tests.builders import MORNING, change, rows
from tests.house import at

LEAST = 1_000
"""Persons of the smallest range."""


def persons(database: Engine, count: int) -> None:
    change(
        database,
        "INSERT INTO person (identity, bucket) SELECT 'p' || n, 0 FROM generate_series(1, :n) n",
        n=count,
    )


def start(database: Engine, version: str = "v1", subject: str = FACTS) -> None:
    with transaction(database) as connection:
        rebuilds.start(connection, subject, version, MORNING)


def step(connection: Connection, orders: int = 1) -> range | None:
    """Do one range; return it."""
    done = rebuilds.next_range(connection, FACTS, orders)
    if done is not None:
        rebuilds.advance(connection, FACTS, done)
    return done


def walk(database: Engine) -> Iterator[range]:
    """Yield the ranges that are left, each done in a transaction of its own."""
    while True:
        with transaction(database) as connection:
            done = step(connection)
        if done is None:
            return
        yield done


def conforms(database: Engine, version: str = "v1", subject: str = FACTS) -> bool | None:
    with transaction(database) as connection:
        return rebuilds.conforms(connection, subject, version, MORNING)


def test_ranges_hold_every_person_once(database: Engine) -> None:
    persons(database, 3 * LEAST + 1)
    start(database)
    ranges = list(walk(database))
    assert [len(one) for one in ranges] == [LEAST] * 4
    told = [n for one in ranges for n in one]
    assert len(told) == len(set(told))
    assert {row.id for row in rows(database, "SELECT id FROM person")} <= set(told)
    assert conforms(database) is True


def test_ids_nobody_has_are_skipped(database: Engine) -> None:
    persons(database, 3)
    change(database, "UPDATE person SET id = id + 1000000 * id")
    start(database)
    firsts = [one.start for one in walk(database)]
    assert firsts == [row.id for row in rows(database, "SELECT id FROM person ORDER BY id")]


def test_a_range_holds_as_many_persons_as_have_about_so_many_orders(database: Engine) -> None:
    persons(database, 4 * LEAST)
    change(
        database,
        "INSERT INTO member (source, key, person_id) SELECT 'shop', 'm' || id, id FROM person",
    )
    change(
        database,
        "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)"
        " SELECT 'shop', id || '-' || n, id, '2026-01-01Z', 'paid', 'CNY'"
        " FROM member, generate_series(1, 2) n",
    )
    change(database, "ANALYZE")
    start(database)
    with transaction(database) as connection:
        sizes = {
            orders: len(rebuilds.next_range(connection, FACTS, orders) or ())
            for orders in (1, 2 * LEAST, 4 * LEAST, 10 * LEAST)
        }
    assert sizes == {1: LEAST, 2 * LEAST: LEAST, 4 * LEAST: 2 * LEAST, 10 * LEAST: 5 * LEAST}


def test_a_range_that_was_rolled_back_comes_again(database: Engine) -> None:
    persons(database, 3 * LEAST)
    start(database)
    ranges = walk(database)
    first = next(ranges)
    with pytest.raises(ZeroDivisionError), transaction(database) as connection:  # noqa: PT012
        lost = step(connection)
        raise ZeroDivisionError
    again = list(ranges)
    assert again[0] == lost
    assert [first.stop, again[0].stop] == [again[0].start, again[1].start]
    assert conforms(database) is True


def test_of_no_persons_nothing_is_left_to_do(database: Engine) -> None:
    start(database)
    assert list(walk(database)) == []
    assert conforms(database) is True


def test_persons_who_come_while_it_runs_are_done_too(database: Engine) -> None:
    persons(database, 2 * LEAST)
    start(database)
    ranges = walk(database)
    next(ranges)
    change(database, "INSERT INTO person (identity, bucket) VALUES ('late', 0)")
    (late,) = rows(database, "SELECT max(id) FROM person")[0]
    assert any(late in one for one in ranges)


def test_a_subject_conforms_once_its_last_range_is_done(database: Engine) -> None:
    persons(database, 2 * LEAST)
    assert conforms(database) is None
    start(database)
    for _ in walk(database):
        states = (conforms(database), conforms(database, "v2"), conforms(database, "v1", SEGMENTS))
        assert states[1:] == (None, None)
    assert states[0] is True


def test_while_it_runs_it_does_not_conform_but_is_under_way(database: Engine) -> None:
    persons(database, 2 * LEAST)
    start(database)
    assert conforms(database) is False
    next(walk(database))
    assert conforms(database) is False
    assert conforms(database, "v2") is None


def test_another_version_begins_with_the_first_person_again(database: Engine) -> None:
    persons(database, 3 * LEAST)
    start(database)
    first = next(walk(database))
    start(database, "v2")
    assert next(walk(database)) == first


def test_what_was_made_at_a_later_instant_conforms_to_nothing(database: Engine) -> None:
    start(database)
    with transaction(database) as connection:
        assert rebuilds.conforms(connection, FACTS, "v1", at(1, 7)) is None
        assert rebuilds.conforms(connection, FACTS, "v1", at(3, 7)) is True
        rebuilds.move_on(connection, at(3, 7))
        assert rebuilds.conforms(connection, FACTS, "v1", MORNING) is None


def test_subjects_come_on_by_themselves(database: Engine) -> None:
    persons(database, 2 * LEAST)
    start(database)
    start(database, "w1", SEGMENTS)
    assert len(list(walk(database))) == 2
    assert (conforms(database), conforms(database, "w1", SEGMENTS)) == (True, False)


def test_two_never_do_one_range_at_a_time(database: Engine) -> None:
    persons(database, 2 * LEAST)
    start(database)
    with transaction(database) as one, transaction(database) as other:
        step(one)
        other.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            step(other)


def test_nothing_is_done_of_what_was_never_begun(database: Engine) -> None:
    persons(database, 1)
    assert list(walk(database)) == []
