"""The baseline: the same rows, prepared beforehand, by COPY into tables without any constraint."""

from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from bench.source import Shop
from schemas.enums import Entity
from schemas.incoming import COLUMNS
from store.bulk import copy_rows
from store.database import engine, transaction

_BLOCK = 1 << 18


class Raw:
    """The rows of a shop as files, ready to be sent to a server."""

    def __init__(self, url: str, shop: Shop, folder: Path) -> None:
        """Have the server write what it will be told, so that the telling costs nothing else."""
        self._url = url
        self._files = {entity: folder / entity.value for entity in shop.entities}
        for entity, file in self._files.items():
            columns = ", ".join(COLUMNS[entity])
            like = f"CREATE TABLE {_name(entity)} AS SELECT {columns} FROM staged_{entity.value}"  # noqa: S608
            with transaction(engine(url)) as connection:
                connection.execute(text(like))
                copy_rows(connection, _name(entity), COLUMNS[entity], shop.rows(entity))
                _write(connection, _name(entity), file)

    def copy(self) -> float:
        """Return the seconds in which the server takes the rows in, and nothing else."""
        took = 0.0
        for entity, file in self._files.items():
            with transaction(engine(self._url)) as connection:
                connection.execute(text(f"TRUNCATE {_name(entity)}"))
            began = perf_counter()
            with transaction(engine(self._url)) as connection:
                _read(connection, _name(entity), file)
            took += perf_counter() - began
        return took


def _name(entity: Entity) -> str:
    return f"raw_{entity.value}"


def _write(connection: Connection, table: str, file: Path) -> None:
    told = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with _cursor(connection) as cursor, cursor.copy(told) as copy, file.open("wb") as out:
        for block in copy:
            out.write(block)


def _read(connection: Connection, table: str, file: Path) -> None:
    told = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with _cursor(connection) as cursor, cursor.copy(told) as copy, file.open("rb") as prepared:
        while block := prepared.read(_BLOCK):
            copy.write(block)


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("COPY needs psycopg 3")
    return driver.cursor()
