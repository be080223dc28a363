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

_USUAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-5][0-9]:[0-5][0-9]$"
_FULL = "%Y-%m-%d %H:%M:%S"
_CALENDAR = (datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - bounds of Python's own type
_WHOLE = r"^[+-]?[0-9]{1,18}(?:[.]0*)?$"
_MOST = 1e18  # beyond it neither a quantity nor a price is credible, and integers overflow
_LONGEST_KEY = 255  # characters; what is much longer fits no index
_YES = ("true", "t", "yes", "y", "1", "1.0", "是")
_NO = ("false", "f", "no", "n", "0", "0.0", "否")


@dataclass(frozen=True)
class Column:
    """
    `value` is null where the cell is blank or unreadable, `defect` wherever all is well.

    A defect is seen by what became of the value, which is read once and lies in `read(name)`.
    """

    value: pl.Expr
    defect: pl.Expr


def read(name: str) -> pl.Expr:
    """Return where a frame holds the value of our column `name`, beside the file's own columns."""
    return pl.col(f"{name}=")


def _column(name: str, raw: pl.Expr, value: pl.Expr, unreadable: pl.Expr) -> Column:
    # Only what is unreadable is made fit to be shown: that is next to nothing of a file.
    shown = (
        pl.when(unreadable)
        .then(raw)
        .cast(pl.String)
        .str.slice(0, SHOWN)
        .str.replace_all(";", ",", literal=True)
        .str.replace_all("\0", r"\x00", literal=True)
    )
    defect = pl.concat_str(pl.lit(f"{name}: "), shown)
    return Column(value.alias(f"{name}="), defect.alias(f"{name}!"))


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
    """Read text; NUL characters, which PostgreSQL cannot hold, go and are told."""
    return _text(name, raw, dtype, pl.lit(value=False))


def identifier(name: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
    """Read what a thing is called by; nothing is called by more than _LONGEST_KEY characters."""
    return _text(name, raw, dtype, key(raw, dtype).str.len_chars() > _LONGEST_KEY)


def _text(name: str, raw: pl.Expr, dtype: pl.DataType, too_long: pl.Expr) -> Column:
    written = key(raw, dtype)
    clean = written.str.replace_all("\0", "", literal=True)
    said = ~blank(raw, dtype) & (clean.str.strip_chars() != "") & ~too_long
    unreadable = written.str.contains("\0", literal=True) | (too_long & ~blank(raw, dtype))
    return _column(name, written, pl.when(said).then(clean), unreadable)


def several(name: str, raw: pl.Expr, dtype: pl.DataType, separator: str) -> Column:
    """Read a list of texts; one without any entry is absent."""
    one = text(name, raw, dtype)
    entries = one.value.str.split(separator).list.eval(
        pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != "")
    )
    return Column(pl.when(entries.list.len() > 0).then(entries).alias(f"{name}="), one.defect)


def flag(name: str, raw: pl.Expr, dtype: pl.DataType) -> Column:
    """Read yes or no."""
    written = raw.cast(pl.String).str.strip_chars().str.to_lowercase()
    value = pl.when(written.is_in(_YES)).then(True).when(written.is_in(_NO)).then(False)
    return _column(name, raw, value, ~blank(raw, dtype) & read(name).is_null())


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
    return _column(name, raw, value, ~blank(raw, dtype) & read(name).is_null())


def _local(naive: pl.Expr, zone: str) -> pl.Expr:
    aware = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.dt.convert_time_zone("UTC")


def _written(raw: pl.Expr, zone: str) -> pl.Expr:
    tidy = raw.str.strip_chars().str.replace_all("/", "-", literal=True)
    return tidy.map_batches(
        lambda cells: _read_times(cells, zone), return_dtype=pl.Datetime("us", "UTC")
    )


def _read_times(cells: pl.Series, zone: str) -> pl.Series:
    """Read the form nearly all cells have; the others, if any, cost ten times as much each."""
    cell = pl.col(cells.name)
    usual = pl.when(cell.str.contains(_USUAL_TIME)).then(cell)
    naive = usual.str.to_datetime(_FULL, time_unit="us", strict=False)
    times = cells.to_frame().select(_local(naive, zone)).to_series()
    odd = cells.is_not_null() & times.is_null()
    if not odd.any():
        return times
    rest = cells.filter(odd).to_frame().select(_taken_apart(cell, zone)).to_series()
    return times.scatter(odd.arg_true(), rest)


def _taken_apart(cell: pl.Expr, zone: str) -> pl.Expr:
    parts = cell.str.extract_groups(_TIME).struct
    day, minute, second, zulu, sign, hours, minutes = (parts[place] for place in range(7))
    full = pl.concat_str(day, pl.lit(" "), minute.fill_null("00:00"), second.fill_null(":00"))
    naive = full.str.to_datetime(f"{_FULL}%.f", time_unit="us", strict=False)
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


def whole(
    name: str, raw: pl.Expr, dtype: pl.DataType, decimal: str = ".", most: int = 2**63 - 1
) -> Column:
    """Read a whole number up to `most`, to Int64."""
    if dtype.is_float():
        value = pl.when((raw == raw.floor()) & (raw.abs() < _MOST)).then(raw)
        number = value.cast(pl.Int64, strict=False)
    elif dtype.is_integer():
        number = raw.cast(pl.Int64, strict=False)
    else:
        digits = _pointed(raw, dtype, decimal)
        plain = pl.when(digits.str.contains(_WHOLE)).then(digits)
        bare = plain.str.replace(r"[.]0*$", "").str.strip_prefix("+")
        number = bare.cast(pl.Int64, strict=False)
    number = pl.when(number.is_between(-most, most)).then(number)
    return _column(name, raw, number, _present(raw, dtype) & read(name).is_null())


def amount(name: str, raw: pl.Expr, dtype: pl.DataType, decimal: str = ".") -> Column:
    """Read an amount, still as the float or the digits it was written with."""
    if dtype.is_float():
        value = pl.when(raw.is_finite() & (raw.abs() < _MOST)).then(raw.cast(pl.Float64))
    else:
        digits = _pointed(raw, dtype, decimal)
        value = pl.when(digits.str.contains(f"^{PLAIN_NUMBER}$")).then(digits)
    return _column(name, raw, value, _present(raw, dtype) & read(name).is_null())


def number(raw: pl.Expr, dtype: pl.DataType, decimal: str) -> pl.Expr:
    """Return a cell as a float, to be compared; null if it is none."""
    plain = raw if dtype.is_numeric() else _pointed(raw, dtype, decimal)
    return plain.cast(pl.Float64, strict=False)


def _pointed(raw: pl.Expr, dtype: pl.DataType, decimal: str) -> pl.Expr:
    """Return a number's digits with a decimal point; one that separates thousands is no number."""
    digits = raw.cast(pl.String).str.strip_chars()
    if decimal == "." or not isinstance(dtype, pl.String):
        return digits
    unread = pl.when(~digits.str.contains(".", literal=True)).then(digits)
    return unread.str.replace(",", ".", literal=True)


def _present(raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return whether a number was written; a NaN counts, as it is no blank but a failed sum."""
    return raw.is_not_null() if dtype.is_float() else ~blank(raw, dtype)
