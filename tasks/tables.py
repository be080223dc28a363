"""Looking at the tables for commands that change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from schemas.errors import ConfigurationError
from store.database import require_usable, transaction
from tasks.wiring import wiring


@contextmanager
def reading() -> Iterator[Connection]:
    """Yield a connection. Raises ConfigurationError where the tables are not as they should be."""
    database = wiring().database
    require_usable(database)
    try:
        with transaction(database) as connection:
            yield connection
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise ConfigurationError(
                "the database has not been prepared by this version of runwu; "
                "run `runwu up` once, or check DATABASE_URL"
            ) from error
        raise
