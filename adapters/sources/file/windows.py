"""Which rows of files a window brings."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from adapters.sources.file.layout import Layout
from adapters.sources.file.sheets import ParquetSheet
from schemas.incoming import Window

_FEW = 1_000_000
"""Orders up to which a Parquet file is asked for them; more are sought in what it holds."""

_ANY_ZONE = timedelta(days=1)


class Orders:
    """A set of orders by their fingerprints, eight bytes each."""

    def __init__(self) -> None:
        self._parts: list[pl.Series] = []
        self._loose = 0

    def add(self, orders: pl.Series) -> None:
        """Add those that are known by a key."""
        found = orders.drop_nulls().unique()
        if found.len():
            self._parts.append(found)
            self._loose += found.len()
        if self._loose > _FEW:
            self._settle()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def among(self, orders: pl.Series) -> pl.Series:
        """Return which of them are in the set."""
        known = self._settle()
        if not known.len():
            return pl.repeat(value=False, n=orders.len(), dtype=pl.Boolean, eager=True)
        places = known.search_sorted(orders.fill_null(0)).clip(0, known.len() - 1)
        return (known.gather(places) == orders).fill_null(value=False)

    def asked(self, fingerprint: pl.Expr) -> pl.Expr | None:
        """Return the question whether a row's order is in the set; None if it asks for too many."""
        known = self._settle()
        return fingerprint.is_in(known.implode()) if known.len() <= _FEW else None

    def _settle(self) -> pl.Series:
        if not self._parts:
            return pl.Series(dtype=pl.UInt64)
        if self._loose or len(self._parts) > 1:
            self._parts = [pl.concat(self._parts).unique().sort()]
            self._loose = 0
        return self._parts[0]


def rows_within(
    layouts: Sequence[Layout], window: Window, only: Collection[str] | None = None
) -> Iterator[pl.DataFrame]:
    """Yield the rows that moved within the window, `only` some columns; all if none has a time."""
    for layout in layouts:
        if layout.moved_at is None:
            for cells in layout.cells(only=only):
                yield layout.read(cells, only)
            continue
        for cells, inside in _placed(layout, layout.cells(_hint(layout, window), only), window):
            yield layout.read(cells.filter(inside), only)


def orders_within(layouts: Sequence[Layout], window: Window) -> Iterator[pl.DataFrame]:
    """
    Yield every line of the orders any line of which moved within the window.

    What is small is remembered: of the first window the orders that also have later lines, of any
    other those that it brings.
    """
    if window.since is None:
        yield from _first_orders(layouts, window)
        return
    touched = Orders()
    strays = False  # lines within the window that are of no order
    hints = [_hint(layout, window) for layout in layouts]
    for layout, hint in zip(layouts, hints, strict=True):
        for cells, inside in _placed(layout, layout.timed_cells(hint), window):
            found = layout.orders(cells).filter(inside)
            touched.add(found)
            strays = strays or found.null_count() > 0
    if not touched and not strays:
        return
    for layout, hint in zip(layouts, hints, strict=True):
        asked = touched.asked(layout.fingerprint)
        both = hint | asked if hint is not None and asked is not None else None
        for cells, inside in _placed(layout, layout.cells(both), window):
            yield layout.read(cells.filter(inside | touched.among(layout.orders(cells))))


def _first_orders(layouts: Sequence[Layout], window: Window) -> Iterator[pl.DataFrame]:
    later = Orders()
    for layout in layouts:
        for cells, inside in _placed(layout, layout.cells(), window):
            later.add(layout.orders(cells.filter(~inside)))
            yield layout.read(cells.filter(inside))
    if not later:
        return
    torn = Orders()
    for layout in layouts:
        for cells, inside in _placed(layout, layout.timed_cells(), window):
            earlier = layout.orders(cells.filter(inside))
            torn.add(earlier.filter(later.among(earlier)))
    if not torn:
        return
    for layout in layouts:
        for cells, inside in _placed(layout, layout.cells(), window):
            yield layout.read(cells.filter(~inside & torn.among(layout.orders(cells))))


def _placed(
    layout: Layout, frames: Iterator[pl.DataFrame], window: Window
) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """
    Yield each frame of cells with which of its rows are within the window.

    A row without a readable time goes by the row before it, since files grow at their end; where
    there is none before it, it comes with the first window. So each comes once, none is lost.
    """
    before: datetime | None = None
    for cells in frames:
        moved = layout.moved(cells).forward_fill()
        moved = moved if before is None else moved.fill_null(before)
        if moved.len():
            before = moved[-1]
        yield cells, _inside(moved, window)


def _inside(moved: pl.Series, window: Window) -> pl.Series:
    inside = moved < window.until.astimezone(UTC)
    if window.since is None:
        return inside.fill_null(value=True)
    return (inside & (moved >= window.since.astimezone(UTC))).fill_null(value=False)


def _hint(layout: Layout, window: Window) -> pl.Expr | None:
    """
    Return what lets a Parquet file skip rows by its own statistics, and never one of the window.

    None where its times are no dates, or where some are blank: those go by the row before them.
    """
    sheet, column = layout.sheet, layout.moved_at
    if window.since is None or column is None or not isinstance(sheet, ParquetSheet):
        return None
    dtype = sheet.schema[column]
    if not isinstance(dtype, pl.Date | pl.Datetime) or sheet.has_blank(column):
        return None
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    since, until = (at.astimezone(UTC) for at in (window.since, window.until))
    bounds = (since - _ANY_ZONE, until + _ANY_ZONE)
    if zone is None:
        bounds = (bounds[0].replace(tzinfo=None), bounds[1].replace(tzinfo=None))
    first, last = (pl.lit(bound).cast(dtype) for bound in bounds)
    return pl.col(column).is_between(first, last)
