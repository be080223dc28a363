"""A file of order lines as one lazy query: mapped, numbered, filtered, marked with drop rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import polars as pl

from adapters.sources.file_columns import Column, blank, key, moment, price, quantity, text
from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import Window
from schemas.settings import DropRule, FileSource

REQUIRED = ("order_key", "member_key", "ordered_at", "product_key", "quantity", "unit_price")
OPTIONAL = ("product_name", "status", "currency")
_SCANS = {
    ".csv": lambda path: pl.scan_csv(path, infer_schema=False, glob=False),
    ".parquet": lambda path: pl.scan_parquet(path, glob=False),
}


def check(name: str, settings: FileSource) -> None:
    """Raise ConfigurationError if the settings cannot work, whatever the file holds."""
    where = f"sources.{name}"
    known = ", ".join(REQUIRED + OPTIONAL)
    if unknown := sorted(set(settings.columns) - {*REQUIRED, *OPTIONAL}):
        raise ConfigurationError(
            f"{where}.columns maps {unknown[0]!r}, which is no column of ours; known are {known}"
        )
    if missing := [column for column in REQUIRED if column not in settings.columns]:
        raise ConfigurationError(
            f"{where}.columns lacks {missing[0]!r}; say which column of {settings.path} holds it"
        )
    if settings.path.suffix.lower() not in _SCANS:
        raise ConfigurationError(
            f"{where}.path is {settings.path}; only .csv and .parquet files can be read"
        )
    for rule in settings.drop:
        if not (rule.is_null or rule.one_of or rule.starts_with or rule.equals is not None):
            raise ConfigurationError(
                f"{where}.drop rule {rule.rule!r} says nothing of column {rule.column!r}; "
                "give it is_null, one_of, starts_with or equals"
            )


@contextmanager
def reading(name: str, path: Path) -> Iterator[None]:
    """Turn what polars or the disk raise into a SourceError that says how to mend it."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        # The original text may quote cells, and cells are nobody's business but the shop's.
        raise SourceError(
            f"sources.{name}: {path} can't be read as {path.suffix[1:]} ({type(error).__name__}); "
            "it must be whole, and a CSV also in UTF-8 with commas, one header line and as many "
            "fields on every line"
        ) from None


def lines(name: str, settings: FileSource) -> pl.LazyFrame:
    """
    Return the file's lines in its order: columns as staged, and "rule", the drop rule they match.

    Raises SourceError if the file or a mapped column is missing.
    """
    path = settings.path
    if not path.is_file():
        raise SourceError(f"sources.{name}: there is no file {path}; mend sources.{name}.path")
    with reading(name, path):
        scan = _SCANS[path.suffix.lower()](path)
        schema = scan.collect_schema()
    _check_columns(name, settings, schema)
    columns = _columns(settings, schema)
    ordinal = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("order_key").alias("ordinal")
    defects = pl.concat_str([f"{ours}!" for ours in columns], separator="; ", ignore_nulls=True)
    return scan.select(
        *(column.value for column in columns.values()),
        *(column.defect for column in columns.values()),
        _rule(settings.drop, schema).alias("rule"),
    ).with_columns(
        ordinal,
        pl.when(defects != "").then(defects).alias("defects"),
    )


def within(window: Window) -> pl.Expr:
    """Return whether a line is of the window; without a time, it is of the first one."""
    at = pl.col("ordered_at")
    before = at < pl.lit(window.until.astimezone(UTC))
    if window.since is None:
        return before | at.is_null()
    return before & (at >= pl.lit(window.since.astimezone(UTC)))


def _check_columns(name: str, settings: FileSource, schema: pl.Schema) -> None:
    wanted = [(theirs, f"columns.{ours}") for ours, theirs in settings.columns.items()]
    wanted += [(rule.column, f"drop rule {rule.rule!r}") for rule in settings.drop]
    for theirs, where in wanted:
        if theirs not in schema:
            raise SourceError(
                f"sources.{name}: {settings.path} has no column {theirs!r}; it has "
                f"{', '.join(schema)}; mend {where}"
            )
        if schema[theirs].is_nested() or schema[theirs] in (pl.Binary, pl.Object):
            raise SourceError(
                f"sources.{name}: column {theirs!r} of {settings.path} holds {schema[theirs]}; "
                f"{where} needs plain values"
            )
    at = settings.columns["ordered_at"]
    if not isinstance(schema[at], pl.Date | pl.Datetime | pl.String | pl.Null):
        raise SourceError(
            f"sources.{name}: column {at!r} of {settings.path} holds {schema[at]}, not times; "
            "mend columns.ordered_at or store it as a date"
        )


def _columns(settings: FileSource, schema: pl.Schema) -> dict[str, Column]:
    """Return every staged column but `ordinal` and `defects`, by our name."""
    defaults = {"status": "paid", "currency": settings.currency, "product_name": None}
    built: dict[str, Column] = {}
    for ours in REQUIRED + OPTIONAL:
        if ours not in settings.columns:
            absent = pl.lit(defaults[ours], dtype=pl.String)
            built[ours] = text(ours, absent, pl.String())
            continue
        raw, dtype = pl.col(settings.columns[ours]), schema[settings.columns[ours]]
        if ours == "ordered_at":
            built[ours] = moment(ours, raw, dtype, settings.timezone)
        elif ours in ("quantity", "unit_price"):
            built[ours] = (quantity if ours == "quantity" else price)(ours, raw, dtype)
        else:
            built[ours] = text(ours, raw, dtype)
    return built


def _rule(rules: tuple[DropRule, ...], schema: pl.Schema) -> pl.Expr:
    """Return the name of the first rule that matches a line; null if none does."""
    named = [pl.when(_matches(rule, schema[rule.column])).then(pl.lit(rule.rule)) for rule in rules]
    return pl.coalesce(*named, pl.lit(None, dtype=pl.String))


def _matches(rule: DropRule, dtype: pl.DataType) -> pl.Expr:
    """Return whether all that the rule says of its column is so."""
    raw = pl.col(rule.column)
    said = []
    if rule.is_null:
        said.append(blank(raw, dtype))
    if rule.one_of:
        said.append(key(raw, dtype).is_in(rule.one_of))
    if rule.starts_with:
        said.append(key(raw, dtype).str.starts_with(rule.starts_with))
    if rule.equals is not None:
        number = raw if dtype.is_numeric() else raw.cast(pl.String).str.strip_chars()
        said.append(number.cast(pl.Float64, strict=False) == rule.equals)
    return pl.all_horizontal(said)
