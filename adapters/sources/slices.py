"""
Reading by page number what a source lists by time, without losing what changes meanwhile.

A closed slice of the past only loses records: one that changes again is stamped with the present
and leaves. Whoever leaves moves all behind it one place forward, so that from the first page to
the last each page would begin one record too late. Therefore pages are read from the last to the
first: what moves forward moves into pages still to come, and is read twice instead of never,
whatever the source sorts by. A slice that grew all the same is read anew.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from schemas.errors import SourceError

READINGS = 5
"""How often a slice is begun if it keeps growing; the past of a sound source hardly does."""


class TooMany(SourceError):
    """The source does not list as many records as the slice has."""


@dataclass(frozen=True)
class Found:
    """One page of a slice, and how many records the slice has in all."""

    total: int
    records: list[Any]


Ask = Callable[[int, int, int], Awaitable[Found]]
"""Reads a page (from 1) of what is stamped from one second on to before another, since 1970."""


@dataclass(frozen=True)
class Place:
    """The next page to read of the slice from `start` to `end`; page 0: it is still to be cut."""

    start: int
    end: int = 0
    page: int = 0
    total: int = 0

    def __str__(self) -> str:
        return f"{self.start}:{self.end}:{self.page}:{self.total}"


@dataclass(frozen=True)
class Slices:
    """
    Cuts a span of seconds into slices of fewer than `cap` records, and reads each page by page.

    `size` records make a page, and no slice is longer than `longest` seconds. A slice of exactly
    `cap` is cut too: a source may count no further. `strict` says that the cap is the source's
    own, so that one second with more cannot be read at all.
    """

    name: str
    ask: Ask
    size: int
    cap: int
    longest: int
    strict: bool = True

    async def pages(
        self, since: int, until: int, cursor: str | None
    ) -> AsyncIterator[tuple[list[Any], str | None]]:
        """
        Yield the records of a page and the cursor behind it, None behind the last.

        Raises SourceError if one second has more than the source lists, or a slice keeps growing.
        """
        place = self._place(cursor) if cursor else Place(since)
        length, readings = self.longest, 1
        while place.page or place.start < until:
            if place.page:
                found = await self.ask(place.start, place.end, place.page)
            else:
                place, found = await self._cut(place.start, min(place.start + length, until))
                length = min(2 * (place.end - place.start), self.longest)
                if place.page > 1:
                    continue
            if found.total > place.total:
                readings += 1
                self._bear(readings, place)
                place = Place(place.start)
            elif place.page > 1:
                place = replace(place, page=place.page - 1, total=found.total)
            else:
                place, readings = Place(place.end), 1
            whole = not place.page and place.start >= until
            yield found.records, None if whole else str(place)

    async def _cut(self, start: int, end: int) -> tuple[Place, Found]:
        """Return the last page of a slice that can be listed, and what its first page holds."""
        while True:
            second = end - start <= 1
            try:
                found = await self.ask(start, end, 1)
            except TooMany:
                found = Found(self.cap, [])
            if found.total < self.cap or (second and not self.strict):
                pages = max(1, -(-found.total // self.size))
                return Place(start, end, pages, found.total), found
            if second:
                raise SourceError(
                    f"sources.{self.name}: more than {self.cap - 1} records are stamped with one "
                    f"second ({start} since 1970), more than the source lists; export them to a "
                    "file and read that as a source of its own"
                )
            end = start + (end - start) // 2

    def _bear(self, readings: int, place: Place) -> None:
        if readings > READINGS:
            raise SourceError(
                f"sources.{self.name}: the records between {place.start} and {place.end} (seconds "
                f"since 1970) grew in number during each of {READINGS} readings; pull again when "
                "the shop is quieter, or set a longer lag_seconds"
            )

    def _place(self, cursor: str) -> Place:
        try:
            start, end, page, total = map(int, cursor.split(":"))
        except ValueError:
            raise SourceError(
                f"sources.{self.name}: a reading cannot go on from {cursor[:40]!r}, which another "
                "kind of source left; the next run begins the window anew"
            ) from None
        return Place(start, end, page, total)
