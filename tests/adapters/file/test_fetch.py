"""Files behind HTTP."""

import asyncio
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.sources.file import fetch as file_fetch
from adapters.sources.file.source import FileSource
from schemas.errors import SourceError
from schemas.sources import FileSource as FileSettings
from tests.adapters.file.files import MAPPING, lines, parquet
from tests.adapters.file.hostile import HEADER, LINE
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.shops import answers

CSV = f"{HEADER}\n{LINE}\n".encode()
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def behind(url: str, waits: list[float] | None = None, **changed: Any) -> FileSource:
    async def sleep(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    options = {"timezone": "UTC", "currency": "CNY", "columns": MAPPING, "url": url, **changed}
    return FileSource("till", FileSettings(type="file", **options), sleep=sleep)


def address(server: Loopback, name: str = "a.csv") -> str:
    return f"{server.url.replace('//', '//user:s3cret@')}/exports/{name}?token=t0ken"


def refused(one: FileSource, *, probing: bool = False) -> str:
    with pytest.raises(SourceError) as caught:
        asyncio.run(one.probe(NOW)) if probing else lines(one)
    told = str(caught.value)
    assert "t0ken" not in told
    assert "s3cret" not in told
    assert "/exports/" in told
    return told


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_fetched_and_read(server: Loopback, pack: Any) -> None:
    server.script = answers(Answer(pack(CSV)))
    assert [line["order_key"] for line in lines(behind(address(server)))] == ["o1"]
    assert server.requests[0].query == {"token": "t0ken"}


def test_a_parquet_is_fetched_and_read(server: Loopback, tmp_path: Path) -> None:
    server.script = answers(Answer(parquet(tmp_path, {}, {}).read_bytes()))
    one = behind(address(server, "export"), format="parquet")
    asyncio.run(one.probe(NOW))
    assert len(lines(one)) == 2


def test_what_broke_is_fetched_again_from_the_start(server: Loopback) -> None:
    waits: list[float] = []
    short = Answer(CSV[:-9], headers={"Content-Length": str(len(CSV))})
    server.script = answers(Answer(status=503), Answer(status=429), short, Answer(CSV))
    assert len(lines(behind(address(server), waits))) == 1
    assert len(waits) == 3


def test_after_all_attempts_it_says_so(server: Loopback) -> None:
    server.script = answers(Answer(status=500))
    assert "could not be fetched (HTTP 500)" in refused(behind(address(server)))
    assert len(server.requests) == file_fetch.ATTEMPTS


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_a_refusal_is_final(server: Loopback, status: int) -> None:
    server.script = answers(Answer(b"", status, {"Location": "/elsewhere"}))
    assert f"answered HTTP {status}" in refused(behind(address(server)))
    assert len(server.requests) == 1


def test_a_file_too_large_is_refused(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_fetch, "LARGEST", 10)
    server.script = answers(Answer(CSV))
    assert "is larger than" in refused(behind(address(server)))


def test_a_probe_fetches_the_beginning_once(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_fetch, "HEAD", 1000)
    monkeypatch.setattr(file_fetch, "_PART", 1000)
    server.script = answers(Answer(gzip.compress(CSV + f"{LINE}\n".encode() * 9)))
    asyncio.run(behind(address(server)).probe(NOW))
    server.script = answers(Answer(status=503))
    assert "HTTP 503" in refused(behind(address(server)), probing=True)
    server.script = answers(Answer(b"<html>"))
    assert "has no column 'order'" in refused(behind(address(server)), probing=True)
    parquet_url = address(server, "a.parquet")
    assert "is no Parquet file" in refused(behind(parquet_url), probing=True)
    assert len(server.requests) == 4


def test_what_was_fetched_is_gone_afterwards(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server.script = answers(Answer(CSV))
    lines(behind(address(server)))
    assert list(tmp_path.iterdir()) == []


def test_settings_do_not_show_an_address() -> None:
    settings = behind("https://x.example/a.csv?token=t0ken")._settings
    assert "t0ken" not in repr(settings)
