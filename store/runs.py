"""Runs, watermarks and the verdicts over pulled windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.incoming import Window


@dataclass(frozen=True)
class OpenedRun:
    """A run as found or made; `done` when there is nothing left to do."""

    id: int
    as_of: datetime
    opened_at: datetime
    done: bool


def open_run(
    connection: Connection,
    flow: str,
    business_date: date,
    *,
    as_of: datetime,
    opened_at: datetime,
    occasion: str = "",
) -> OpenedRun:
    """Return the run of this occasion, made if need be; a second caller gets the first one's."""
    connection.execute(
        text(
            "INSERT INTO run"
            " (flow, business_date, shard, occasion, as_of, opened_at, status, books) VALUES ("
            ":flow, :date, 0, :occasion, :as_of, :opened_at, 'open', '{}')"
            " ON CONFLICT (flow, business_date, shard, occasion) DO NOTHING"
        ),
        {
            "flow": flow,
            "date": business_date,
            "occasion": occasion,
            "as_of": as_of,
            "opened_at": opened_at,
        },
    )
    row = connection.execute(
        text(
            "SELECT id, as_of, opened_at, status = 'done' AS done FROM run WHERE flow = :flow"
            " AND business_date = :date AND shard = 0 AND occasion = :occasion"
        ),
        {"flow": flow, "date": business_date, "occasion": occasion},
    ).one()
    return OpenedRun(row.id, row.as_of, row.opened_at, row.done)


def finish_run(
    connection: Connection, run_id: int, *, at: datetime, books: Mapping[str, Any]
) -> None:
    """Close a run; its books are added to those it has from an earlier, interrupted try."""
    connection.execute(
        text(
            "UPDATE run SET status = 'done', finished_at = :at, books = books || :books"
            " WHERE id = :run"
        ),
        {"run": run_id, "at": at, "books": Jsonb(dict(books))},
    )


def latest_business_date(connection: Connection, flow: str) -> date | None:
    """Return the last business date a flow has seen."""
    latest: date | None = connection.execute(
        text("SELECT max(business_date) FROM run WHERE flow = :flow"), {"flow": flow}
    ).scalar_one()
    return latest


def run_clock(connection: Connection, run_id: int) -> tuple[datetime, datetime]:
    """Return a run's `as_of` and when it was really opened."""
    row = connection.execute(
        text("SELECT as_of, opened_at FROM run WHERE id = :run"), {"run": run_id}
    ).one()
    return row.as_of, row.opened_at


def newest_clock(connection: Connection) -> tuple[datetime, datetime] | None:
    """Return the `as_of` of the newest pull or daily run, and when it was really opened."""
    row = connection.execute(
        text(
            "SELECT as_of, opened_at FROM run WHERE flow IN ('pull-data', 'daily-growth')"
            " ORDER BY id DESC LIMIT 1"
        )
    ).one_or_none()
    return None if row is None else (row.as_of, row.opened_at)


def pulled_at(connection: Connection, as_of: datetime) -> bool:
    """Tell whether a pull of exactly this instant was finished."""
    found: bool = connection.execute(
        text(
            "SELECT EXISTS (SELECT 1 FROM run WHERE flow = 'pull-data' AND as_of = :as_of"
            " AND status = 'done')"
        ),
        {"as_of": as_of},
    ).scalar_one()
    return found


def watermark(connection: Connection, source: str, entity: Entity) -> datetime | None:
    """Return up to when an entity of a source is published."""
    return connection.execute(
        text("SELECT until FROM watermark WHERE source = :source AND entity = :entity"),
        {"source": source, "entity": entity.value},
    ).scalar_one_or_none()


def move_watermark(connection: Connection, source: str, entity: Entity, until: datetime) -> None:
    """Move a watermark forward; it never goes back."""
    connection.execute(
        text(
            "INSERT INTO watermark (source, entity, until) VALUES (:source, :entity, :until)"
            " ON CONFLICT (source, entity) DO UPDATE"
            " SET until = greatest(watermark.until, excluded.until)"
        ),
        {"source": source, "entity": entity.value, "until": until},
    )


def published_already(connection: Connection, run_id: int, source: str, entity: Entity) -> bool:
    """Tell whether this run has published this entity; one that was refused may be tried again."""
    done: bool = connection.execute(
        text(
            "SELECT EXISTS (SELECT 1 FROM data_verdict"
            " WHERE run_id = :run AND source = :source AND entity = :entity AND passed)"
        ),
        {"run": run_id, "source": source, "entity": entity.value},
    ).scalar_one()
    return done


def record_verdict(
    connection: Connection,
    run_id: int,
    source: str,
    entity: Entity,
    window: Window,
    verdict: Mapping[str, Any],
) -> None:
    """Store what the contract said of a window, with the window's books."""
    connection.execute(
        text(
            "INSERT INTO data_verdict (run_id, source, entity, window_from, window_until, passed,"
            " reason, pulled, published, unchanged, quarantined, dropped, checks, metrics, report)"
            " VALUES (:run, :source, :entity, :since, :until, :passed, :reason, :pulled,"
            " :published, :unchanged, :quarantined, :dropped, :checks, :metrics, :report)"
            " ON CONFLICT (run_id, source, entity)"
            " DO UPDATE SET passed = excluded.passed, reason = excluded.reason,"
            " pulled = excluded.pulled, published = excluded.published,"
            " unchanged = excluded.unchanged, quarantined = excluded.quarantined,"
            " dropped = excluded.dropped, checks = excluded.checks,"
            " window_from = excluded.window_from, window_until = excluded.window_until,"
            " metrics = excluded.metrics, report = excluded.report"
        ),
        {
            **verdict,
            "run": run_id,
            "source": source,
            "entity": entity.value,
            "since": window.since,
            "until": window.until,
            "dropped": Jsonb(verdict["dropped"]),
            "checks": Jsonb(verdict["checks"]),
            "metrics": Jsonb(verdict["metrics"]),
            "report": Jsonb(verdict["report"]),
        },
    )


def latest_verdicts(connection: Connection, as_of: datetime) -> list[Mapping[str, Any]]:
    """Return the newest verdict per source and entity not later than `as_of`."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (source, entity) source, entity, passed, reason, window_until,"
            " pulled, published, unchanged, quarantined, dropped FROM data_verdict"
            " WHERE window_until <= :as_of ORDER BY source, entity, window_until DESC, id DESC"
        ),
        {"as_of": as_of},
    ).mappings()
    return [dict(row) for row in rows]


def find_run(connection: Connection, flow: str, business_date: date) -> int | None:
    """Return the id of a flow's run of a business date."""
    found: int | None = connection.execute(
        text("SELECT id FROM run WHERE flow = :flow AND business_date = :date AND occasion = ''"),
        {"flow": flow, "date": business_date},
    ).scalar_one_or_none()
    return found
