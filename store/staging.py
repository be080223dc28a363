"""Where rows wait on their way in."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.incoming import COLUMNS, Row
from store.bulk import copy_rows, drop, make_room
from store.row_rules import UNITS

SCHEMA = "staging"

UNATTENDED = "autovacuum_enabled = off"
"""Said of tables that live for one window: whoever takes them down would wait for the vacuum."""


@dataclass(frozen=True)
class Stage:
    """
    Where the window of one entity of one source is staged: a table of its own.

    `members_of` is the source whose keys its rows name members by, if that is another one.
    """

    source: str
    entity: Entity
    members_of: str | None = None

    @property
    def name(self) -> str:
        """The table's name within the schema."""
        return f"{self.source}__{self.entity.value}"

    @property
    def table(self) -> str:
        """The table's name with its schema."""
        return f"{SCHEMA}.{self.name}"

    @property
    def values(self) -> dict[str, Any]:
        """What statements about this window are told."""
        return {"source": self.source, "entity": self.entity.value, "members": self.members}

    @property
    def members(self) -> str:
        """The source whose keys name members."""
        return self.members_of or self.source

    def same_unit(self, row: str, kept: str) -> str:
        """Return SQL that is true where a quarantined row is of the same unit as a staged one."""
        return " AND ".join(
            f"{row}.{column}::text = {kept}.content->>'{column}'" for column in UNITS[self.entity]
        )


def clear(connection: Connection, stage: Stage) -> None:
    """Begin an empty stage; leftovers of a reading that was given up go with the old one."""
    strike(connection, stage)
    connection.execute(
        text(
            f"CREATE UNLOGGED TABLE {stage.table} (LIKE staged_{stage.entity.value})"
            f" WITH ({UNATTENDED})"
        )
    )


def strike(connection: Connection, stage: Stage) -> None:
    """Take a stage down, which nobody needs once its window was published or refused."""
    drop(connection, stage.table)


def stage_pages(
    connection: Connection, stage: Stage, pages: Iterable[Iterable[Row]], first: int, page: int = 1
) -> int:
    """
    Append pages of rows in the order of COLUMNS by one COPY; return how many rows.

    Rows are numbered from `first`, and pages from `page`.
    """
    place = count(first)
    numbered = (
        (next(place), number, *row) for number, rows in enumerate(pages, page) for row in rows
    )
    return copy_rows(connection, stage.table, ("row", "page", *COLUMNS[stage.entity]), numbered)


def is_empty(connection: Connection, stage: Stage) -> bool:
    """Tell whether nothing is staged, as before a first page, and after a crash of the database."""
    exists = text("SELECT to_regclass(:table) IS NOT NULL")
    if not connection.execute(exists, {"table": stage.table}).scalar_one():
        return True
    some = text(f"SELECT EXISTS (SELECT FROM {stage.table})")
    return not connection.execute(some).scalar_one()


def survey(connection: Connection, stage: Stage) -> None:
    """
    Tell the planner what is staged, and give this transaction room to work on it.

    Nobody else would in time: a window is judged as soon as it is there. A tenth of the usual
    sample tells enough of it.
    """
    make_room(connection)
    connection.execute(text("SET LOCAL default_statistics_target TO 10"))
    connection.execute(text(f"ANALYZE {stage.table}"))
