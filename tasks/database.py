"""Starting, stopping and preparing databases, for the command line."""

from pathlib import Path

from sqlalchemy import make_url, text

from store import embedded
from store.database import engine, psycopg_url, require_usable
from store.migrate import upgrade

_FOLDER = "pg"


def start_database(home: Path, configured: str | None) -> str:
    """Return the URL of a database that answers: the configured one, else the embedded one."""
    url = configured or embedded.start(home / _FOLDER)
    require_usable(engine(url))
    return url


def migrate(url: str) -> None:
    """Bring a database to the present schema."""
    upgrade(engine(url))


def running_database(home: Path, configured: str | None) -> str | None:
    """Return the URL of the configured database or of the embedded one, if it runs; start none."""
    return configured or embedded.find(home / _FOLDER)


def embedded_is_running(home: Path) -> bool:
    """Tell whether the embedded PostgreSQL of a home folder runs."""
    return embedded.is_running(home / _FOLDER)


def stop_database(home: Path) -> bool:
    """Stop the embedded PostgreSQL; return whether one was running."""
    return embedded.stop(home / _FOLDER)


def fresh_sibling(url: str, name: str) -> str:
    """Make an empty, migrated database beside the given one, in place of any of that name."""
    with engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    parsed = make_url(psycopg_url(url)).set(database=name, drivername="postgresql")
    sibling = parsed.render_as_string(hide_password=False)
    upgrade(engine(sibling))
    return sibling
