"""Members as the order lines of a file name them."""

from collections.abc import Iterator, Sequence

import polars as pl

from adapters.sources.file.layout import Layout
from adapters.sources.file.windows import Orders, rows_within
from schemas.incoming import Window

MOST = 1_500_000
"""Members held at once; beyond it one may come twice, and the earlier `joined_at` counts."""

_KEY, _ORDERED, _JOINED = "member_key", "ordered_at", "joined_at"
_NEEDED = (_KEY, _ORDERED)


def buyers(layouts: Sequence[Layout], window: Window) -> Iterator[pl.DataFrame]:
    """
    Yield who bought within the window: "member_key", and "joined_at", their first order's time.

    The first order is sought in all of the files, so that no later window has news of it.
    """
    everything = Window(None, window.until)
    lines = (_bought(frame) for frame in rows_within(layouts, everything, _NEEDED))
    if window.since is None:
        yield from _firsts(lines)
        return
    seen = Orders()
    for frame in rows_within(layouts, window, _NEEDED):
        seen.add(_bought(frame)[_KEY].hash())
    if seen:
        yield from _firsts(line.filter(seen.among(line[_KEY].hash())) for line in lines)


def _bought(frame: pl.DataFrame) -> pl.DataFrame:
    known = pl.col(_KEY).is_not_null() & pl.col(_ORDERED).is_not_null()
    return frame.filter(pl.col("rule").is_null() & known).select(
        _KEY, pl.col(_ORDERED).alias(_JOINED)
    )


def _firsts(lines: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    firsts: pl.DataFrame | None = None
    loose: list[pl.DataFrame] = []
    for line in lines:
        loose.append(_first(line))
        if sum(frame.height for frame in loose) < MOST // 3:
            continue
        firsts, loose = _first(pl.concat([*([firsts] if firsts is not None else []), *loose])), []
        if firsts.height >= MOST:
            yield firsts
            firsts = None
    rest = [*([firsts] if firsts is not None else []), *loose]
    if rest:
        yield _first(pl.concat(rest))


def _first(lines: pl.DataFrame) -> pl.DataFrame:
    firsts = lines.lazy().group_by(_KEY).agg(pl.col(_JOINED).min())
    return firsts.collect(engine="streaming")
