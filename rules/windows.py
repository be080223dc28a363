"""Which span of a source's time is read next."""

from datetime import datetime, timedelta

from schemas.incoming import Window


def next_window(
    mark: datetime | None, as_of: datetime, overlap: timedelta, lag: timedelta
) -> Window:
    """
    Return [mark - overlap, as_of - lag], from the beginning where nothing was read yet.

    It never ends before `mark`: a lag that was set since then must not lead a source back.
    """
    until = as_of - lag
    if mark is None:
        return Window(None, until)
    return Window(mark - overlap, max(until, mark))
