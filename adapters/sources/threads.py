"""Reading what blocks, without keeping others waiting."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


async def in_thread(items: Iterator[Item]) -> AsyncIterator[Item]:
    """Yield what an iterator yields, each step of which runs in a thread."""
    while found := await asyncio.to_thread(_step, items):
        yield found[0]


def _step(items: Iterator[Item]) -> tuple[Item] | None:
    for item in items:
        return (item,)
    return None
