"""The customers of public logs who are to be reachable in the sandbox's WeCom."""

from pathlib import Path

import polars as pl

from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import key_text, rehearsal_unionid
from schemas.settings import Settings
from schemas.sources import FileSource


def adopted(settings: Settings) -> tuple[str, ...]:
    """
    Return the made-up unionids of every file source that rehearses contacts, sorted.

    Raises ConfigurationError if a source does not say which column of which file holds its
    customers, and SourceError if that file can't be read.
    """
    return tuple(
        sorted(
            rehearsal_unionid(name, key)
            for name, source in settings.sources.items()
            if isinstance(source, FileSource) and source.rehearsal.contacts
            for key in _customers(name, source)
        )
    )


def _customers(name: str, source: FileSource) -> set[str]:
    if "member_key" not in source.columns:
        raise ConfigurationError(f"sources.{name}.columns lacks 'member_key'")
    if source.path is None:
        raise ConfigurationError(
            f"sources.{name}.rehearsal adopts the customers of a file at hand; give it a path"
        )
    column = source.columns["member_key"]
    try:
        keys = _scan(source, source.path).select(pl.col(column).drop_nulls().unique()).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(
            f"sources.{name}: the customers in column {column!r} of {source.path} can't be read "
            f"({type(error).__name__}); mend the file, its path or columns.member_key"
        ) from error
    return {key_text(value) for value in keys.get_column(column) if not _blank(value)}


def _scan(source: FileSource, path: Path) -> pl.LazyFrame:
    """Open the one file of a log, plain or packed; what a CSV holds is text."""
    if (source.format or path.suffix.lower().lstrip(".")) == "parquet":
        return pl.scan_parquet(path, glob=False)
    return pl.scan_csv(path, infer_schema=False, glob=False, separator=source.separator)


def _blank(value: object) -> bool:
    """Tell whether a cell names nobody: white space, or not a number."""
    text = str(value).strip()
    return not text or (isinstance(value, float) and text == "nan")
