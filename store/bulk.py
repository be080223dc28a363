"""What makes it quick to read and write very many rows: no more is done to each than need be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

_KEYS = """
SELECT conrelid::regclass::text AS on_table, conname AS name, confrelid::regclass::text AS to_table,
       pg_get_constraintdef(oid) AS definition, contype
FROM pg_constraint
WHERE contype IN ('p', 'u', 'x', 'f')
  AND (conrelid::regclass::text = ANY(:tables) OR confrelid::regclass::text = ANY(:tables))
ORDER BY contype = 'f', oid
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index
WHERE indrelid::regclass::text = ANY(:tables)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
ORDER BY indexrelid
"""

_WAYS = ("enable_mergejoin", "enable_hashjoin", "enable_seqscan", "enable_memoize")
_BY_INDEX = "DO $$ BEGIN {} SET LOCAL max_parallel_workers_per_gather TO 0; END $$".format(
    " ".join(f"SET LOCAL {way} TO off;" for way in _WAYS)
)
_AS_USUAL = "DO $$ BEGIN {} END $$".format(
    " ".join(f"SET LOCAL {way} TO DEFAULT;" for way in (*_WAYS, "max_parallel_workers_per_gather"))
)
_ROOM = {"work_mem": "128MB", "maintenance_work_mem": "256MB"}
"""What millions of rows are sorted and hashed in, instead of on disk; no more than is needed."""


def make_room(connection: Connection) -> None:
    """Let this transaction sort and hash in more memory, unless the server grants more already."""
    for setting, size in _ROOM.items():
        connection.execute(
            text(
                "SELECT set_config(:setting, :size, true)"
                " WHERE pg_size_bytes(current_setting(:setting)) < pg_size_bytes(:size)"
            ),
            {"setting": setting, "size": size},
        )


@contextmanager
def row_by_row(connection: Connection) -> Iterator[None]:
    """
    Have the body's statements look rows up by index, whatever statistics may say.

    Merged or hashed, all that ever was would be read for the sake of a few rows; and to start a
    helper takes longer than to find them.
    """
    connection.execute(text(_BY_INDEX))
    yield
    connection.execute(text(_AS_USUAL))


def drop(connection: Connection, table: str) -> None:
    """
    Take a table away, if it is there, and views upon it of sessions that are about to end.

    Whoever was shown a table has closed the connection by then; the server may take its time over
    what that session leaves.
    """
    connection.execute(text(f"DROP TABLE IF EXISTS {table} CASCADE"))


def array_of(ids: Iterable[int]) -> str:
    """
    Return numbers as the text of an array, for CAST(... AS bigint[]).

    A driver's list asks each element for its type and its quotes; of thousands that takes longer
    than the server takes to find them.
    """
    return f"{{{','.join(map(str, ids))}}}"


def among(name: str) -> str:
    """
    Return SQL for any of the numbers that a value of this name tells, as written by `array_of`.

    The planner must not see them: of thousands it would weigh each against what is most common,
    which takes longer than to find them all.
    """
    return f"ANY(CAST((SELECT :{name}) AS bigint[]))"


def plain_rows(connection: Connection, query: str, values: Mapping[str, Any]) -> list[Any]:
    """
    Return a query's rows as the driver's own tuples, of which no column is asked by its name.

    Raises TypeError for a statement that has no rows to return, however many.
    """
    cursor = connection.execute(text(query), values).cursor
    if cursor is None:
        raise TypeError("only a query has rows")
    return list(cursor.fetchall())


def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """
    Append `rows` to `table` by COPY in the connection's transaction; return how many.

    `table` may name its schema, as in "staging.shop__member". A value is of its column's type:
    text for text, numbers for numbers; JSON values are dicts or lists.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("COPY needs psycopg 3")
    named = {
        "table": sql.Identifier(*table.split(".")),
        "columns": sql.SQL(", ").join(map(sql.Identifier, columns)),
    }
    count = 0
    with driver.cursor() as cursor:
        # With types told once, no value of any row has to be asked for its own.
        cursor.execute(sql.SQL("SELECT {columns} FROM {table} LIMIT 0").format(**named))
        types = [column.type_code for column in cursor.description or ()]
        with cursor.copy(sql.SQL("COPY {table} ({columns}) FROM STDIN").format(**named)) as copy:
            copy.set_types(types)
            for count, row in enumerate(rows, start=1):  # noqa: B007 - told after the loop
                copy.write_row(row)
    return count


@contextmanager
def indexed_afterwards(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """
    Take keys and indexes off empty tables, and build them anew once the tables are filled.

    All of it belongs to the connection's transaction: whatever ends it early leaves things as they
    were. Others wait for the tables, and for those they refer to, until the transaction ends.
    `tables` are named in the order in which readers come by them, so that nobody waits in a circle.
    """
    keys = connection.execute(text(_KEYS), {"tables": list(tables)}).all()
    indexes = connection.execute(text(_INDEXES), {"tables": list(tables)}).all()
    referred = {key.to_table for key in keys if key.contype == "f"} - set(tables)
    referring = {key.on_table for key in keys} - set(tables)
    locked = [*sorted(referred), *tables, *sorted(referring)]
    _run(connection, f"LOCK TABLE {', '.join(locked)} IN ACCESS EXCLUSIVE MODE")
    for key in reversed(keys):
        _run(connection, f'ALTER TABLE {key.on_table} DROP CONSTRAINT "{key.name}"')
    for index in indexes:
        _run(connection, f"DROP INDEX {index.name}")
    yield
    for key in keys:
        _run(
            connection,
            f'ALTER TABLE {key.on_table} ADD CONSTRAINT "{key.name}" {key.definition}',
        )
    for index in indexes:
        _run(connection, index.definition)
    for table in tables:
        _run(connection, f"ANALYZE {table}")


def _run(connection: Connection, statement: str) -> None:
    # A definition is the server's own text, in which a colon starts no parameter.
    connection.exec_driver_sql(statement.replace("%", "%%"))
