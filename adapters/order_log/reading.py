"""An order log, a CSV or Parquet file, as days of members, in bounded memory."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from adapters.order_log.columns import Columns, chosen
from adapters.order_log.days import day
from schemas.errors import ConfigurationError, SourceError

UNREADABLE = "no readable date"
LATER = "on the date asked for, or after it"
NOBODY = "no member"
CANCELLED = "cancelled"
NOT_POSITIVE = "amount or quantity not positive"
RULES = (UNREADABLE, LATER, NOBODY, CANCELLED, NOT_POSITIVE)
"""Why a row is dropped; one that breaks several rules is counted under the first."""

_NO_NAMES = ("", "nan", "null", "none", "n/a", "#n/a")
_CANCELLED = "(?i)cancel|refund|return|void|fail|退|取消|关闭|作废"
_CANCELLED_ORDER = r"^[Cc][0-9]"
_GZIP = b"\x1f\x8b"
_MOST = 1e12
_CENTS = 100


@dataclass(frozen=True)
class OrderLog:
    """
    Who ordered on which day before a date.

    `members` holds the ids, ascending; `days` has a row per member (its place in `members`) and
    day: member, on and amount, sorted by the first two. `dropped` counts rows by RULES.
    """

    members: pl.Series
    days: pl.DataFrame
    rows: int
    dropped: dict[str, int]


def read(path: Path, before: date, given: dict[str, str]) -> OrderLog:
    """
    Return what a log holds from before a date. Nothing else of the file changes the result.

    Raises ConfigurationError or SourceError, a sentence each.
    """
    with _reading(path):
        log = _opened(path)
        columns = chosen(given, log.collect_schema().names(), str(path))
        on = day(log, columns.ordered_at, str(path))
        told = _told(log.select(columns.named()), columns, on, before)
        seen = told.group_by("id", "fault").agg(rows=pl.len()).collect(engine="streaming")
        dropped = _counted(seen)
        ids = seen.filter(pl.col("fault") == 0)["id"]
        if ids.is_empty():
            raise _nothing(path, before, dropped)
        places = _places(ids)
        days = _days(told, places).collect(engine="streaming")
    members = places["member_id"].unique().sort()
    return OrderLog(members, days, int(seen["rows"].sum()), dropped)


def _counted(seen: pl.DataFrame) -> dict[str, int]:
    counts = dict(seen.group_by("fault").agg(pl.col("rows").sum()).rows())
    return {rule: counts.get(place, 0) for place, rule in enumerate(RULES, start=1)}


def _nothing(path: Path, before: date, dropped: dict[str, int]) -> SourceError:
    told = ", ".join(f"{many} {rule}" for rule, many in dropped.items() if many)
    rows = f" (rows: {told})" if told else ""
    return SourceError(f"{path} has no order before {before}{rows}; check --as-of and --columns")


def _opened(path: Path) -> pl.LazyFrame:
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if not start:
        raise SourceError(f"{path} is empty; its first line must name the columns")
    if start.startswith(b"PAR1") or path.suffix.lower() in {".parquet", ".pq"}:
        return pl.scan_parquet(path, glob=False)
    if start.startswith(b"PK"):
        raise SourceError(f"{path} is a spreadsheet or an archive; save it as CSV in UTF-8")
    if start.startswith(_GZIP):
        with gzip.open(path) as file:
            start = file.read(1 << 16)
    header = start.split(b"\n", 1)[0]
    if "\ufffd" in header.decode(errors="replace"):
        raise _not_utf8(path)
    separator = max(",;\t|", key=lambda sign: header.count(sign.encode()))
    return pl.scan_csv(path, separator=separator, infer_schema=False, glob=False)


def _not_utf8(path: Path) -> SourceError:
    return SourceError(f"{path} is not UTF-8; save it as UTF-8 and try again")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong with a file into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist; check --orders") from None
    except (OSError, EOFError, zlib.error) as error:
        told = (isinstance(error, OSError) and error.strerror) or "it is damaged"
        raise SourceError(f"{path} can't be read: {told}") from None
    except pl.exceptions.PolarsError as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "utf-8" in told.lower() or "utf8" in told.lower():
            raise _not_utf8(path) from None
        raise SourceError(
            f"{path} can't be read as an order log ({told}); write it as CSV or Parquet anew"
        ) from None


def _told(log: pl.LazyFrame, columns: Columns, on: pl.Expr, before: date) -> pl.LazyFrame:
    """Return id, day, fault and cents of each row; what is at fault has no id."""
    schema = log.collect_schema()
    fault, good = _fault(schema, columns, before), pl.col("fault") == 0
    told = log.select(
        _member(schema[columns.member_id], columns.member_id).alias("id"),
        on.alias("on"),
        _amount(columns).alias("amount"),
        *(pl.col(name).alias(f"raw {name}") for name in columns.named()),
    )
    cents = (pl.col("amount").fill_nan(None).clip(0, _MOST) * _CENTS).round().cast(pl.Int64)
    return told.with_columns(fault=fault).select(
        pl.when(good).then("id").alias("id"), "on", "fault", cents=cents
    )


def _member(kind: pl.DataType, name: str) -> pl.Expr:
    if kind.is_float():
        number = pl.col(name).fill_nan(None)
        whole = number.cast(pl.Int64, strict=False)
        return (
            pl.when(whole == number).then(whole.cast(pl.String)).otherwise(number.cast(pl.String))
        )
    return pl.col(name).cast(pl.String).str.strip_chars()


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _amount(columns: Columns) -> pl.Expr:
    """Return the money of a row, null where it is not told."""
    if columns.amount is not None:
        return _number(columns.amount)
    if columns.unit_price is None:
        return pl.lit(None, pl.Float64)
    price = _number(columns.unit_price)
    return price if columns.quantity is None else price * _number(columns.quantity)


def _fault(schema: pl.Schema, columns: Columns, before: date) -> pl.Expr:
    """Return the number of the first of RULES that a row breaks; 0 for none."""
    never = pl.lit(value=False)
    cancelled, negative = never, pl.col("amount") <= 0
    if columns.status is not None:
        status = pl.col(f"raw {columns.status}").cast(pl.String)
        cancelled = cancelled | status.str.contains(_CANCELLED).fill_null(value=False)
    if columns.order_id is not None and not schema[columns.order_id].is_numeric():
        number = pl.col(f"raw {columns.order_id}").cast(pl.String)
        cancelled = cancelled | number.str.contains(_CANCELLED_ORDER).fill_null(value=False)
    if columns.quantity is not None:
        negative = negative | (_number(f"raw {columns.quantity}") <= 0).fill_null(value=False)
    nobody = pl.col("id").is_null() | pl.col("id").str.to_lowercase().is_in(_NO_NAMES)
    broken = (
        pl.col("on").is_null(),
        pl.col("on") >= before,
        nobody,
        cancelled,
        negative.fill_null(value=False),
    )
    fault = pl.lit(0, pl.UInt8)
    for place, rule in reversed(list(enumerate(broken, start=1))):
        fault = pl.when(rule).then(pl.lit(place, pl.UInt8)).otherwise(fault)
    return fault


def _places(ids: pl.Series) -> pl.DataFrame:
    """Return for each id as it was written the member's id, and its place among all."""
    # Read as a float once, 17850 is written 17850.0; both are one member.
    whole = pl.col("id").str.replace(r"^([0-9]+)\.0+$", "$1").alias("member_id")
    place = (pl.col("member_id").rank("dense") - 1).cast(pl.UInt32)
    return ids.to_frame("id").select("id", whole).with_columns(member=place)


def _days(told: pl.LazyFrame, places: pl.DataFrame) -> pl.LazyFrame:
    """Return a row per member and day, by their places: ten million ids would not fit."""
    return (
        told.filter(pl.col("fault") == 0)
        .join(places.lazy().select("id", "member"), on="id")
        .group_by("member", "on")
        .agg(amount=pl.col("cents").sum() / _CENTS)
        .sort("member", "on")
    )
