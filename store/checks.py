"""Looking at a database without touching it: how far it is migrated, and what waits in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from schemas.enums import RunStatus
from store import reviews

_MIGRATIONS = Path(__file__).parent / "migrations"
Migrated = Literal["not yet", "partly", "fully", "beyond us"]

_TURNING = """
SELECT count(*) FROM (
    SELECT person_id FROM stale_person UNION SELECT person_id FROM wheel WHERE due_on <= :today
) turning
"""
_EVERYBODY = "SELECT count(*) FROM person"

_DUE = """
SELECT count(*) FROM message
WHERE state = 'approved' AND NOT ghost AND planned_for <= :as_of AND window_until > :as_of
"""

_DISPATCHES = """
SELECT state, count(*) AS n FROM dispatch
WHERE state IN ('queued', 'calling', 'unknown', 'accepted') GROUP BY state
"""


@dataclass(frozen=True)
class Waiting:
    """What a run would find: persons to look at anew, undecided batches, messages, dispatches."""

    persons: int
    reviews: int
    approved: int
    dispatches: dict[str, int]


@contextmanager
def looking(database: Engine) -> Iterator[Connection]:
    """Yield a connection that can only read, and that is not kept waiting for an answer."""
    with database.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = '5s'"))
        yield connection


def server_version(connection: Connection) -> str:
    """Return the version of the server, without what its packagers add."""
    version: str = connection.execute(text("SHOW server_version")).scalar_one()
    return version.split(maxsplit=1)[0]


def migrated(connection: Connection) -> Migrated:
    """Return how far a database is migrated; `beyond us` if by a newer runwu."""
    script = ScriptDirectory(str(_MIGRATIONS))
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return "not yet"
    if revision not in {one.revision for one in script.walk_revisions()}:
        return "beyond us"
    return "fully" if revision == script.get_current_head() else "partly"


def run_status(connection: Connection, flow: str, business_date: date) -> RunStatus | None:
    """Return how far a flow's run of a business date is; None if it was not begun."""
    found = connection.execute(
        text(
            "SELECT status FROM run WHERE flow = :flow AND business_date = :day AND occasion = ''"
        ),
        {"flow": flow, "day": business_date},
    ).scalar_one_or_none()
    return None if found is None else RunStatus(found)


def waiting(connection: Connection, as_of: datetime, today: date, *, everybody: bool) -> Waiting:
    """Return what a run would find, counted through indexes unless it looks at everybody."""
    due = {"as_of": as_of}
    query, values = (_EVERYBODY, {}) if everybody else (_TURNING, {"today": today})
    return Waiting(
        persons=connection.execute(text(query), values).scalar_one(),
        reviews=len(reviews.undecided(connection)),
        approved=connection.execute(text(_DUE), due).scalar_one(),
        dispatches={row.state: row.n for row in connection.execute(text(_DISPATCHES))},
    )
