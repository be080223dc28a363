"""Reading what blocks, without keeping others waiting."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

Item = TypeVar("Item")
_END = object()


async def in_thread(items: Iterator[Item]) -> AsyncIterator[Item]:
    """Yield what an iterator yields, each step of which runs in a thread."""
    while (item := await asyncio.to_thread(next, items, _END)) is not _END:
        yield item  # type: ignore[misc] - the end was ruled out
