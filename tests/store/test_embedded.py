"""The embedded server is one that a large shop's morning fits into."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import psutil
import psycopg
import pytest

from store import embedded


def settings(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [
            str(connection.execute(f"SHOW {name}").fetchone()[0])  # type: ignore[index]
            for name in ("max_wal_size", "shared_buffers")
        ]


def test_the_server_holds_a_large_days_pages_and_log_whoever_finds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=2 * 1024**3))
    with TemporaryDirectory(prefix="runwu-") as folder:
        pg = Path(folder) / "pg"
        for _ in ("started", "adopted"):
            assert settings(embedded.start(pg)) == ["4GB", "512MB"]
        assert embedded.stop(pg)


def test_a_server_that_others_use_keeps_running_on_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with TemporaryDirectory(prefix="runwu-") as folder:
        pg = Path(folder) / "pg"
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=2 * 1024**3))
        with psycopg.connect(embedded.start(pg)) as connection:
            monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=1024**3))
            assert settings(embedded.start(pg)) == ["4GB", "512MB"]
            assert connection.execute("SELECT 1").fetchone() == (1,)
        embedded.stop(pg)
