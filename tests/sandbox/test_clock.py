"""The world's clock: forward always, backward only while nobody could remember."""

from datetime import UTC, datetime, timedelta

from sandbox.world import Options
from schemas.clock import now
from tests.sandbox.conftest import MORNING, Stand, Start

SECOND = timedelta(seconds=20)  # what a slow machine may need between two calls


def test_unset_the_clock_shows_the_present(start: Start) -> None:
    assert abs(start(Options(members=1)).control.clock() - now()) < SECOND


def test_the_clock_runs_on_from_where_it_was_set(stand: Stand) -> None:
    assert MORNING <= stand.control.clock() < MORNING + SECOND


def test_it_goes_forward(stand: Stand) -> None:
    later = MORNING + timedelta(days=3)
    assert stand.control.set_clock(later) == later
    assert stand.control.clock() >= later


def test_it_goes_back_before_anything_has_happened_and_remakes_the_history(stand: Stand) -> None:
    stand.control.set_clock(MORNING - timedelta(days=30))
    newest = max(row["updated_at"] for row in stand.all_rows("orders", limit=1000))
    assert MORNING - timedelta(days=33) < datetime.fromisoformat(newest)
    assert datetime.fromisoformat(newest) < MORNING - timedelta(days=29)


def test_it_stays_once_it_has_been_advanced(stand: Stand) -> None:
    later = MORNING + timedelta(hours=1)
    stand.control.set_clock(later)
    assert later <= stand.control.set_clock(MORNING) < later + SECOND


def test_it_stays_once_a_task_exists(stand: Stand) -> None:
    stand.send("ChenYu", stand.customers("ChenYu")[:1])
    assert stand.control.set_clock(MORNING - timedelta(days=1)) >= MORNING
    assert len(stand.control.tasks()) == 1


def test_a_time_without_an_offset_is_refused(stand: Stand) -> None:
    answer = stand.http.post("/sandbox/clock", json={"at": "2026-03-03T09:00:00"})
    assert answer.status_code == 422


def test_any_offset_will_do(start: Start) -> None:
    at = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
    assert start(Options(members=1)).control.set_clock(at) == at
