"""How far the reading of a window is, kept so that a killed or failed one goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from schemas.incoming import Page, Window
from store import staging
from store.staging import Stage


@dataclass(frozen=True)
class Progress:
    """A window, what of it is staged, and where its source goes on; `whole` when all is there."""

    window: Window
    cursor: str | None = None
    pages: int = 0
    pulled: int = 0
    rows: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False

    def after(self, pages: list[Page]) -> "Progress":
        """Return the progress once these pages are staged too."""
        dropped = dict(self.dropped)
        for page in pages:
            for rule, count in page.dropped.items():
                dropped[rule] = dropped.get(rule, 0) + count
        return replace(
            self,
            cursor=pages[-1].cursor if pages else self.cursor,
            pages=self.pages + len(pages),
            pulled=self.pulled + sum(page.pulled for page in pages),
            rows=self.rows + sum(len(page.rows) for page in pages),
            dropped=dropped,
        )


def found(connection: Connection, stage: Stage) -> Progress | None:
    """
    Return a reading that may go on, or that is whole; None if one has to begin.

    What is staged survives no crash of the database, which leaves the stage empty.
    """
    row = connection.execute(
        text("SELECT * FROM reading WHERE source = :source AND entity = :entity"), stage.values
    ).one_or_none()
    if row is None or not (row.whole or row.cursor):
        return None
    if row.rows and staging.is_empty(connection, stage):
        return None
    window = Window(row.window_from, row.window_until)
    return Progress(window, row.cursor, row.pages, row.pulled, row.rows, row.dropped, row.whole)


def whole(connection: Connection, stage: Stage) -> Progress:
    """Return a reading that has come to its end."""
    progress = found(connection, stage)
    if progress is None or not progress.whole:
        raise LookupError(f"{stage.table} is not read to its end")
    return progress


def start(connection: Connection, stage: Stage, window: Window) -> Progress:
    """Start a reading on an empty stage."""
    staging.clear(connection, stage)
    progress = Progress(window)
    save(connection, stage, progress)
    return progress


def append(connection: Connection, stage: Stage, progress: Progress, pages: list[Page]) -> Progress:
    """Stage pages and return the progress, both of which are saved in this transaction."""
    rows = (page.rows for page in pages)
    staging.stage_pages(connection, stage, rows, progress.rows + 1, progress.pages + 1)
    further = progress.after(pages)
    save(connection, stage, further)
    return further


def save(connection: Connection, stage: Stage, progress: Progress) -> None:
    """Save how far a reading is."""
    values: dict[str, Any] = {
        **stage.values,
        "since": progress.window.since,
        "until": progress.window.until,
        "cursor": progress.cursor,
        "pages": progress.pages,
        "pulled": progress.pulled,
        "rows": progress.rows,
        "dropped": Jsonb(dict(progress.dropped)),
        "whole": progress.whole,
    }
    connection.execute(
        text(
            "INSERT INTO reading (source, entity, window_from, window_until, cursor, pages, pulled,"
            " rows, dropped, whole) VALUES (:source, :entity, :since, :until, :cursor, :pages,"
            " :pulled, :rows, :dropped, :whole) ON CONFLICT (source, entity) DO UPDATE SET"
            " window_from = excluded.window_from, window_until = excluded.window_until,"
            " cursor = excluded.cursor, pages = excluded.pages, pulled = excluded.pulled,"
            " rows = excluded.rows, dropped = excluded.dropped, whole = excluded.whole"
        ),
        values,
    )


def forget(connection: Connection, stage: Stage) -> None:
    """Forget a reading: its window is judged, or has to be read from its beginning."""
    connection.execute(
        text("DELETE FROM reading WHERE source = :source AND entity = :entity"), stage.values
    )
