"""Winners that ask for their share of what all messages of a day share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from store.bulk import array_of

_ASKING = """
SELECT m.id, m.scene, m.sender, c.wording_key, c.value, m.window_until
FROM message m JOIN candidate c ON c.id = m.id
WHERE m.run_id = :run AND m.state = 'planned' AND NOT m.allotted ORDER BY m.id
"""
_PAID = """
SELECT DISTINCT m.sender, c.wording_key
FROM message m JOIN candidate c ON c.id = m.id WHERE m.run_id = :run AND m.allotted
"""
_DEFERRED = """
SELECT m.id, m.person_id, m.ghost, EXISTS (
    SELECT 1 FROM candidate c
    WHERE c.run_id = :run AND c.person_id = coalesce(p.merged_into, p.id) AND c.scene = m.scene
) AS again
FROM message m JOIN person p ON p.id = m.person_id
WHERE m.state = 'deferred' AND m.run_id <> :run ORDER BY m.id
"""


def persons_asking(connection: Connection, run_id: int) -> list[int]:
    """Return whose messages of a run have no share yet."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT person_id FROM message"
            " WHERE run_id = :run AND state = 'planned' AND NOT allotted"
        ),
        {"run": run_id},
    )
    return list(rows.scalars())


def asking(connection: Connection, run_id: int) -> list[Any]:
    """
    Return a run's planned messages that have no share yet, ghosts among them.

    A row is (message, scene, sender, wording_key, value, window_until).
    """
    return list(connection.execute(text(_ASKING), {"run": run_id}))


def paid(connection: Connection, run_id: int) -> frozenset[tuple[str, str]]:
    """Return the texts of messages that have their share, each by its sender and wording key."""
    rows = connection.execute(text(_PAID), {"run": run_id})
    return frozenset((sender, wording) for sender, wording in rows)


def mark(connection: Connection, messages: Sequence[int]) -> None:
    """Note that messages have their share."""
    connection.execute(
        text("UPDATE message SET allotted = true WHERE id = ANY(CAST(:messages AS bigint[]))"),
        {"messages": array_of(messages)},
    )


def reopen(connection: Connection, released: Sequence[int]) -> int:
    """Have whom these winners had outcompeted decided once more; return how many that are."""
    return connection.execute(
        text("DELETE FROM decision WHERE verdict = 'outcompeted' AND winner_id = ANY(:released)"),
        {"released": list(released)},
    ).rowcount


def deferred(connection: Connection, run_id: int) -> list[Any]:
    """Return what earlier runs put off; `again` where this run has the same reason to speak."""
    return list(connection.execute(text(_DEFERRED), {"run": run_id}))
