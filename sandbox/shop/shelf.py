"""Rows kept in the order of their last change."""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

Mark = tuple[datetime, str]


class Row(Protocol):
    """Anything with an id and a time of last change."""

    @property
    def id(self) -> str:
        """Return what identifies the row."""
        ...

    @property
    def mark(self) -> Mark:
        """Return the time of the last change, and the id: the place on the shelf."""
        ...


T = TypeVar("T", bound=Row)
_MARK = attrgetter("mark")


class Shelf(Generic[T]):
    """Rows by (time of change, id), each at its newest state only."""

    def __init__(self) -> None:
        self._rows: list[T] = []
        self._newest: dict[str, T] = {}

    def put(self, row: T) -> None:
        """Add a row, or move it to its new place."""
        former = self._newest.get(row.id)
        if former is not None:
            del self._rows[bisect_left(self._rows, former.mark, key=_MARK)]
        insort(self._rows, row, key=_MARK)
        self._newest[row.id] = row

    def newest(self, row_id: str) -> T:
        """Return a row as it is now."""
        return self._newest[row_id]

    def page(
        self, since: datetime | None, until: datetime | None, after: Mark | None, limit: int
    ) -> tuple[list[T], Mark | None]:
        """Return up to `limit` rows with since <= change < until, and where to go on, if at all."""
        rows = self._rows
        start = bisect_left(rows, (since, ""), key=_MARK) if since else 0
        if after:
            start = max(start, bisect_right(rows, after, key=_MARK))
        end = bisect_left(rows, (until, ""), key=_MARK) if until else len(rows)
        found = rows[start : min(end, start + limit)]
        return found, found[-1].mark if found and start + limit < end else None
