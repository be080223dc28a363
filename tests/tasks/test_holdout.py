"""The holdout takes every step but the last: nothing is ever sent to it, and it pays its slots."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from sandbox.world import Options
from schemas.enums import Decision, Entity
from store.database import transaction
from store.publish import publish
from tasks.reports import demo_counts
from tests import builders
from tests.house import House, at

HALF = "UPDATE person SET bucket = CASE WHEN id % 2 = 0 THEN 0 ELSE 9999 END"
EVERYBODY = "UPDATE person SET bucket = 0"
MORNING, PUSH, EVENING = at(2, 7, 30), at(2, 9, 5), at(2, 20, 31)


@pytest.fixture
def halved(make_house: Callable[[Options], AbstractContextManager[House]]) -> Iterator[House]:
    """A planned day on which every second person is in the holdout."""
    with make_house(Options(members=120, seed=7)) as house:
        house.pull(MORNING)
        house.change(HALF)
        house.grow(MORNING)
        yield house


def live_out(house: House) -> None:
    house.push(PUSH)
    for hour in (12, 16):
        house.collect(at(2, hour))
    house.collect(EVENING)


def ghosts(house: House) -> list[Any]:
    return house.rows("SELECT * FROM message WHERE ghost ORDER BY id")


def test_both_arms_compete_alike_and_pay_with_a_slot(halved: House) -> None:
    verdicts = {
        (row.arm, row.verdict)
        for row in halved.rows("SELECT arm, verdict FROM decision")
        if row.verdict in ("won", "ghost")
    }
    assert verdicts == {("treated", "won"), ("holdout", "ghost")}
    reserved = halved.rows("SELECT slot FROM ledger WHERE kind = 'reservation' AND ghost")
    assert sorted(row.slot for row in reserved) == [row.id for row in ghosts(halved)]
    assert halved.unbalanced() == []


def test_nothing_is_sent_to_the_holdout(halved: House) -> None:
    halved.decide()
    live_out(halved)
    held_out = {row.contact for row in ghosts(halved)}
    sent = {one for task in halved.control.tasks() for one in task.external_userid}
    assert held_out
    assert sent
    assert not held_out & sent
    assert not halved.rows(
        "SELECT 1 FROM approval_recipient r JOIN message m ON m.id = r.message_id WHERE m.ghost"
    )


def test_the_database_itself_keeps_ghosts_out_of_the_outbox(halved: House) -> None:
    halved.decide()
    halved.push(PUSH)
    dispatch = halved.rows("SELECT id FROM dispatch")[0].id
    insert = "INSERT INTO dispatch_recipient (message_id, ghost, dispatch_id) VALUES (:m, :g, :d)"
    for ghost in (True, False):
        with pytest.raises(IntegrityError):
            halved.change(insert, m=ghosts(halved)[0].id, g=ghost, d=dispatch)


def test_reviewers_count_only_those_who_get_it(halved: House) -> None:
    counts = halved.decide()
    assert counts == {"approve": sum(halved.states().values())}


def test_ghosts_share_the_fate_of_their_wording(halved: House) -> None:
    halved.decide()
    live_out(halved)
    fates = halved.rows(
        "SELECT g.state, bool_or(t.state = 'delivered') AS any_reached,"
        " bool_and(t.state = 'delivered') AS all_reached"
        " FROM message g JOIN message t ON t.wording_id = g.wording_id AND NOT t.ghost"
        " WHERE g.ghost GROUP BY g.id, g.state"
    )
    assert fates
    assert set(halved.ghosts()) <= {"delivered", "expired"}
    assert all(row.state == "delivered" for row in fates if row.all_reached)
    assert all(row.state == "expired" for row in fates if not row.any_reached)
    assert halved.unbalanced() == []


def test_a_rejected_wording_is_rejected_for_its_ghosts(halved: House) -> None:
    worded = len([row for row in ghosts(halved) if row.wording_id is not None])
    assert worded
    halved.decide(Decision.REJECT)
    assert halved.ghosts()["rejected"] == worded
    assert halved.unbalanced() == []


def test_a_ghost_ends_only_when_the_others_have(halved: House) -> None:
    halved.decide()
    halved.push(PUSH)
    halved.control.fault("get_groupmsg_task", "errcode", code=45009, times=1000)
    open_worded = [row for row in ghosts(halved) if row.wording_id is not None]
    halved.collect(at(2, 9, 30))
    still = {row.id for row in ghosts(halved) if row.state == "approved"}
    assert still == {row.id for row in open_worded}


def test_the_holdout_alone_is_neither_worded_nor_shown(
    make_house: Callable[[Options], AbstractContextManager[House]],
) -> None:
    with make_house(Options(members=60, seed=7)) as house:
        house.pull(MORNING)
        house.change(EVERYBODY)
        house.grow(MORNING)
        assert set(house.ghosts()) == {"planned"}
        assert not house.rows("SELECT 1 FROM wording")
        assert not house.rows("SELECT 1 FROM review_batch")
        house.collect(at(2, 8, 0))
        assert set(house.ghosts()) == {"planned"}
        house.collect(at(2, 12, 0))
        assert set(house.ghosts()) == {"delivered"}
        delivered = house.rows(
            "SELECT d.at, m.planned_for FROM delivery d JOIN message m ON m.id = d.message_id"
        )
        assert all(row.at == row.planned_for for row in delivered)
        assert house.unbalanced() == []


def test_what_would_have_been_sent_counts_against_the_next_days_budget(halved: House) -> None:
    halved.decide()
    live_out(halved)
    reached = {row.person_id for row in ghosts(halved) if row.state == "delivered"}
    halved.pull(at(3, 7, 30))
    run = halved.grow(at(3, 7, 30))
    again = halved.rows(
        "SELECT c.person_id, d.verdict FROM decision d JOIN candidate c ON c.id = d.candidate_id"
        " WHERE c.run_id = :run AND c.person_id = ANY(:persons)",
        run=run.id,
        persons=list(reached),
    )
    assert reached
    assert {row.verdict for row in again} <= {"suppressed"}


def test_orders_of_the_holdout_are_counted_apart(halved: House) -> None:
    halved.decide()
    live_out(halved)
    for day in range(3, 8):
        halved.pull(at(day, 7, 30))
        halved.collect(at(day, 7, 31))
    counts, wrong = demo_counts(None)
    credited = halved.rows(
        "SELECT m.ghost, count(*) AS n FROM outcome o JOIN message m ON m.id = o.message_id"
        " GROUP BY 1"
    )
    by_arm = {row.ghost: row.n for row in credited}
    assert (counts["orders"], counts["orders_holdout"]) == (by_arm[False], by_arm[True])
    assert counts["ghosts"] == len(ghosts(halved))
    assert wrong == []


def _bucket(identity: str, salt: str) -> int:
    return int(hashlib.sha256((salt + identity).encode()).hexdigest()[:8], 16) % 10_000


@pytest.mark.parametrize("salt", ["salt", "盐"])
def test_a_persons_bucket_depends_on_identity_and_salt_alone(database: Engine, salt: str) -> None:
    rows = [
        {"key": f"m{n}", "unionid": f"u{n}" if n % 2 else None, "consent": True} for n in range(40)
    ]
    stage = builders.staged(database, Entity.MEMBER, rows)
    with transaction(database) as connection:
        publish(connection, stage, MORNING, salt)
        found = list(connection.execute(text("SELECT identity, bucket FROM person")))
    assert len(found) == 40
    assert all(row.bucket == _bucket(row.identity, salt) for row in found)


def test_a_person_keeps_the_bucket_they_were_first_drawn(database: Engine) -> None:
    rows = [{"key": "m1", "unionid": "u1", "consent": True}]
    for salt in ("one", "two"):
        stage = builders.staged(database, Entity.MEMBER, rows)
        with transaction(database) as connection:
            publish(connection, stage, MORNING, salt)
    (row,) = builders.rows(database, "SELECT bucket FROM person")
    assert row.bucket == _bucket("unionid:u1", "one")
