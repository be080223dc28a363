"""What became of the messages that the holdout would have got."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from prefect import task
from sqlalchemy import Connection

from prompts.catalogue import scenes
from schemas.enums import MessageState
from store import ghosts, outcomes
from store.database import transaction
from store.persons import lock_persons, mark_stale
from tasks.moves import move
from tasks.wiring import wiring

CHUNK = 1_000
_RECEIVED = {MessageState.DELIVERED.value, MessageState.UNKNOWN_SETTLED.value}
_COULD_GO_OUT = {MessageState.PLANNED.value, MessageState.APPROVED.value}


@task(name="settle ghosts")
def settle_ghosts(as_of: datetime) -> int:
    """
    Give one chunk of ghosts the end that their wording came to; 0 when none is left.

    What would have reached the person counts as a delivery in their budget and facts, and opens
    the same response window, so that both arms are measured alike.
    """
    with transaction(wiring().database) as connection:
        found = ghosts.settled(connection, as_of, CHUNK)
        lock_persons(connection, [row.person_id for row in found])
        for (origin, received, scene, at), group in groupby(sorted(found, key=_end), key=_end):
            ids = [row.id for row in group]
            if received:
                _deliver(connection, ids, origin, scene, at)
            else:
                move(
                    connection,
                    ids,
                    MessageState(origin),
                    MessageState.EXPIRED,
                    at=as_of,
                    reason="nobody got this wording",
                    ghosts=True,
                )
        mark_stale(connection, [row.person_id for row in found])
    return len(found)


def _end(row: Any) -> tuple[str, bool, str, datetime]:
    received = row.state in _COULD_GO_OUT and (row.alone or row.fate in _RECEIVED)
    return (row.state, received, row.scene, row.at)


def _deliver(connection: Connection, ids: list[int], origin: str, scene: str, at: datetime) -> None:
    moved = move(
        connection,
        ids,
        MessageState(origin),
        MessageState.DELIVERED,
        at=at,
        reason="as the others of its wording",
        ghosts=True,
    )
    until = at + timedelta(days=scenes()[scene].rules.answer_days)
    outcomes.record_deliveries(connection, moved, MessageState.DELIVERED, at=at, answer_until=until)
