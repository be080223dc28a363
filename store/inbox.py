"""
Events as others sent them, kept until a pull reads them.

A row is dated first and committed later, so a pull may read past an instant of which a row is
still to come. `bound` limits by how much: the server ends a transaction that takes longer, be it
for a lock or a sender's process that stands still. Windows overlap by more than that (see
schemas.sources.webhook), so the next one finds the row.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.incoming import Window

PATIENCE_SECONDS = 10
"""How long a statement may take, and how long a transaction may wait for its next one."""

Position = tuple[datetime, int]
"""When a row was received, and its id: the order in which rows are read."""


def bound(connection: Connection, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Begin a transaction that the server ends unless it is committed soon; before it is dated."""
    limit = f"{int(seconds * 1000)}ms"
    connection.execute(
        text(
            "SELECT set_config('statement_timeout', :limit, true),"
            " set_config('idle_in_transaction_session_timeout', :limit, true)"
        ),
        {"limit": limit},
    )


def keep(
    connection: Connection,
    source: str,
    events: Mapping[str, Mapping[str, Any]],
    received_at: datetime,
) -> int:
    """
    Keep events by their keys; return how many are new or told otherwise than before.

    What is told last counts, and is read again; the same once more changes nothing.
    """
    # In one order, so that two senders of the same keys wait for each other but never both.
    keys = sorted(events)
    return connection.execute(
        text(
            "INSERT INTO inbox (source, key, received_at, content)"
            " SELECT :source, key, :at, CAST(content AS jsonb)"
            " FROM unnest(CAST(:keys AS text[]), CAST(:contents AS text[]))"
            " WITH ORDINALITY AS told (key, content, place) ORDER BY place"
            " ON CONFLICT (source, key) DO UPDATE"
            " SET received_at = excluded.received_at, content = excluded.content"
            " WHERE inbox.content <> excluded.content"
        ),
        {
            "source": source,
            "at": received_at,
            "keys": keys,
            "contents": [json.dumps(events[key]) for key in keys],
        },
    ).rowcount


def look(connection: Connection) -> None:
    """Read next to nothing, for the error that keeping would end in."""
    connection.execute(text("SELECT 1 FROM inbox LIMIT 1"))


def received(
    connection: Connection, source: str, window: Window, after: Position | None, limit: int
) -> list[tuple[datetime, int, Mapping[str, Any]]]:
    """Return up to `limit` events received within a window, in order, behind a position."""
    at, number = after or (None, None)
    rows = connection.execute(
        text(
            "SELECT received_at, id, content FROM inbox WHERE source = :source"
            " AND received_at >= coalesce(CAST(:since AS timestamptz), '-infinity')"
            " AND received_at < :until AND (received_at, id)"
            " > (coalesce(CAST(:at AS timestamptz), '-infinity'), coalesce(:number, 0))"
            " ORDER BY received_at, id LIMIT :limit"
        ),
        {
            "source": source,
            "since": window.since,
            "until": window.until,
            "at": at,
            "number": number,
            "limit": limit,
        },
    )
    return [(row.received_at, row.id, row.content) for row in rows]
