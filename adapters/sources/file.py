"""A CSV or Parquet file of order lines, as a source of those lines and of their members."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from adapters.sources.file_lines import check, lines, reading, within
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, Window, rehearsal_unionid
from schemas.settings import FileSource as FileSettings

PAGE_ROWS = 50_000

_log = logging.getLogger(__name__)


class FileSource:
    """
    Order lines of one file, and the members they name.

    A file has no time of change, so a window selects by `ordered_at`. A line without a readable
    time belongs to no window; it comes with the first one (`since` None), so that none is lost.
    """

    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)

    def __init__(self, name: str, settings: FileSettings) -> None:
        """Raise ConfigurationError where the mapping, the rules or the suffix cannot work."""
        check(name, settings)
        self.name = name
        self._settings = settings

    def pages(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Yield pages of at most PAGE_ROWS lines; raise SourceError if the file cannot be read."""
        if entity not in self.entities:
            raise ValueError(f"a file has no {entity}")
        return self._order_lines(window) if entity is Entity.ORDER_LINE else self._members(window)

    def probe(self, as_of: datetime) -> None:
        """Raise SourceError unless the file is there, can be read and has every mapped column."""
        del as_of
        lines(self.name, self._settings)

    def _order_lines(self, window: Window) -> Iterator[Page]:
        staged = COLUMNS[Entity.ORDER_LINE]
        query = lines(self.name, self._settings).filter(within(window)).select(*staged, "rule")
        for part in self._collected(query, Entity.ORDER_LINE):
            kept = part.filter(pl.col("rule").is_null())
            values = [kept[column].to_list() for column in staged]
            prices = staged.index("unit_price")
            values[prices] = [exact(value) for value in values[prices]]
            dropped = part["rule"].drop_nulls().value_counts()
            yield Page(list(zip(*values, strict=True)), part.height, dict(dropped.rows()))

    def _members(self, window: Window) -> Iterator[Page]:
        """
        Yield who bought within the window.

        They joined, and in a rehearsal consented, with their first order in the file, so that no
        later window has news of it.
        """
        at, until = pl.col("ordered_at"), pl.lit(window.until.astimezone(UTC))
        kept = pl.col("rule").is_null() & pl.col("member_key").is_not_null() & (at < until)
        members = (
            lines(self.name, self._settings)
            .filter(kept)
            .group_by("member_key", maintain_order=True)
            .agg(at.min().alias("joined_at"), within(window).any().alias("bought"))
            .filter("bought")
        )
        invented = self._settings.rehearsal
        for part in self._collected(members, Entity.MEMBER):
            rows = [
                (
                    key,
                    rehearsal_unionid(self.name, key) if invented.contacts else None,
                    None,
                    joined_at,
                    invented.consent,
                    joined_at if invented.consent else None,
                    None,
                )
                for key, joined_at, _ in part.iter_rows()
            ]
            yield Page(rows, len(rows))

    def _collected(self, query: pl.LazyFrame, entity: Entity) -> Iterator[pl.DataFrame]:
        with reading(self.name, self._settings.path):
            frame = query.collect()
        _log.info("file.read source=%s entity=%s rows=%d", self.name, entity, frame.height)
        return frame.iter_slices(PAGE_ROWS)


def exact(value: str | float | None) -> Decimal | None:
    """Return an amount exactly as written; a float, which never is exact, to four decimals."""
    if value is None:
        return None
    return Decimal(value) if isinstance(value, str) else Decimal(f"{value:.4f}")
