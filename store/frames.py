"""Many rows at once between the database and columns, by COPY, in the caller's transaction."""

import io
from collections.abc import Mapping
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import Connection

from schemas.histories import Schema

_ROWS = 200_000
_INSTANT = "%Y-%m-%d %H:%M:%S%.6f+00"


def read_frame(
    connection: Connection, query: str, schema: Schema, values: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """
    Return a query's rows as columns of `schema`, in its order.

    `values` fill places like %(name)s. The query tells an instant by `instant`, a truth as text,
    and what is nested in the schema as JSON.
    """
    told = io.BytesIO()
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv)"
    with _cursor(connection) as cursor, cursor.copy(statement.encode(), values) as copy:
        for block in copy:
            told.write(block)
    told.seek(0)
    plain = {name: _told_as(kind) for name, kind in schema.items()}
    frame = pl.read_csv(told, has_header=False, schema=plain, raise_if_empty=False)
    return frame.select(_typed(name, kind) for name, kind in schema.items())


def write_frame(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Append a frame to a table; its columns are the table's, and what is nested becomes JSON."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with _cursor(connection) as cursor, cursor.copy(statement) as copy:
        for part in frame.iter_slices(_ROWS):
            told = io.BytesIO()
            plain = part.select(_flat(name, kind) for name, kind in part.schema.items())
            plain.write_csv(told, include_header=False, datetime_format=_INSTANT)
            copy.write(told.getvalue())


def instant(expression: str) -> str:
    """Return SQL that tells an instant in whole microseconds since 1970, in UTC."""
    return f"(extract(epoch FROM {expression}) * 1000000)::bigint"


def columns_as_told(schema: Schema) -> str:
    """Return the SQL of a table's columns of these names, as `read_frame` wants them told."""
    return ", ".join(
        f"{instant(name)} AS {name}" if isinstance(kind, pl.Datetime) else name
        for name, kind in schema.items()
    )


def _told_as(kind: pl.DataType | type[pl.DataType]) -> pl.DataType | type[pl.DataType]:
    if isinstance(kind, pl.Datetime):
        return pl.Int64
    return pl.String if isinstance(kind, pl.List) else kind


def _typed(name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    told = pl.col(name)
    if isinstance(kind, pl.List):
        return told.str.json_decode(kind)
    return told.cast(kind)


def _flat(name: str, kind: pl.DataType) -> pl.Expr:
    if not isinstance(kind, pl.List):
        return pl.col(name)
    # The only encoder there is wants an object: what it puts around the list is taken off again.
    around = f'{{"{name}":'
    encoded = pl.struct(name).struct.json_encode()
    return encoded.str.slice(len(around)).str.strip_suffix("}").alias(name)


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("COPY needs psycopg 3")
    return driver.cursor()
