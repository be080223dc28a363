"""The way to the database: engines, the one transaction, locks that outlive a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import set_json_dumps
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from schemas.errors import ConfigurationError

_OLDEST = 14
_VIEW = SQL("CREATE TEMPORARY VIEW {} AS {}")


@cache
def engine(url: str) -> Engine:
    """Return the engine for a PostgreSQL URL; sessions speak UTC. One per process and URL."""
    # Flows run in short-lived processes; local connects take about 2 ms.
    return _made(url, poolclass=NullPool)


@cache
def lasting(url: str) -> Engine:
    """
    Return an engine whose sessions go on from one transaction to the next, until it is disposed of.

    A new session looks at each page for the first time, which takes longer than the look: whoever
    has many transactions in a row keeps it. Locks that outlive a transaction are not for it.
    """
    return _made(url, pool_pre_ping=True)


def _made(url: str, **pooled: Any) -> Engine:
    made = create_engine(
        psycopg_url(url),
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 10},
        hide_parameters=True,  # an error must not carry what a row says into a log
        use_native_hstore=False,  # saves a round trip per connection
        **pooled,
    )
    event.listen(made, "connect", _adapt)
    return made


def _adapt(connection: psycopg.Connection[Any], _: object) -> None:
    # Untyped, one parameter used twice can be deduced as two types, and the statement fails.
    connection.adapters.register_dumper(str, StrDumper)
    set_json_dumps(orjson.dumps, connection)  # a run keeps an object of every decision


def psycopg_url(url: str) -> str:
    """Return the URL with psycopg 3 named as the driver."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith("postgresql+psycopg://"):
        raise ConfigurationError(
            "DATABASE_URL must start with postgresql://; unset it to use the embedded PostgreSQL"
        )
    return url


def tuned(url: str, **settings: str) -> str:
    """Return the URL of sessions in which these settings of the server hold."""
    parsed = make_url(psycopg_url(url))
    asked = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = parsed.query.get("options")
    options = f"{given} {asked}" if isinstance(given, str) else asked
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def show(database: Engine, name: str, query: str) -> None:
    """
    Show a query to every session of an engine as a view of the session's own.

    Handed over as a query, Great Expectations would run it once, as it is, to learn its columns:
    all rows of a first load would come over.
    """

    def shown(connection: psycopg.Connection[Any], _: object) -> None:
        connection.execute(_VIEW.format(Identifier(name), SQL(query)))
        connection.commit()

    event.listen(database, "connect", shown)
    database.dispose()  # a session that is open already has not been shown anything


@contextmanager
def transaction(database: Engine) -> Iterator[Connection]:
    """Yield a connection whose work is committed at the end, or rolled back on any error."""
    with database.begin() as connection:
        yield connection


@contextmanager
def exclusively(
    database: Engine, kind: str, number: int = 0, *, patience: int = 0
) -> Iterator[bool]:
    """
    Yield whether the advisory lock (kind, number) was had, and hold it on its own connection.

    `patience` is how many seconds to wait for it. The lock lives as long as the connection: a
    paused process keeps it, a killed one loses it.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield _locked(connection, {"kind": kind, "number": number}, patience)


def _locked(connection: Connection, lock: dict[str, Any], patience: int) -> bool:
    if not patience:
        query = "SELECT pg_try_advisory_lock(hashtext(:kind), :number)"
        return bool(connection.execute(text(query), lock).scalar_one())
    connection.execute(text(f"SET lock_timeout = '{int(patience)}s'"))
    try:
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:kind), :number)"), lock)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            return False
        raise
    return True


def require_usable(database: Engine) -> None:
    """Raise ConfigurationError unless the server answers and is recent enough."""
    try:
        with database.connect() as connection:
            version = connection.execute(text("SHOW server_version_num")).scalar_one()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise ConfigurationError(
            f"the database does not answer ({reason}); check DATABASE_URL, "
            "or unset it to use the embedded PostgreSQL"
        ) from error
    if int(version) // 10_000 < _OLDEST:
        raise ConfigurationError(
            f"the database is PostgreSQL {int(version) // 10_000}; use {_OLDEST} or later"
        )
