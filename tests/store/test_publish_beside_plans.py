"""A pull publishes what happened to persons while planners hold them: nobody dies of it."""

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
        racer.join(120)
    yield [racer.exitcode for racer in racers]
    for racer in racers:
        racer.kill()


def test_a_publisher_and_planners_of_the_same_persons_all_come_to_their_end(
    database: Engine, raced: list[int | None]
) -> None:
    assert raced == [0] * (len(CHUNKS) + 1)  # a deadlock would have ended one of them
    assert rows(database, _PER_PERSON) == [(1, 1)] * PERSONS
    assert rows(database, "SELECT count(*) FROM shop_order") == [(PERSONS * PUBLISHED,)]
