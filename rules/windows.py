"""Which span of a source's time is read next, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.incoming import Window


@dataclass(frozen=True)
class Rhythm:
    """By how much windows overlap, how far they lag behind the clock, how far apart they are."""

    overlap: timedelta
    lag: timedelta
    every: timedelta


def is_due(mark: datetime | None, as_of: datetime, rhythm: Rhythm) -> bool:
    """Return whether a source read up to `mark` is to be read again."""
    return mark is None or as_of - rhythm.lag - mark >= rhythm.every


def next_window(mark: datetime | None, as_of: datetime, rhythm: Rhythm) -> Window:
    """
    Return [mark - overlap, as_of - lag], from the beginning where nothing was read yet.

    It never ends before `mark`: a lag that was set since then must not lead a source back.
    """
    until = as_of - rhythm.lag
    if mark is None:
        return Window(None, until)
    return Window(mark - rhythm.overlap, max(until, mark))
