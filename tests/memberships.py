"""Memberships by plain SQL, with the sizes that go with them."""

from datetime import date, timedelta

from sqlalchemy import Engine

from tests.builders import change

TODAY = date(2026, 3, 2)


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def membership(
    database: Engine,
    person: int,
    segment: str,
    since: int,
    until: int | None = None,
    dimension: str = "lifecycle",
) -> None:
    """Write a membership by days ago, and count who is in it."""
    change(
        database,
        "INSERT INTO segment_membership (person_id, dimension, segment, since, until, evidence)"
        " VALUES (:person, :dimension, :segment, :since, :until, '{\"orders\": 3}')",
        person=person,
        dimension=dimension,
        segment=segment,
        since=day(since),
        until=None if until is None else day(until),
    )
    change(
        database,
        "INSERT INTO segment_size VALUES (:dimension, :segment, :open)"
        " ON CONFLICT (dimension, segment) DO UPDATE SET size = segment_size.size + excluded.size",
        dimension=dimension,
        segment=segment,
        open=int(until is None),
    )
