"""Bringing a database to the present schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from store.database import transaction

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Engine) -> None:
    """Apply every migration not yet applied; safe to run twice, and from two processes."""
    with transaction(database) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrate'))"))
        command.upgrade(_config(connection), "head")


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
