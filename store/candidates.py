"""Candidates in, decisions, messages and reservations out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.bulk import among, array_of, copy_rows, plain_rows, row_by_row

_RESERVATION = (
    "slot",
    "person_id",
    "contact",
    "scene",
    "category",
    "channel",
    "sender",
    "at",
    "until",
    "zone",
    "local_date",
    "policy_version",
    "ghost",
    "kind",
    "reason",
)
_UNDECIDED_PERSONS = """
SELECT DISTINCT c.person_id FROM candidate c LEFT JOIN decision d ON d.candidate_id = c.id
WHERE c.run_id = :run AND c.person_id > :above AND d.candidate_id IS NULL
ORDER BY c.person_id LIMIT :limit
"""
_UNDECIDED = f"""
SELECT c.id, c.person_id, c.scene, c.wording_key, c.value, c.window_until
FROM (SELECT * FROM candidate WHERE run_id = :run AND person_id = {among("persons")} OFFSET 0) c
LEFT JOIN decision d ON d.candidate_id = c.id
WHERE d.candidate_id IS NULL ORDER BY c.id
"""
_FOLLOWING = (
    """
INSERT INTO message (id, run_id, person_id, scene, category, channel, sender, contact, ghost,
                     round, state, planned_for, window_until)
SELECT slot, :run, person_id, scene, category, channel, sender, contact, ghost,
       :round, 'planned', at, until
FROM ledger WHERE kind = 'reservation' AND slot = ANY(CAST(:slots AS bigint[]))
""",
    """
INSERT INTO message_event (message_id, seq, at, to_state, reason)
SELECT id, 1, :at, 'planned', CASE WHEN ghost THEN 'holdout' ELSE 'won' END
FROM message WHERE id = ANY(CAST(:slots AS bigint[]))
""",
)


def find(
    connection: Connection, query: str, *, run_id: int, scene: str, limit: int, **values: Any
) -> list[Any]:
    """Return up to `limit` rows of a scene's own query not yet candidates of this run."""
    wrapped = (
        f"SELECT * FROM ({query}) found WHERE NOT EXISTS (SELECT 1 FROM candidate k"
        " WHERE k.run_id = :run AND k.scene = :scene AND k.person_id = found.person_id)"
        " ORDER BY person_id LIMIT :limit"
    )
    told = {**values, "run": run_id, "scene": scene, "limit": limit}
    return list(connection.execute(text(wrapped), told).all())


def add(connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
    """Append candidates: (run_id, person_id, scene, wording_key, value, window_until, inputs)."""
    columns = ("run_id", "person_id", "scene", "wording_key", "value", "window_until", "inputs")
    return copy_rows(connection, "candidate", columns, rows)


def undecided_persons(
    connection: Connection, run_id: int, limit: int, *, above: int = 0
) -> list[int]:
    """Return persons numbered above `above` with undecided candidates of a run, in id order."""
    values = {"run": run_id, "limit": limit, "above": above}
    with row_by_row(connection):
        return list(connection.execute(text(_UNDECIDED_PERSONS), values).scalars().all())


def next_round(connection: Connection, run_id: int) -> int:
    """Return in which round of a run's allotment a winner asks, and keep it from passing."""
    rounds: int = connection.execute(
        text("SELECT rounds FROM run WHERE id = :run FOR SHARE"), {"run": run_id}
    ).scalar_one()
    return rounds + 1


def undecided(connection: Connection, run_id: int, persons: Sequence[int]) -> Sequence[Any]:
    """Return the undecided candidates of locked persons."""
    values = {"run": run_id, "persons": array_of(persons)}
    with row_by_row(connection):
        return plain_rows(connection, _UNDECIDED, values)


def record_decisions(connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
    """Append decisions: (candidate, verdict, arm, reasons, frees_at, winner, inputs, version)."""
    columns = (
        "candidate_id",
        "verdict",
        "arm",
        "reasons",
        "frees_at",
        "winner_id",
        "inputs",
        "policy_version",
    )
    return copy_rows(connection, "decision", columns, rows)


def record_messages(
    connection: Connection,
    run_id: int,
    round_: int,
    at: datetime,
    rows: Sequence[Sequence[Any]],
) -> None:
    """
    Append reservations, and to each its message in state planned with its first event.

    A row is (candidate, person, contact, scene, category, channel, sender, start, end, zone,
    local date, policy version, ghost). They ask for their share in this round of the run.
    """
    copy_rows(
        connection, "ledger", _RESERVATION, ((*row, "reservation", "planned") for row in rows)
    )
    slots = array_of(row[0] for row in rows)
    values = {"slots": slots, "run": run_id, "round": round_, "at": at}
    for statement in _FOLLOWING:
        connection.execute(text(statement), values)
