"""On which day a row was ordered, out of what shops write for a time."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from schemas.errors import ConfigurationError

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?"
_EPOCH = r"[0-9]{9,10}(?:\.[0-9]*)?"
_EPOCH_MILLIS = r"[0-9]{12,13}(?:\.[0-9]*)?"
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_SECONDS_A_DAY = 86_400
_SAMPLE = 1_000
_MONTHS = 12

_WRITTEN = "day_written"


def day(log: pl.LazyFrame, column: str, shown: str) -> pl.Expr:
    """
    Return an expression for the day (Date) of a row, null where it can't be read.

    An instant with a zone belongs to the day it was written with; seconds since 1970 are UTC.
    Raises ConfigurationError where days and months can't be told apart.
    """
    kind = log.collect_schema()[column]
    if kind.is_temporal():
        return pl.col(column) if kind == pl.Date else pl.col(column).dt.date()
    whole = pl.col(column).cast(pl.Int64, strict=False) if kind.is_float() else pl.col(column)
    text = whole.cast(pl.String).str.strip_chars()
    first = log.select(text).filter(pl.col(column) != "").head(_SAMPLE).collect()[column].to_list()
    if _all(_EPOCH, first):
        return _since_1970(text, _SECONDS_A_DAY)
    if _all(_EPOCH_MILLIS, first):
        return _since_1970(text, 1_000 * _SECONDS_A_DAY)
    if _all(_ISO, first):
        return text.str.head(10).str.to_date("%Y-%m-%d", strict=False)
    written = text.str.extract(r"^([^T ]+)")
    distinct = log.select(written.alias(_WRITTEN)).unique().collect(engine="streaming")
    known = _read(distinct[_WRITTEN].drop_nulls().to_list(), f"{column} of {shown}")
    return written.replace_strict(
        list(known), list(known.values()), default=None, return_dtype=pl.Date
    )


def _all(pattern: str, texts: Iterable[str]) -> bool:
    return all(re.fullmatch(pattern, text) for text in texts)


def _since_1970(text: pl.Expr, a_day: int) -> pl.Expr:
    whole = text.str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False)
    return (whole // a_day).cast(pl.Int32, strict=False).cast(pl.Date)


def _read(texts: Iterable[str], shown: str) -> Mapping[str, date]:
    """Return the days that texts surely mean. Raises ConfigurationError."""
    known: dict[str, date | None] = {}
    either: dict[str, tuple[int, int, int]] = {}
    for text in texts:
        if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
            year, month, number = map(int, found.groups())
            known[text] = _date(year, month, number)
        elif found := _YEAR_LAST.fullmatch(text):
            one, two, year = map(int, found.groups())
            either[text] = (year, one, two)
    month_first = any(two > _MONTHS for _, _, two in either.values())
    day_first = any(one > _MONTHS for _, one, _ in either.values())
    if either and month_first == day_first:
        example = min(either)
        raise ConfigurationError(
            f"{shown} has dates like {example}, of which day and month can't be told apart; "
            "write them as 2010-12-31"
        )
    for text, (year, one, two) in either.items():
        known[text] = _date(year, two, one) if day_first else _date(year, one, two)
    return {text: on for text, on in known.items() if on is not None}


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
