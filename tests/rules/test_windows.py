"""Windows of one source cover all of its time, whenever pulls come."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.windows import Rhythm, is_due, next_window

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_SPANS = st.integers(0, 100).map(lambda minutes: timedelta(minutes=minutes))
_RHYTHMS = st.builds(Rhythm, _SPANS, _SPANS, _SPANS)


def _rhythm(overlap: int = 0, lag: int = 0, every: int = 0) -> Rhythm:
    return Rhythm(*(timedelta(minutes=minutes) for minutes in (overlap, lag, every)))


def test_the_first_window_has_no_beginning() -> None:
    window = next_window(None, NOON, _rhythm(overlap=15, lag=1))
    assert (window.since, window.until) == (None, NOON - timedelta(minutes=1))


def test_a_source_is_passed_by_until_it_is_due_again() -> None:
    rhythm = _rhythm(every=60)
    assert is_due(None, NOON, rhythm)
    assert not is_due(NOON - timedelta(minutes=59), NOON, rhythm)
    assert is_due(NOON - timedelta(minutes=60), NOON, rhythm)


@given(_RHYTHMS, st.lists(_SPANS, min_size=1, max_size=8))
def test_no_moment_up_to_the_lag_is_left_out(rhythm: Rhythm, waits: list[timedelta]) -> None:
    mark, now = None, NOON
    for wait in waits:
        now += wait
        window = next_window(mark, now, rhythm)
        assert window.since is None or (mark is not None and window.since <= mark)
        assert window.until >= now - rhythm.lag
        assert mark is None or window.until >= mark
        mark = window.until
