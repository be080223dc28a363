"""
Paging by position (page number, offset) over a set that changes while it is read.

A record that goes shifts all behind it forward, past a reader who only counts. So each page but
the first begins with something read before: a record found again, unchanged, in the same order,
proves that whatever follows it follows here too. A page that begins with nothing known is not
believed; reading steps back, at last to the beginning. Reading ends with a page that is shorter
than the longest so far and brings nothing new: a page that is only short may show a cap.

Guaranteed: every record that is there throughout is read, at least once, however many others
come, go or change meanwhile, as long as `order` keeps two unchanged records in the same order. A
record that itself moves (an order by time of change) is read where it moved to, or, moved to the
front, by the pull whose window has the change. Not guaranteed where an interface leaves records
out of pages already cut: a few do no harm, a page's worth looks like the end.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from adapters.sources.rest.expressions import finding
from adapters.sources.rest.interface import Batch, Interface, Params, Told, mark
from schemas.sources.rest_calls import OffsetPaging, PagePaging

MOST_STALLED = 10
"""Full pages in a row that bring nothing new before the interface is held to ignore paging."""

MOST_RESTARTS = 20
_SMALLEST_PAGE = 3  # what any interface is trusted to bring at once
_REMEMBERED = 20_000  # marks: about 3 MB
_HANDED_ON = 20  # marks in a cursor


@dataclass
class _Progress:
    """How far reading came: positions before `end` were read, `reach` is the longest page."""

    end: int = 0
    reach: int = 0
    marks: dict[str, None] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "_Progress":
        """Return where a cursor left off; one that is not ours begins anew, which is safe."""
        try:
            told = json.loads(cursor or "{}")
            return cls(int(told["end"]), int(told["reach"]), dict.fromkeys(told["marks"]))
        except (ValueError, TypeError, KeyError):
            return cls()

    @property
    def cursor(self) -> str:
        last = list(self.marks)[-_HANDED_ON:]
        return json.dumps({"end": self.end, "reach": self.reach, "marks": last})

    @property
    def trusted(self) -> int:
        """How many records one page surely can bring, whatever cap the interface has."""
        return max(self.reach, _SMALLEST_PAGE)

    def add(self, marks: list[str], end: int) -> None:
        """Remember a page that was read, the newest marks last."""
        for each in marks:
            self.marks.pop(each, None)
            self.marks[each] = None
        while len(self.marks) > _REMEMBERED:
            self.marks.pop(next(iter(self.marks)))
        self.end = end
        self.reach = max(self.reach, len(marks))


@dataclass(frozen=True)
class _Span:
    """The positions a call asks for, and the parameters that say so."""

    start: int
    size: int
    params: Params


async def by_position(
    interface: Interface, paging: PagePaging | OffsetPaging, cursor: str | None
) -> AsyncGenerator[Batch]:
    """Yield what each page brings; raise SourceError if the set cannot be read to its end."""
    progress = _Progress.of(cursor)
    total = finding(paging.total) if paging.total else None
    back = stalled = restarts = 0
    while True:
        span = _span(interface, paging, progress, back)
        told = await interface.ask({**paging.order, **span.params})
        marks = [mark(record) for record in told.records]
        news = [at for at, each in enumerate(marks) if each not in progress.marks]
        if span.start > 0 and len(news) == len(marks):
            back = back * 2 or 1
            continue
        restarts += back > 0 and span.start == 0
        stalled = 0 if news else stalled + 1
        _check_progress(interface, stalled, restarts)
        back, reached = 0, span.start + len(marks)
        progress.add(marks, reached)
        ended = not news and len(marks) < min(span.size, progress.trusted)
        if total is not None:
            ended = reached >= _total(interface, told, total) or ended
        yield Batch([told.records[at] for at in news], None if ended else progress.cursor)
        if ended:
            return


def _span(
    interface: Interface, paging: PagePaging | OffsetPaging, progress: _Progress, back: int
) -> _Span:
    """Return the next span: the last record read, or `back` records before it, and beyond."""
    wanted = progress.end - back
    if isinstance(paging, OffsetPaging):
        start = max(wanted - 1, 0)
        params = {paging.offset_param: start, paging.size_param: paging.size}
        return _Span(start, paging.size, params)
    if wanted <= 0:
        size = paging.size if progress.end == 0 else progress.trusted
        return _Span(0, size, {paging.page_param: paging.first, paging.size_param: size})
    size = _straddling(interface, wanted, progress.trusted, paging.size)
    page = wanted // size
    params = {paging.page_param: page + paging.first, paging.size_param: size}
    return _Span(page * size, size, params)


def _straddling(interface: Interface, position: int, trusted: int, most: int) -> int:
    """
    Return the page size that lets a page begin shortly before a position and end behind it.

    Pages of one size never overlap; those of another size do, unless both divide the position. A
    size the interface may not honour is the last resort.
    """
    limit = min(trusted, most)
    sizes = [size for size in range(limit // 2 + 1, limit + 1) if position % size]
    if sizes:
        return max(sizes, key=lambda size: size - position % size)
    larger = next((size for size in range(limit + 1, most + 1) if position % size), None)
    if larger is None:
        raise interface.error(
            f"pages of {most} records cannot be made to overlap at record {position}; "
            "ask for more at once (paging.size)"
        )
    return larger


def _total(interface: Interface, told: Told, total: Any) -> int:
    found = interface.found(total, told, "total")
    if isinstance(found, bool) or not isinstance(found, int):
        raise interface.error("paging.total finds no whole number in an answer; mend or remove it")
    return found


def _check_progress(interface: Interface, stalled: int, restarts: int) -> None:
    if stalled > MOST_STALLED:
        raise interface.error(
            f"{stalled} pages in a row told nothing new, so reading would never end; "
            "check that the interface honours the paging parameters, any size included"
        )
    if restarts > MOST_RESTARTS:
        raise interface.error(
            "what was read is not found again, so reading would never end; "
            "check that paging.order keeps the records in one order"
        )
