"""The one clock, and the clock of a run of a past day."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.clock import now, own_time

SECOND = timedelta(seconds=20)  # what a slow machine may need between two calls


def test_now_is_aware() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("elapsed", [timedelta(0), timedelta(hours=3), timedelta(days=2)])
def test_a_run_of_a_past_day_keeps_its_day_and_ages_with_real_time(elapsed: timedelta) -> None:
    as_of = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    told = own_time(as_of, now() - elapsed)
    assert as_of + elapsed <= told < as_of + elapsed + SECOND


def test_a_run_of_today_lives_in_the_present() -> None:
    opened = now()
    assert now() - SECOND < own_time(opened, opened) <= now()
