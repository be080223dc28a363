"""Winners that ask for their share of what all messages of a day share."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.bulk import among, array_of, plain_rows
from store.persons import lock_whoever

_WHO_ASKS = """
SELECT DISTINCT person_id AS id FROM message
WHERE run_id = :run AND state = 'planned' AND round > :rounds
"""
_ASKING = """
SELECT m.id, m.scene, m.sender, c.wording_key, c.value
FROM message m JOIN candidate c ON c.id = m.id
WHERE m.run_id = :run AND m.state = 'planned' AND m.round > :rounds ORDER BY m.id
"""
_ENDS = f"SELECT id, window_until FROM message WHERE id = {among('messages')}"
_PAID = """
SELECT DISTINCT m.sender, c.wording_key
FROM message m JOIN candidate c ON c.id = m.id WHERE m.run_id = :run AND m.round <= :rounds
"""
# Whoever is not planned any more was let go, or left before the round.
_CLOSE = (
    """
UPDATE message SET round = NULL WHERE run_id = :run AND round > :rounds AND state <> 'planned'
""",
    "UPDATE run SET rounds = rounds + 1 WHERE id = :run",
)
_DEFERRED = """
SELECT m.id, m.person_id, m.ghost, EXISTS (
    SELECT 1 FROM candidate c
    WHERE c.run_id = :run AND c.person_id = coalesce(p.merged_into, p.id) AND c.scene = m.scene
) AS again
FROM message m JOIN person p ON p.id = m.person_id
WHERE m.state = 'deferred' AND m.run_id <> :run ORDER BY m.id
"""


def open_round(connection: Connection, run_id: int) -> int:
    """
    Return how many rounds of a run are over, and let none of its persons be planned meanwhile.

    Whoever is being planned is waited for, and asks in this round; who comes later, in the next.
    """
    rounds: int = connection.execute(
        text("SELECT rounds FROM run WHERE id = :run FOR NO KEY UPDATE"), {"run": run_id}
    ).scalar_one()
    return rounds


def close_round(connection: Connection, run_id: int, rounds: int) -> None:
    """Let all messages that asked after so many rounds, and are planned still, have their share."""
    for statement in _CLOSE:
        connection.execute(text(statement), {"run": run_id, "rounds": rounds})


def lock_persons_asking(connection: Connection, run_id: int, rounds: int) -> None:
    """Lock whose messages of a run ask after so many rounds."""
    lock_whoever(connection, _WHO_ASKS, {"run": run_id, "rounds": rounds})


def asking(connection: Connection, run_id: int, rounds: int) -> list[Any]:
    """
    Return a run's planned messages that ask after so many rounds, ghosts among them.

    A row is (message, scene, sender, wording_key, value).
    """
    return plain_rows(connection, _ASKING, {"run": run_id, "rounds": rounds})


def ends(connection: Connection, messages: Iterable[int]) -> dict[int, datetime]:
    """Return when the windows of messages end."""
    return dict(plain_rows(connection, _ENDS, {"messages": array_of(messages)}))


def paid(connection: Connection, run_id: int, rounds: int) -> frozenset[tuple[str, str]]:
    """Return the texts of messages that have their share, each by its sender and wording key."""
    rows = connection.execute(text(_PAID), {"run": run_id, "rounds": rounds})
    return frozenset((sender, wording) for sender, wording in rows)


def reopen(connection: Connection, released: Sequence[int]) -> int:
    """Have whom these winners had outcompeted decided once more; return how many that are."""
    if not released:
        return 0
    return connection.execute(
        text("DELETE FROM decision WHERE verdict = 'outcompeted' AND winner_id = ANY(:released)"),
        {"released": list(released)},
    ).rowcount


def deferred(connection: Connection, run_id: int) -> list[Any]:
    """Return what earlier runs put off; `again` where this run has the same reason to speak."""
    return list(connection.execute(text(_DEFERRED), {"run": run_id}).all())
