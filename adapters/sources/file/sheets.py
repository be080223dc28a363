"""One file as frames of raw cells, a CSV's and a Parquet's alike."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

from adapters.sources.file.blocks import Block, blocks, first_line, line_end
from adapters.sources.file.places import Place, reading
from schemas.sources.file import FileTable

RAGGED = "line!"
"""The column that tells how a line's cells differ from the header's; null where they do not."""

SLICE = 100_000
"""Rows of a Parquet file in memory at once."""

_QUOTED = re.compile(rb'"[^"]*"')


class Sheet(Protocol):
    """A file's rows."""

    place: Place
    schema: pl.Schema

    def frames(
        self, columns: Sequence[str], wanted: pl.Expr | None = None
    ) -> Iterator[pl.DataFrame]:
        """
        Yield these columns, each once, and RAGGED, in file order.

        Rows for which `wanted` is not true may be left out, where that spares reading them.
        """
        ...


def opened(place: Place, table: FileTable) -> Sheet:
    """Return a file's sheet; raise SourceError if it can't be read."""
    return CsvSheet(place, table) if place.format == "csv" else ParquetSheet(place)


class ParquetSheet:
    """A Parquet file, read by slices, or by what its statistics and a filter leave of it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        with reading(place):
            self._scan = pl.scan_parquet(place.path, glob=False)
            self.schema = self._scan.collect_schema()

    def frames(
        self, columns: Sequence[str], wanted: pl.Expr | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield bounded frames, and of the file's rows only those that are wanted."""
        ragged = pl.lit(None, dtype=pl.String).alias(RAGGED)
        columns = list(dict.fromkeys(columns))
        with reading(self.place):
            if wanted is not None:
                found = self._scan.filter(wanted).select(*columns, ragged)
                yield from found.collect_batches(chunk_size=SLICE, engine="streaming")
                return
            rows = self._scan.select(pl.len()).collect().item()
            for start in range(0, rows, SLICE):
                yield self._scan.slice(start, SLICE).select(*columns, ragged).collect()

    def has_blank(self, column: str) -> bool:
        """Tell whether a cell of this column is null."""
        with reading(self.place):
            return bool(self._scan.select(pl.col(column).null_count()).collect().item())


class CsvSheet:
    """
    A CSV file, all of whose cells are text.

    polars parses it block by block. A block whose lines do not all have the header's number of
    cells, or whose quotes polars refuses, is parsed by Python's csv, which tells the lines apart.
    """

    def __init__(self, place: Place, table: FileTable) -> None:
        self.place = place
        self._encoding = table.encoding
        self._separator = table.separator
        header = first_line(place, table.encoding).decode()
        if not header:
            raise place.refuse("is empty and can't be read; its first line must name the columns")
        found = list(csv.reader(io.StringIO(header, newline=""), delimiter=table.separator))
        if len(found) != 1 or not any(found[0]):
            raise place.refuse("can't be read; it must name the columns and end in a line feed", 1)
        self._header = found[0]
        self.schema = pl.Schema(dict.fromkeys(self._header, pl.String()))

    def frames(
        self, columns: Sequence[str], wanted: pl.Expr | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield a frame per block of the file; nothing is spared by `wanted`."""
        del wanted
        columns = list(dict.fromkeys(columns))
        for name in columns:
            if self._header.count(name) > 1:
                raise self.place.refuse(f"names the column {name!r} twice; rename one of them", 1)
        places = [self._header.index(name) for name in columns]
        for block in blocks(self.place, self._encoding):
            start = line_end(block.content) if block.line == 1 else 0
            lines = block.content.count(b"\n", 0, start)
            body = Block(block.content[start:], block.line + lines)
            if body.content:
                yield self._frame(body, places).rename(
                    {_name(place): name for place, name in zip(places, columns, strict=True)}
                )

    def _frame(self, block: Block, places: Sequence[int]) -> pl.DataFrame:
        width = len(self._header)
        rows = self._rows(block.content, width)
        if rows is not None:
            try:
                frame = pl.read_csv(
                    block.content,
                    has_header=False,
                    schema={_name(place): pl.String for place in range(width)},
                    columns=[_name(place) for place in places],
                    separator=self._separator,
                )
            except pl.exceptions.PolarsError:
                frame = None
            if frame is not None and frame.height == rows:
                return frame.with_columns(pl.lit(None, dtype=pl.String).alias(RAGGED))
        return self._ragged(block, places)

    def _rows(self, content: bytes, width: int) -> int | None:
        """Return how many lines there are; None if they do not hold `width` cells each."""
        bare = _QUOTED.sub(b"", content) if b'"' in content else content
        ends = bare.count(b"\n")
        rows = ends if bare.endswith(b"\n") else ends + 1
        # A comma too many and one too few may cancel out; the csv module's verdict is exact, but
        # ten times as slow, and blank cells at the end of a line are all that can hide this way.
        even = bare.count(self._separator.encode()) == rows * (width - 1)
        simple = b'"' not in bare and bare.count(b"\r") == bare.count(b"\r\n")
        return rows if even and simple else None

    def _ragged(self, block: Block, places: Sequence[int]) -> pl.DataFrame:
        width = len(self._header)
        cells: list[list[str]] = []
        told: list[str | None] = []
        text = io.StringIO(block.content.decode(), newline="")
        reader = csv.reader(text, delimiter=self._separator)
        try:
            for line in reader:
                if not line:
                    continue
                blanks = not any(line[width:])
                fits = len(line) == width or (len(line) > width and blanks)
                told.append(None if fits else f"line: {len(line)} cells instead of {width}")
                full = [*line, *[""] * (width - len(line))]
                cells.append([full[place] for place in places])
        except csv.Error:
            at = block.line + reader.line_num
            raise self.place.refuse(
                "can't be split into cells; a quote may be left open above it", at
            ) from None
        columns = (
            dict(zip(map(_name, places), zip(*cells, strict=True), strict=True)) if cells else {}
        )
        schema = {_name(place): pl.String for place in places}
        ragged = pl.Series(RAGGED, told, dtype=pl.String)
        return pl.DataFrame(columns, schema=schema).with_columns(ragged)


def _name(place: int) -> str:
    return f"column_{place}"
