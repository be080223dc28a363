"""A dry run: everything is written down, nothing goes out."""

import json
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels.base import Channel
from adapters.channels.dry_run import DryRunChannel
from adapters.wecom.parcels import marked
from schemas.channel import Link, Parcel, Progress, Reached, Receipt, Result
from schemas.errors import NotSent, Rejected

LINK = Link("会员权益", "看看", "https://example.com/members?from=wecom#top")
AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _parcel(marker: str = "d-1", text: str = "您好\n“润物”") -> Parcel:
    return Parcel("zhang", ("wm1", "wm2"), text, marked(LINK, marker))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "dry_run.jsonl"


@pytest.fixture
def channel(path: Path) -> Channel:
    return DryRunChannel(path)


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_parcel_is_written_down_as_it_would_have_gone_out(channel: Channel, path: Path) -> None:
    assert channel.send(_parcel()) == Receipt("dry-d-1")
    assert _lines(path) == [
        {
            "msgid": "dry-d-1",
            "sender": "zhang",
            "recipients": ["wm1", "wm2"],
            "text": "您好\n“润物”",
            "link": {
                "title": "会员权益",
                "description": "看看",
                "url": "https://example.com/members?from=wecom&m=d-1#top",
            },
        }
    ]
    assert "“润物”" in path.read_text(encoding="utf-8")  # people read it, too


def test_what_names_members_is_for_its_owner_only(channel: Channel, path: Path) -> None:
    channel.send(_parcel())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_marker_is_written_once(channel: Channel, path: Path) -> None:
    receipts = {channel.send(_parcel("d-1")).msgid for _ in range(3)}
    receipts.add(DryRunChannel(path).send(_parcel("d-1", "changed")).msgid)
    assert receipts == {"dry-d-1"}
    assert len(_lines(path)) == 1


def test_senders_that_race_write_each_marker_once(path: Path) -> None:
    markers = [f"d-{number % 5}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda marker: DryRunChannel(path).send(_parcel(marker)), markers))
    assert sorted(line["msgid"] for line in _lines(path)) == [f"dry-d-{n}" for n in range(5)]


def test_another_process_finds_a_marker_by_its_exact_value(channel: Channel, path: Path) -> None:
    channel.send(_parcel("d-10"))
    again = DryRunChannel(path)
    assert again.find("d-10", AT, AT) == "dry-d-10"
    assert again.find("d-1", AT, AT) is None


def test_nothing_is_found_where_nothing_was_written(channel: Channel) -> None:
    assert channel.find("d-1", AT, AT) is None


def test_every_recipient_waits_for_ever(channel: Channel) -> None:
    msgid = channel.send(_parcel()).msgid
    waiting = Progress(
        confirmed=False, results=(Result("wm1", Reached.WAITING), Result("wm2", Reached.WAITING))
    )
    assert channel.progress(msgid, "zhang") == waiting
    channel.cancel(msgid)
    channel.cancel(msgid)
    assert channel.progress(msgid, "zhang") == waiting


def test_of_a_task_whose_line_is_gone_nobody_was_reached_either(channel: Channel) -> None:
    assert channel.progress("dry-d-1", "zhang") == Progress(confirmed=False, results=())


def test_a_task_of_a_real_channel_is_neither_known_nor_stopped_here(channel: Channel) -> None:
    with pytest.raises(NotSent, match=r"channels\.dry_run = false"):
        channel.progress("msgQ1", "zhang")
    with pytest.raises(NotSent, match=r"channels\.dry_run = false"):
        channel.cancel("msgQ1")


@pytest.mark.parametrize(
    "parcel",
    [
        replace(_parcel(), recipients=()),
        replace(_parcel(), recipients=("wm1", " ")),
        replace(_parcel(), sender=" "),
        replace(_parcel(), link=LINK),
    ],
)
def test_a_parcel_no_channel_may_send_is_not_written(
    channel: Channel, path: Path, parcel: Parcel
) -> None:
    with pytest.raises(ValueError, match=r"parcel|marker"):
        channel.send(parcel)
    assert not path.exists()


def test_half_a_character_is_rejected(channel: Channel, path: Path) -> None:
    with pytest.raises(Rejected, match="half a character"):
        channel.send(_parcel(text="half \ud83d"))
    assert not path.exists()


@settings(max_examples=60)
@given(kept=st.integers(min_value=0, max_value=260))
def test_a_line_cut_off_by_a_crash_spoils_only_itself(
    tmp_path_factory: pytest.TempPathFactory, kept: int
) -> None:
    path = tmp_path_factory.mktemp("home") / "dry_run.jsonl"
    channel = DryRunChannel(path)
    channel.send(_parcel("d-1"))
    whole = path.read_bytes()
    channel.send(_parcel("d-2"))
    path.write_bytes(path.read_bytes()[: len(whole) + kept])
    known = channel.find("d-2", AT, AT)
    channel.send(_parcel("d-3"))
    assert channel.find("d-1", AT, AT) == "dry-d-1"
    assert channel.find("d-2", AT, AT) == known
    assert channel.find("d-3", AT, AT) == "dry-d-3"
    channel.send(_parcel("d-2"))
    assert channel.find("d-2", AT, AT) == "dry-d-2"
    assert [channel.progress(f"dry-d-{n}", "zhang").results for n in (1, 2, 3)] == [
        (Result("wm1", Reached.WAITING), Result("wm2", Reached.WAITING))
    ] * 3


@pytest.mark.parametrize("line", [b"\xff\xfe", b"\0\0\0\0", b"[]", b"3", b'{"msgid": 3}', b"{}"])
def test_a_line_that_is_no_record_is_passed_over(channel: Channel, path: Path, line: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(line)
    channel.send(_parcel())
    assert channel.find("d-1", AT, AT) == "dry-d-1"


@contextmanager
def _no_more_than(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`, like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_cut_off_is_written_again(channel: Channel, path: Path) -> None:
    channel.send(_parcel("d-1"))
    with _no_more_than(path.stat().st_size + 20), pytest.raises(NotSent, match="make room"):
        channel.send(_parcel("d-2"))
    assert channel.find("d-2", AT, AT) is None
    channel.send(_parcel("d-2"))
    assert channel.find("d-1", AT, AT) == "dry-d-1"
    assert channel.find("d-2", AT, AT) == "dry-d-2"


def test_a_file_that_cannot_be_used_says_so_in_one_sentence(tmp_path: Path) -> None:
    channel = DryRunChannel(tmp_path)  # a folder is no file
    with pytest.raises(NotSent, match=r"can't write to .*RUNWU_HOME"):
        channel.send(_parcel())
    with pytest.raises(NotSent, match="can't read"):
        channel.find("d-1", AT, AT)
