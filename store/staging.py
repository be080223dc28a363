"""Rows on their way in: staged, counted against the rules, put aside."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.incoming import COLUMNS, Row
from store.bulk import copy_rows
from store.row_rules import ROW_RULES, TABLES


def clear(connection: Connection, entity: Entity) -> None:
    """Empty the staging table; leftovers of a killed pull go with it."""
    connection.execute(text(f"TRUNCATE {TABLES[entity]}"))


def stage(connection: Connection, entity: Entity, rows: Iterable[Row], first: int) -> int:
    """Append rows in the order of COLUMNS, numbered from `first`; return how many."""
    numbered = ((first + place, *row) for place, row in enumerate(rows))
    return copy_rows(connection, TABLES[entity], ("row", *COLUMNS[entity]), numbered)


def drop_repeated(connection: Connection, entity: Entity) -> int:
    """Drop all but the first of rows that are alike in every column; return how many went."""
    columns = ", ".join(COLUMNS[entity])
    table = TABLES[entity]
    numbered = (
        f"SELECT row, row_number() OVER (PARTITION BY {columns} ORDER BY row) AS place FROM {table}"
    )
    return connection.execute(
        text(f"DELETE FROM {table} s USING ({numbered}) d WHERE d.row = s.row AND d.place > 1")
    ).rowcount


def bad_counts(
    connection: Connection, entity: Entity, *, source: str, as_of: datetime
) -> Mapping[str, int]:
    """Return for each rule how many staged rows break it, in one scan."""
    counts = ", ".join(f"count(*) FILTER (WHERE {rule.bad})" for rule in ROW_RULES[entity])
    row = connection.execute(
        text(f"SELECT {counts} FROM {TABLES[entity]} s"),
        {"source": source, "as_of": as_of},
    ).one()
    return dict(zip((rule.name for rule in ROW_RULES[entity]), row, strict=True))


def quarantine(
    connection: Connection,
    entity: Entity,
    *,
    run_id: int,
    source: str,
    as_of: datetime,
    broken: Iterable[str],
) -> int:
    """Keep each bad row once per rule in `broken`, take it from staging; return how many rows."""
    names = set(broken)
    rules = [rule for rule in ROW_RULES[entity] if rule.name in names]
    values: dict[str, Any] = {
        "run": run_id,
        "source": source,
        "entity": entity.value,
        "as_of": as_of,
    }
    # A window that was refused and is tried again brings its bad rows anew.
    connection.execute(
        text(
            "DELETE FROM quarantine WHERE run_id = :run AND source = :source AND entity = :entity"
        ),
        values,
    )
    for rule in rules:
        connection.execute(
            text(
                "INSERT INTO quarantine (run_id, source, entity, rule, column_name, value, content)"
                f" SELECT :run, :source, :entity, '{rule.name}', '{rule.column}',"
                f" s.{rule.column}::text, to_jsonb(s) FROM {TABLES[entity]} s WHERE {rule.bad}"
            ),
            values,
        )
    return connection.execute(
        text(
            f"DELETE FROM {TABLES[entity]} s USING quarantine q WHERE q.run_id = :run"
            " AND q.source = :source AND q.entity = :entity AND (q.content->>'row')::int = s.row"
        ),
        values,
    ).rowcount
