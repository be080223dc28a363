"""A dry run goes all the way but for the call, and never mixes with what is sent for real."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from schemas.environment import Environment
from schemas.settings import Channels, Settings, WecomSettings
from tasks.push import call, queued, release_chunk
from tasks.reconcile import reconcile
from tasks.wiring import DRY_RUN_FILE, Wiring, wiring
from tests.house import House, at

MORNING, NOON, EVENING = at(2, 9, 5), at(2, 12, 0), at(2, 20, 31)
DRY = "[channels]\ndry_run = true\n"


@contextmanager
def dry(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Switch the dry run on for a while; yield the file that says what would have gone out."""
    config = folder / "runwu.toml"
    config.write_text(DRY)
    wiring()._wecom.close()
    with patch.context() as within:
        within.setenv("RUNWU_CONFIG", str(config))
        within.setenv("RUNWU_HOME", str(folder))
        wiring.cache_clear()
        yield folder / DRY_RUN_FILE
        wiring()._wecom.close()
    wiring.cache_clear()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_what_would_go_out_is_written_down_and_nobody_gets_it(
    approved: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = approved.states()["approved"]
    with dry(tmp_path, monkeypatch) as file:
        approved.push(MORNING)
        assert approved.states() == {"dispatched": due}
        assert sum(len(line["recipients"]) for line in lines(file)) == due
        approved.collect(EVENING)
    assert approved.control.tasks() == []
    assert approved.states() == {"expired": due}
    assert approved.unbalanced() == []


def test_a_dry_run_costs_nobody_their_budget(
    approved: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dry(tmp_path, monkeypatch):
        approved.push(MORNING)
        approved.collect(EVENING)
    kinds = approved.rows("SELECT DISTINCT kind FROM ledger WHERE NOT ghost")
    assert {row.kind for row in kinds} == {"reservation", "release"}


def test_a_real_call_without_an_answer_is_asked_after_where_it_was_made(
    approved: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in the dry run's file it would never be found, and would go out a second time."""
    approved.control.set_clock(MORNING)
    release_chunk.fn(MORNING)
    approved.control.fault("add_msg_template", "drop_after", times=1)
    (first, *_) = queued.fn()
    assert call.fn(first, MORNING) == "unknown"
    with dry(tmp_path, monkeypatch) as file:
        assert reconcile.fn(first, NOON) == "accepted"
        assert not file.exists()
    assert len(approved.control.tasks()) == 1


@pytest.mark.parametrize("sealed_dry", [True, False])
def test_what_was_sealed_for_one_way_never_goes_the_other(
    approved: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed_dry: bool
) -> None:
    approved.control.set_clock(MORNING)
    with dry(tmp_path, monkeypatch) as file:
        if sealed_dry:
            release_chunk.fn(MORNING)
    if not sealed_dry:
        release_chunk.fn(MORNING)
    waiting = queued.fn()
    assert waiting
    if sealed_dry:
        assert {call.fn(one, MORNING) for one in waiting} == {"queued"}
        assert {call.fn(one, EVENING) for one in waiting} == {"closed"}
    else:
        with dry(tmp_path, monkeypatch):
            assert {call.fn(one, MORNING) for one in waiting} == {"queued"}
    assert approved.control.tasks() == []
    assert not file.exists()
    assert approved.unbalanced() == []


def test_a_past_day_may_be_rehearsed_dry_against_a_real_channel() -> None:
    real = Settings(channels=Channels(dry_run=True, wecom=WecomSettings(base_url="https://x.cn")))
    made = Wiring(real, Environment(wecom_secret=SecretStr("x" * 20)))
    assert made.channel(MORNING, made.way_out) is not None
