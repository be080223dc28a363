"""Who may work as of when: runs that name their instant, and those that the clock started."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.clock import now
from store import runs
from store.database import transaction
from tasks.clocks import at_the_door, passed_by
from tasks.wiring import wiring
from tests.house import at

SECONDS = timedelta(seconds=20)  # what a slow machine may need between two calls
FLOWS = ("pull-data", "daily-growth")


@pytest.fixture(autouse=True)
def _wired(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("RUNWU_CONFIG", raising=False)
    wiring.cache_clear()
    yield
    wiring.cache_clear()


def opened(database: Engine, flow: str, as_of: datetime, opened_at: datetime) -> int:
    with transaction(database) as connection:
        run = runs.open_run(
            connection,
            flow,
            as_of.date(),
            as_of=as_of,
            opened_at=opened_at,
            occasion=as_of.isoformat(),
        )
    return run.id


def live(database: Engine, flow: str = "pull-data") -> int:
    return opened(database, flow, now(), now())


def rehearsed(database: Engine, flow: str = "pull-data") -> int:
    return opened(database, flow, at(2, 7, 30), now())


def is_present(instant: datetime | None) -> bool:
    return instant is not None and now() - SECONDS < instant <= now()


def test_in_an_empty_database_the_clock_may_start() -> None:
    assert is_present(at_the_door.fn(None))


@pytest.mark.parametrize("flow", FLOWS)
def test_in_a_live_database_the_clock_may_start(database: Engine, flow: str) -> None:
    rehearsed(database)
    live(database, flow)
    assert is_present(at_the_door.fn(None))


@pytest.mark.parametrize("flow", FLOWS)
def test_a_database_that_rehearses_another_day_is_passed_by(
    database: Engine, flow: str, caplog: pytest.LogCaptureFixture
) -> None:
    live(database)
    rehearsed(database, flow)
    with caplog.at_level("INFO"):
        assert at_the_door.fn(None) is None
    (line,) = [record.getMessage() for record in caplog.records if record.name == "runwu.clocks"]
    assert line == "passed_by rehearsed=2026-03-01T23:30:00+00:00"


@pytest.mark.parametrize(("minutes", "present"), [(55, True), (65, False)])
def test_a_run_that_began_late_is_no_rehearsal_within_the_hour(
    database: Engine, minutes: int, present: bool
) -> None:
    opened(database, "daily-growth", now() - timedelta(minutes=minutes), now())
    assert is_present(at_the_door.fn(None)) is present


def test_a_run_that_names_its_instant_is_never_passed_by(database: Engine) -> None:
    rehearsed(database)
    assert at_the_door.fn(at(2, 9, 5)) == at(2, 9, 5)


def test_a_push_on_a_rehearsed_runs_clock_keeps_that_day(database: Engine) -> None:
    run = opened(database, "daily-growth", at(2, 7, 30), now() - timedelta(hours=2))
    told = at_the_door.fn(None, run)
    assert told is not None
    assert at(2, 9, 30) <= told < at(2, 9, 30) + SECONDS


def test_a_flow_that_passes_by_says_so_in_its_state() -> None:
    state: Any = passed_by({})
    assert (state.name, state.type.value, state.data) == ("PassedBy", "COMPLETED", {})
    assert "runwu run" in state.message
