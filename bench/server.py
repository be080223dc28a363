"""A PostgreSQL of the bench's own, and databases in it that are gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url, text

from store import embedded
from store.database import engine, psycopg_url
from store.migrate import upgrade


@contextmanager
def server() -> Iterator[str]:
    """Start a server with the settings it comes with, and remove it in the end; yield its URL."""
    with TemporaryDirectory(prefix="runwu-bench-") as folder:
        try:
            yield embedded.start(Path(folder) / "pg")
        finally:
            embedded.stop(Path(folder) / "pg")


@contextmanager
def database(server_url: str, name: str) -> Iterator[str]:
    """Make a migrated, empty database and drop it in the end; yield its URL."""
    administering = engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with administering.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(psycopg_url(server_url)).set(database=name, drivername="postgresql")
    told = url.render_as_string(hide_password=False)
    upgrade(engine(told))
    try:
        yield told
    finally:
        with administering.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def warm(url: str) -> None:
    """Read every table once: a server that has been up for days has in memory what fits there."""
    with engine(url).connect() as connection:
        tables = connection.execute(text("SELECT relname FROM pg_stat_user_tables")).scalars()
        connection.execute(text("SET enable_indexonlyscan TO off"))
        for table in tables.all():
            connection.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - the server's


def pages(url: str) -> int:
    """Return how many pages of a database its sessions have looked at so far."""
    counts = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"
    with engine(url).connect() as connection:
        found: int = connection.execute(text(counts)).scalar_one()
    return found


def settle(url: str) -> None:
    """Let a database tidy up, as it has by the day after a first load."""
    with engine(url).execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))
