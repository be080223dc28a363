"""The ledger's promise, with real processes: planners may race, a person's budget holds."""

import multiprocessing
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests import builders
from tests.builders import rows
from tests.house import at
from tests.store import racing

pytestmark = pytest.mark.soak

PERSONS = 300
PUBLISHED = 12
CHUNKS = (37, 53, 80, 300)
"""Of as many planners; no two take the same persons at a time."""

_PER_PERSON = """
SELECT count(*) AS slots, count(*) FILTER (WHERE c.id IS NULL) AS open
FROM ledger r LEFT JOIN ledger c ON c.slot = r.slot AND c.kind <> 'reservation'
WHERE r.kind = 'reservation' GROUP BY r.person_id
"""
_DECISIONS = """
SELECT c.run_id, count(*) AS candidates, count(d.candidate_id) AS decided,
       count(*) FILTER (WHERE d.verdict = 'won') AS won, count(m.id) AS messages
FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id LEFT JOIN message m ON m.id = c.id
GROUP BY c.run_id
"""


@pytest.fixture
def raced(database_url: str, database: Engine) -> Iterator[list[int | None]]:
    """Exit codes of planners that raced for the same persons, and of a publisher among them."""
    people = builders.persons(database, PERSONS)
    runs = [builders.run(database, day=at(2 + n, 0).date()) for n in range(len(CHUNKS))]
    for run in runs:
        builders.candidates(database, run, people)
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(len(CHUNKS) + 1)
    racers = [
        spawn.Process(target=racing.plan_all, args=(database_url, run, chunk, together))
        for run, chunk in zip(runs, CHUNKS, strict=True)
    ]
    racers.append(
        spawn.Process(
            target=racing.publish_orders, args=(database_url, PERSONS, PUBLISHED, together)
        )
    )
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    yield [racer.exitcode for racer in racers]
    for racer in racers:
        racer.kill()


def test_racing_planners_spend_a_persons_budget_once(
    database: Engine, raced: list[int | None]
) -> None:
    assert raced == [0] * (len(CHUNKS) + 1)  # a deadlock would have ended one of them
    assert set(rows(database, _PER_PERSON)) == {(1, 1)}
    assert len(rows(database, _PER_PERSON)) == PERSONS
    runs = rows(database, _DECISIONS)
    assert [(run.candidates, run.decided) for run in runs] == [(PERSONS, PERSONS)] * len(CHUNKS)
    assert sum(run.won for run in runs) == sum(run.messages for run in runs) == PERSONS
    assert rows(database, "SELECT count(*) FROM shop_order") == [(PERSONS * PUBLISHED,)]
