"""Persons: their lock, whom they are taken for, and marks that they have changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.bulk import among, array_of, plain_rows

# Whoever is merged is looked for among these persons, not these among all who are.
_MERGED_INTO = f"""
SELECT id, merged_into FROM (
    SELECT id, merged_into FROM person WHERE id = {among("persons")} OFFSET 0
) p WHERE merged_into IS NOT NULL
"""
_LOCK_WHOEVER = """
WITH asked AS ({who})
SELECT FROM person WHERE id IN (
    SELECT id FROM asked
    UNION SELECT p.merged_into FROM asked JOIN person p USING (id) WHERE p.merged_into IS NOT NULL
) ORDER BY id FOR NO KEY UPDATE
"""
_LOCK = f"SELECT FROM person WHERE id = {among('persons')} ORDER BY id FOR NO KEY UPDATE"

REMARK = "ON CONFLICT (person_id) DO UPDATE SET person_id = excluded.person_id WHERE false"
"""
How a person is marked stale: a mark that is already there is locked, not passed by.

Else a refresh under way would take that mark, read the facts without what we are about to commit,
and nobody would look again.
"""


def lock_persons(connection: Connection, persons: Sequence[int]) -> None:
    """
    Lock persons in id order until the transaction ends, and with them whom they are taken for.

    Nothing else is read here: a statement that waited for a lock still sees the rows as they
    were before the wait, so the slots must be read by the next one. NO KEY, because a pull's
    foreign-key inserts take KEY SHARE and must not deadlock with us.
    """
    both = {*persons, *taken_for(connection, persons).values()}
    connection.execute(text(_LOCK), {"persons": array_of(both)})


def lock_whoever(connection: Connection, who: str, values: Mapping[str, Any]) -> None:
    """Lock whom a query returns as `id`, as `lock_persons` does, without having them told first."""
    connection.execute(text(_LOCK_WHOEVER.format(who=who)), values)


def taken_for(connection: Connection, persons: Iterable[int]) -> dict[int, int]:
    """Return whom those of these persons are taken for who are taken for somebody else."""
    return dict(plain_rows(connection, _MERGED_INTO, {"persons": array_of(persons)}))


def suppress(connection: Connection, messages: Sequence[int], *, reason: str, at: datetime) -> None:
    """Suppress the contacts these messages were addressed to."""
    connection.execute(
        text(
            "INSERT INTO suppression (person_id, channel, address, employee_id, reason, at)"
            " SELECT person_id, channel, contact, sender, :reason, :at FROM message"
            " WHERE id = ANY(:ids) ON CONFLICT DO NOTHING"
        ),
        {"ids": list(messages), "reason": reason, "at": at},
    )


def mark_stale(connection: Connection, persons: Sequence[int]) -> None:
    """Have the facts of persons refreshed at the next run."""
    connection.execute(
        text(f"INSERT INTO stale_person SELECT unnest(CAST(:persons AS bigint[])) {REMARK}"),
        {"persons": sorted(set(persons))},
    )
