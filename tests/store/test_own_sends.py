"""What employees sent by themselves is stored once, and is a slot of whoever got it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.own_sends import OwnSend
from store import own_sends
from store.database import transaction
from store.standing import standing_of
from tests import builders
from tests.builders import change, rows
from tests.house import at

SENT = at(9, 9)


def send(person: int, msgid: str = "m1", sender: str = "yi", when: datetime = SENT) -> OwnSend:
    return OwnSend(msgid, sender, f"wm{person}", when)


def record(database: Engine, *sends: OwnSend, channel: str = "wecom") -> int:
    with transaction(database) as connection:
        return own_sends.record(connection, channel, sends)


def slots(database: Engine, *persons: int) -> Sequence[Any]:
    with transaction(database) as connection:
        return standing_of(
            connection, persons, channel="wecom", as_of=at(10, 9), horizon=timedelta(days=7)
        ).slots


@pytest.fixture
def person(database: Engine) -> int:
    """A person to whom nothing was said yet."""
    return builders.persons(database, 1)[0]


def test_a_send_is_stored_once_however_often_it_is_told(database: Engine, person: int) -> None:
    assert record(database, send(person), send(person, "m2")) == 2
    assert record(database, send(person), send(person, "m3"), send(person)) == 1
    assert [row.msgid for row in rows(database, "SELECT msgid FROM own_send ORDER BY 1")] == [
        *("m1", "m2", "m3")
    ]


def test_nothing_told_is_nothing_stored(database: Engine) -> None:
    assert record(database) == 0


def test_it_is_a_slot_of_marketing_that_is_no_candidate(database: Engine, person: int) -> None:
    record(database, send(person))
    (number,) = rows(database, "SELECT id FROM own_send")
    (row,) = slots(database, person)
    assert row._asdict() == {
        "person_id": person,
        "slot": -number.id,
        "at": SENT,
        "until": SENT,
        "zone": None,
        "category": "marketing",
        "channel": "wecom",
        "sender": "yi",
        "scene": None,
        "delivered_at": SENT,
        "answered": None,
    }


def test_it_counts_beside_what_is_ours(database: Engine, person: int) -> None:
    (ours,) = builders.messages(database, [person])
    record(database, send(person))
    assert sorted(row.slot > 0 for row in slots(database, person)) == [False, True]
    assert ours in {row.slot for row in slots(database, person)}


def test_several_count_each(database: Engine, person: int) -> None:
    record(database, send(person), send(person, "m2"), send(person, "m2", sender="er"))
    assert len(slots(database, person)) == 3


def test_whom_two_employees_follow_got_it_once(database: Engine, person: int) -> None:
    change(database, "INSERT INTO employee (id, active) VALUES ('er', true)")
    change(
        database,
        "INSERT INTO contact (channel, address, employee_id, person_id, since, tags)"
        " SELECT channel, address, 'er', person_id, since, tags FROM contact",
    )
    record(database, send(person))
    assert len(slots(database, person)) == 1


def test_it_counts_up_to_the_horizon_and_not_beyond(database: Engine, person: int) -> None:
    record(database, send(person, "edge", when=at(3, 9)), send(person, "old", when=at(3, 8, 59)))
    assert [row.at for row in slots(database, person)] == [at(3, 9)]


def test_it_counts_for_nobody_else(database: Engine) -> None:
    first, second = builders.persons(database, 2)
    record(database, send(first))
    record(database, send(second), channel="mail")
    assert [row.person_id for row in slots(database, first, second)] == [first]


def test_it_counts_for_whom_a_person_is_taken_for(database: Engine) -> None:
    first, second = builders.persons(database, 2)
    record(database, send(first))
    merge = "UPDATE person SET merged_into = :into WHERE id = :id"
    change(database, merge, id=second, into=first)
    assert sorted(row.person_id for row in slots(database, first, second)) == [first, second]
    change(database, merge, id=second, into=None)
    assert [row.person_id for row in slots(database, first, second)] == [first]


def test_whom_we_come_to_know_later_has_got_it_all_the_same(database: Engine, person: int) -> None:
    change(database, "CREATE TABLE later AS TABLE contact")
    change(database, "DELETE FROM contact")
    record(database, send(person))
    assert slots(database, person) == []
    change(database, "INSERT INTO contact SELECT * FROM later")
    assert [row.at for row in slots(database, person)] == [SENT]


def test_persons_are_known_by_the_addresses_of_a_channel(database: Engine) -> None:
    first, second, third = builders.persons(database, 3)
    change(database, "UPDATE contact SET channel = 'mail' WHERE person_id = :p", p=third)
    sends = [send(first), send(second), send(third), send(999), send(first, "m2")]
    with transaction(database) as connection:
        assert sorted(own_sends.persons_at(connection, "wecom", sends)) == [first, second]


def test_two_who_read_the_same_store_it_once_and_neither_fails(database: Engine) -> None:
    """Each takes one row, then waits for one in the middle; neither has what the other wants."""
    first, middle, last = (send(person) for person in builders.persons(database, 3))
    with ThreadPoolExecutor(2) as readers:
        with transaction(database) as connection:
            own_sends.record(connection, "wecom", [middle])
            orders = ([first, middle, last], [last, middle, first])
            stored = [readers.submit(record, database, *order) for order in orders]
            _wait_until_two_wait(database)
        assert sum(one.result() for one in stored) == 2


def _wait_until_two_wait(database: Engine) -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(1000):
        if rows(database, waiting)[0][0] == 2:
            return
        time.sleep(0.01)
    pytest.fail("nobody waits for anybody")


def test_what_is_known_never_goes_back(database: Engine) -> None:
    with transaction(database) as connection:
        assert own_sends.known_until(connection, "wecom") is None
        for day in (3, 5, 4):
            own_sends.know_until(connection, "wecom", at(day, 9))
        own_sends.know_until(connection, "mail", at(9, 9))
        assert own_sends.known_until(connection, "wecom") == at(5, 9)
