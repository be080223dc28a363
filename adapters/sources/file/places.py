"""Which files a table is read from, and how errors call them."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from schemas.errors import SourceError
from schemas.sources.file import FileTable

_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
    ".txt.gz": "csv",
    ".parquet": "parquet",
}
SUFFIXES = ", ".join(_FORMATS)


@dataclass(frozen=True)
class Place:
    """A file to read: `path` is where it is, `shown` what an error may call it."""

    source: str
    path: Path
    shown: str
    format: str

    def refuse(self, told: str, line: int | None = None) -> SourceError:
        """Return the error that says what is wrong with the file, and where."""
        where = self.shown if line is None else f"{self.shown}, line {line},"
        return SourceError(f"sources.{self.source}: {where} {told}")


def format_of(table: FileTable, name: str) -> str | None:
    """Return the format of a file by what is declared, else by its name; None if neither says."""
    lower = name.lower()
    by_name = next((kind for suffix, kind in _FORMATS.items() if lower.endswith(suffix)), None)
    return table.format or by_name


def address_shown(url: str) -> str:
    """Return host and path of an address; user, password and query may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def is_pattern(path: Path) -> bool:
    """Tell whether a path names files by wildcards."""
    return any(sign in path.name for sign in "*?[")


def places(source: str, table: FileTable, path: Path) -> list[Place]:
    """Return the files that `path` stands for, by name; raise SourceError if there are none."""
    with reading(Place(source, path, str(path), "file")):
        if path.is_file():
            found = [path]
        else:
            there = path.iterdir() if path.is_dir() else path.parent.glob(path.name)
            visible = (one for one in there if one.is_file() and not one.name.startswith("."))
            found = sorted(one for one in visible if format_of(table, one.name))
    if not found:
        raise SourceError(
            f"sources.{source}: there is no file {path}; mend its path, which may be a file, "
            f"a folder or a pattern of {SUFFIXES}"
        )
    return [Place(source, one, str(one), format_of(table, one.name) or "") for one in found]


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Turn what polars, gzip or the disk raise into a SourceError that says how to mend it."""
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise place.refuse(
            f"can't be read: its gzip is broken or ends too early ({type(error).__name__}); "
            "deliver it again"
        ) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        # The original text may quote cells, and cells are nobody's business but the shop's.
        raise place.refuse(
            f"can't be read as {place.format} ({type(error).__name__}); it must be whole and of "
            "that format, and this process must be allowed to read it"
        ) from None
