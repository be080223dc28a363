"""CSV and Parquet files as a source of order lines, of their members, and of other entities."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.phones import PhoneHash
from adapters.sources.file.fetch import fetched
from adapters.sources.file.layout import Layout
from adapters.sources.file.members import buyers
from adapters.sources.file.pages import member_pages, pages
from adapters.sources.file.places import Place, places, reading
from adapters.sources.file.settings import check
from adapters.sources.file.sheets import opened
from adapters.sources.file.windows import orders_within, rows_within
from adapters.sources.http import Sleep
from adapters.sources.threads import in_thread
from schemas.enums import Entity
from schemas.incoming import Page, Window
from schemas.sources.file import FileSource as FileSettings
from schemas.sources.file import FileTable

_log = logging.getLogger(__name__)


class FileSource:
    """
    Order lines, the members they name, and what other files are declared to hold.

    Reading costs the same memory however large the files are. A page's ordinals are null unless a
    column is mapped to them: a line's place is that of its row among those of its order. Members
    derived from orders may come twice where there are millions; the earlier `joined_at` counts.
    """

    read_again_is_newer = False

    def __init__(
        self,
        name: str,
        settings: FileSettings,
        *,
        phone_hash: PhoneHash | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """
        `sleep` waits that many seconds between attempts to fetch a file.

        Raises ConfigurationError where the mappings, the rules or the formats cannot work.
        """
        check(name, settings)
        self.name = name
        self._settings = settings
        self._phone_hash = phone_hash
        self._sleep = sleep
        tables = settings.tables
        self._derived = settings.members_of is None and (
            Entity.ORDER_LINE in tables and Entity.MEMBER not in tables
        )
        told = {*tables, *([Entity.MEMBER] if self._derived else [])}
        self.entities: tuple[Entity, ...] = tuple(entity for entity in Entity if entity in told)

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """Yield bounded pages; raise SourceError if a file cannot be read."""
        del cursor
        if entity not in self.entities:
            raise ValueError(f"sources.{self.name} has no {entity}")
        told = Entity.ORDER_LINE if self._is_derived(entity) else entity
        rows = 0
        async with self._found(self._settings.tables[told]) as found:
            async for page in in_thread(self._read(entity, told, found, window)):
                rows += page.pulled
                yield page
        _log.info("file.read source=%s entity=%s rows=%d", self.name, entity, rows)

    async def probe(self, as_of: datetime) -> None:
        """Raise SourceError unless every file is there and has every mapped column."""
        del as_of
        for entity, table in self._settings.tables.items():
            async with self._found(table, probing=True) as found:
                for place in found:
                    await asyncio.to_thread(self._probed, entity, table, place)

    @asynccontextmanager
    async def _found(
        self, table: FileTable, *, probing: bool = False
    ) -> AsyncIterator[list[Place]]:
        """Hold the files of a table; what was fetched is gone afterwards."""
        if table.url is None:
            yield await asyncio.to_thread(places, self.name, table, table.path or Path())
            return
        with TemporaryDirectory(prefix="runwu-") as folder:
            yield [await fetched(self.name, table, Path(folder), self._sleep, probing=probing)]

    def _probed(self, entity: Entity, table: FileTable, place: Place) -> None:
        if table.url is None or place.format == "csv":
            self._layout(entity, table, place)
            return
        with reading(place), place.path.open("rb") as file:
            if file.read(4) != b"PAR1":
                raise place.refuse("is no Parquet file; mend the url or its format")

    def _read(
        self, entity: Entity, told: Entity, found: list[Place], window: Window
    ) -> Iterator[Page]:
        table = self._settings.tables[told]
        layouts = [self._layout(told, table, place) for place in found]
        if self._is_derived(entity):
            yield from member_pages(self.name, buyers(layouts, window), self._settings.rehearsal)
            return
        within = orders_within if entity is Entity.ORDER_LINE else rows_within
        yield from pages(entity, within(layouts, window), self._phone_hash)

    def _layout(self, entity: Entity, table: FileTable, place: Place) -> Layout:
        return Layout(entity, table, self._settings, opened(place, table))

    def _is_derived(self, entity: Entity) -> bool:
        return self._derived and entity is Entity.MEMBER
