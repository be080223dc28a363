"""A real PostgreSQL, a fresh database per test, and a sandbox that speaks real HTTP."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from sqlalchemy import Engine, make_url, text

from sandbox.control import Control
from sandbox.server import listener, server
from sandbox.world import Options
from store import embedded
from store.database import engine, psycopg_url
from store.migrate import upgrade
from tasks.wiring import wiring
from tests.house import House

# How long an example takes is the machine's business, and says nothing of what it holds.
settings.register_profile("runwu", deadline=None)
settings.load_profile("runwu")

_MEMORY, _ROOM = Path("/dev/shm"), 8 * 1024**3  # noqa: S108 - whose folders are made by tempfile

_numbers = count(1)
_LONGEST = ("kill", "flows", "cli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that workers beside each other end about together."""
    items.sort(key=lambda item: item.path.parent.name not in _LONGEST)


def pytest_collection_finish() -> None:
    """Let what was imported be: looked through at every collection, it takes much of the time."""
    gc.collect()
    gc.freeze()


def fresh_name() -> str:
    """Return a name no other test has for its database."""
    return f"runwu_test_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """
    DATABASE_URL if it is set, else an embedded PostgreSQL for this session.

    In memory where there is room: a file system that was just told to forget a database's hundreds
    of files takes ten times as long to make them anew. Not below pytest's own folder: every session
    that starts closes that one to other users, and as root the server runs as another user.
    """
    configured = os.environ.get("DATABASE_URL")
    if configured:
        yield configured
        return
    in_memory = _MEMORY if _MEMORY.is_dir() and disk_usage(_MEMORY).free > _ROOM else None
    with TemporaryDirectory(prefix="runwu-", dir=in_memory) as folder:
        # Memory that was never touched is slow, and each test's database would be written to some.
        url = embedded.start(Path(folder) / "pg", most_shared_mb=128)
        _hurry(url)
        yield url
        embedded.stop(Path(folder) / "pg")


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """A migrated database that tests copy: about 50 ms instead of a migration each."""
    name = f"runwu_template_{os.getpid()}"
    with database_of(server_url, name, "template0") as url:
        upgrade(engine(url))
        yield name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of an empty, migrated database of the test's own."""
    with database_of(server_url, fresh_name(), template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Engine:
    """The engine of the test's own database."""
    return engine(database_url)


@contextmanager
def sandbox_world(options: Options) -> Iterator[str]:
    """Serve a world in a thread and yield its address."""
    with listener(0) as listening:
        world = server(options)
        thread = threading.Thread(target=world.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            world.should_exit = True
            thread.join()


@pytest.fixture
def house(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house of 120 simulated members: everything real but Prefect's engine."""
    with wired_house(database_url, monkeypatch, Options(members=120, seed=7)) as made:
        yield made


@pytest.fixture
def make_house(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Options], AbstractContextManager[House]]:
    """A house over a world of the test's choosing."""
    return lambda options: wired_house(database_url, monkeypatch, options)


@contextmanager
def wired_house(url: str, monkeypatch: pytest.MonkeyPatch, options: Options) -> Iterator[House]:
    """Point this process at a database and a world of its own."""
    with sandbox_world(options) as address, pointed_at(url, address, monkeypatch):
        yield House(engine(url), Control(address), address, url)


@contextmanager
def pointed_at(url: str, address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process's tasks work on a database and a world."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RUNWU_SANDBOX_URL", address)
    monkeypatch.delenv("RUNWU_CONFIG", raising=False)
    wiring.cache_clear()
    yield
    wiring()._wecom.close()
    wiring.cache_clear()


def _hurry(url: str) -> None:
    """Spare the disk: tests kill clients, never the server, so nothing needs to survive it."""
    with engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("ALTER SYSTEM SET max_wal_size = '256MB'"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def database_of(server_url: str, name: str, template: str) -> Iterator[str]:
    """Make a database as a copy of `template` and drop it in the end."""
    server_engine = engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    with server_engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    parsed = make_url(psycopg_url(server_url)).set(database=name, drivername="postgresql")
    yield parsed.render_as_string(hide_password=False)
    with server_engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
