"""
Columns of a file as polars expressions: the value ready for COPY, and what could not be read.

A blank cell is an absent value, not a defect.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from adapters.values import PLAIN_NUMBER, SHOWN

_TIME = (
    r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
    r"(?:[T ]([0-9]{1,2}:[0-5][0-9])(:[0-5][0-9](?:[.][0-9]{1,9})?)?"
    r" ?(?:(Z)|([+-])(0[0-9]|1[0-5]):?([0-5][0-9]))?)?$"
)
"""ISO 8601 and what spreadsheets make of it; year first only, as day and month can be mistaken."""

_CALENDAR = (datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - bounds of Python's own type
_WHOLE = r"^[+-]?[0-9]{1,18}(?:[.]0*)?$"
_MOST = 1e18  # beyond it neither a quantity nor a price is credible, and integers overflow


@dataclass(frozen=True)
class Column:
    """`value` is null where the cell is blank or unreadable, `defect` wherever all is well."""

    value: pl.Expr
    defect: pl.Expr


def _column(name: str, raw: pl.Expr, value: pl.Expr, unreadable: pl.Expr) -> Column:
    shown = (
        raw.cast(pl.String)
        .str.slice(0, SHOWN)
        .str.replace_all(";", ",", literal=True)
        .str.replace_all("\0", r"\x00", literal=True)
    )
    defect = pl.when(unreadable).then(pl.concat_str(pl.lit(f"{name}: "), shown))
    return Column(value.alias(name), defect.alias(f"{name}!"))


def blank(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return whether a cell holds nothing: null, not a number, or only white space."""
    if dtype.is_float():
        return raw.is_null() | raw.is_nan()
    return raw.cast(pl.String).fill_null("").str.strip_chars() == ""


def key(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a cell as text; whole numbers stored as floats lose their ".0" (see key_text)."""
    if not dtype.is_float():
        return raw.cast(pl.String)
    whole = (raw == raw.floor()) & (raw.abs() < _MOST)
    number = pl.when(whole).then(raw).cast(pl.Int64, strict=False).cast(pl.String)
    return pl.coalesce(number, raw.cast(pl.String))


def text(name: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
    """Read text or a key; NUL characters, which PostgreSQL cannot hold, go and are told."""
    written = key(raw, dtype)
    clean = written.str.replace_all("\0", "", literal=True)
    value = pl.when(~blank(raw, dtype) & (clean.str.strip_chars() != "")).then(clean)
    return _column(name, written, value, written.str.contains("\0", literal=True))


def moment(name: str, raw: pl.Expr, dtype: pl.DataType, zone: str) -> Column:
    """Read a time, to UTC; naive ones are in `zone`, of two the earlier, of none a defect."""
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        instant = raw.cast(pl.Datetime("us", dtype.time_zone)).dt.convert_time_zone("UTC")
    elif isinstance(dtype, pl.Date | pl.Datetime):
        instant = _local(raw.cast(pl.Datetime("us")), zone)
    else:
        instant = _written(raw.cast(pl.String), zone)
    earliest, latest = (pl.lit(bound).dt.replace_time_zone("UTC") for bound in _CALENDAR)
    value = pl.when(instant.is_between(earliest, latest)).then(instant)
    return _column(name, raw, value, ~blank(raw, dtype) & value.is_null())


def _local(naive: pl.Expr, zone: str) -> pl.Expr:
    aware = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.dt.convert_time_zone("UTC")


def _written(raw: pl.Expr, zone: str) -> pl.Expr:
    tidy = raw.str.strip_chars().str.replace_all("/", "-", literal=True)
    parts = tidy.str.extract_groups(_TIME).struct
    day, minute, second, zulu, sign, hours, minutes = (parts[place] for place in range(7))
    full = pl.concat_str(day, pl.lit(" "), minute.fill_null("00:00"), second.fill_null(":00"))
    naive = full.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    offset = pl.duration(hours=hours.cast(pl.Int64), minutes=minutes.cast(pl.Int64))
    utc = naive.dt.replace_time_zone("UTC")
    return (
        pl.when(zulu.is_not_null())
        .then(utc)
        .when(sign == "+")
        .then(utc - offset)
        .when(sign == "-")
        .then(utc + offset)
        .otherwise(_local(naive, zone))
    )


def quantity(name: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
    """Read a whole number, to Int64."""
    if dtype.is_float():
        value = pl.when((raw == raw.floor()) & (raw.abs() < _MOST)).then(raw)
        number = value.cast(pl.Int64, strict=False)
    elif dtype.is_integer():
        number = raw.cast(pl.Int64, strict=False)
    else:
        digits = raw.cast(pl.String).str.strip_chars()
        whole = pl.when(digits.str.contains(_WHOLE)).then(digits)
        bare = whole.str.replace(r"[.]0*$", "").str.strip_prefix("+")
        number = bare.cast(pl.Int64, strict=False)
    return _column(name, raw, number, _present(raw, dtype) & number.is_null())


def price(name: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
    """Read an amount, still as the float or the digits it was written with (see exact)."""
    if dtype.is_float():
        value = pl.when(raw.is_finite() & (raw.abs() < _MOST)).then(raw.cast(pl.Float64))
    else:
        digits = raw.cast(pl.String).str.strip_chars()
        value = pl.when(digits.str.contains(f"^{PLAIN_NUMBER}$")).then(digits)
    return _column(name, raw, value, _present(raw, dtype) & value.is_null())


def _present(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return whether a number was written; a NaN counts, as it is no blank but a failed sum."""
    return raw.is_not_null() if dtype.is_float() else ~blank(raw, dtype)
