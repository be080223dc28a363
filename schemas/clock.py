"""The one place that reads the machine's clock; everything else is handed an `as_of`."""

from datetime import UTC, datetime, timedelta

_PRESENT = timedelta(hours=1)


def now() -> datetime:
    """Return the present instant, aware, in UTC. Called at the door of a command or flow only."""
    return datetime.now(UTC)


def own_time(as_of: datetime, opened_at: datetime) -> datetime:
    """
    Return the time on a run's own clock: its `as_of` plus what has really elapsed since it opened.

    A run of a past day keeps its day, so that its review and push can be rehearsed; for a run of
    today both instants coincide and this is simply the present.
    """
    return as_of + (now() - opened_at)


def is_rehearsal(as_of: datetime, at: datetime) -> bool:
    """Tell whether work at `at` as of `as_of` rehearses another time; an hour makes no odds."""
    return abs(at - as_of) > _PRESENT
