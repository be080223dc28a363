"""Facts of persons, and whose are to be made anew."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from schemas.facts_frame import FACTS
from schemas.histories import CENTS, Schema
from store.frames import columns_as_told, read_frame, write_frame
from store.histories import Persons, who
from store.memberships import end_all
from store.persons import REMARK

_MONEY = ("spent", "basket", "largest")
_STORED = pl.Decimal(38, 4)

# No more marks are counted than it takes.
_MOST = """
WITH enough AS (SELECT greatest(:least, reltuples / 4)::bigint AS marks
                FROM pg_class WHERE oid = 'person'::regclass)
SELECT count(*) >= max(enough.marks) FROM enough,
    LATERAL (SELECT 1 FROM stale_person LIMIT enough.marks) marked
"""
_DUE = "SELECT DISTINCT person_id FROM wheel WHERE due_on <= :today AND kind = ANY(:kinds)"


def mark_due(connection: Connection, today: date, kinds: Sequence[str]) -> int:
    """Mark the persons whose facts change with time alone by `today`; return how many."""
    return connection.execute(
        text(f"INSERT INTO stale_person {_DUE} ORDER BY 1 {REMARK}"),
        {"today": today, "kinds": list(kinds)},
    ).rowcount


def claim_stale(connection: Connection, limit: int) -> list[int]:
    """Take up to `limit` marked persons; they come back if the transaction does not commit."""
    rows = connection.execute(
        text(
            "DELETE FROM stale_person WHERE person_id IN (SELECT person_id FROM stale_person"
            " ORDER BY person_id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING person_id"
        ),
        {"limit": limit},
    ).scalars()
    return sorted(rows)


def most_are_stale(connection: Connection, least: int) -> bool:
    """Return whether at least so many are marked, and a good part of all persons."""
    return bool(connection.execute(text(_MOST), {"least": least}).scalar_one())


def forget_marks(connection: Connection) -> None:
    """Take all marks, as everybody's facts are made anew."""
    connection.execute(text("DELETE FROM stale_person"))


def due(connection: Connection, today: date, kinds: Sequence[str], limit: int) -> list[int]:
    """Return up to `limit` persons for whom time alone changes one of these kinds by `today`."""
    rows = connection.execute(
        text(f"{_DUE} ORDER BY 1 LIMIT :limit"),
        {"today": today, "kinds": list(kinds), "limit": limit},
    )
    return list(rows.scalars().all())


def read_facts(
    connection: Connection, persons: Persons | None, columns: Schema = FACTS
) -> pl.DataFrame:
    """Return the facts of persons (None: of all) or some columns of them, in order of ids."""
    where, values = ("true", {}) if persons is None else who(persons, "person_id")
    told = {name: _STORED if name in _MONEY else kind for name, kind in columns.items()}
    query = f"SELECT {columns_as_told(told)} FROM person_facts WHERE {where} ORDER BY person_id"
    frame = read_frame(connection, query, told, values)
    return frame.with_columns(
        (pl.col(name) * CENTS).cast(pl.Int64) for name in _MONEY if name in columns
    )


def write_facts(connection: Connection, persons: Persons, facts: pl.DataFrame) -> list[int]:
    """
    Replace the facts of `persons` by these; return who of them is there no more.

    Those without facts were taken for somebody else, or their member was: whom it is now, its facts
    are.
    """
    where, values = who(persons, "person_id")
    before = connection.exec_driver_sql(
        f"DELETE FROM person_facts WHERE {where} RETURNING person_id", dict(values)
    ).scalars()
    gone = sorted(set(before) - set(facts["person_id"]))
    end_all(connection, gone)
    money = (pl.col(name).cast(_STORED) / CENTS for name in _MONEY)
    write_frame(connection, "person_facts", facts.with_columns(money))
    return gone
