"""What a source yields, as tests look at it."""

import asyncio
from typing import Any

from adapters.sources.base import Source
from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, Window


def pages_of(
    source: Source, entity: Entity, window: Window, cursor: str | None = None
) -> list[Page]:
    async def collect() -> list[Page]:
        return [page async for page in source.pages(entity, window, cursor)]

    return asyncio.run(collect())


def rows(pages: list[Page], entity: Entity = Entity.ORDER_LINE) -> list[dict[str, Any]]:
    """Return the rows of pages by column; every page accounts for all it read."""
    assert all(page.pulled == len(page.rows) + sum(page.dropped.values()) for page in pages)
    columns = COLUMNS[entity]
    return [dict(zip(columns, row, strict=True)) for page in pages for row in page.rows]
