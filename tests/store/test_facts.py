"""Claiming those whose facts are to be refreshed."""

from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from store import facts, persons
from store.database import transaction
from tests import builders
from tests.builders import change, rows


@pytest.fixture
def stale(database: Engine) -> list[int]:
    """Five persons something happened to."""
    people = builders.persons(database, 5)
    with transaction(database) as connection:
        persons.mark_stale(connection, people)
    return people


def test_what_one_has_claimed_another_skips(database: Engine, stale: list[int]) -> None:
    with transaction(database) as first, transaction(database) as second:
        second.execute(text("SET LOCAL lock_timeout = '1s'"))
        assert facts.claim_stale(first, 2) == stale[:2]
        assert facts.claim_stale(second, 10) == stale[2:]
        assert facts.claim_stale(second, 10) == []


def test_claimed_persons_come_back_if_the_work_fails(database: Engine, stale: list[int]) -> None:
    with pytest.raises(ProgrammingError), transaction(database) as connection:  # noqa: PT012
        facts.claim_stale(connection, 10)
        facts.claim_stale(connection, "nonsense")  # type: ignore[arg-type]
    with transaction(database) as connection:
        assert facts.claim_stale(connection, 10) == stale


def test_a_person_is_marked_once_however_often(database: Engine, stale: list[int]) -> None:
    with transaction(database) as connection:
        persons.mark_stale(connection, [*stale, stale[0]])
    assert len(rows(database, "SELECT * FROM stale_person")) == len(stale)


@pytest.mark.parametrize(
    ("due_on", "kind", "turns"),
    [
        ("2026-03-02", "order", True),
        ("2026-03-01", "benefit", True),
        ("2026-03-03", "order", False),
        ("2026-03-02", "lifecycle", False),
    ],
)
def test_whose_facts_change_with_time_are_marked_on_the_day(
    database: Engine, due_on: str, kind: str, turns: bool
) -> None:
    (person,) = builders.persons(database, 1)
    change(
        database,
        "INSERT INTO wheel VALUES (:person, :kind, CAST(:due_on AS date), 'v1')",
        person=person,
        kind=kind,
        due_on=due_on,
    )
    with transaction(database) as connection:
        kinds = ["order", "benefit"]
        assert facts.mark_due(connection, date(2026, 3, 2), kinds) == int(turns)
