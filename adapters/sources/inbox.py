"""Events of members that were posted to us, as a source by the time we received them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.values import KEY, MOMENT, TEXT, Reading
from schemas.enums import Entity
from schemas.incoming import Page, Row, Window, staged_row

PAGE_ROWS = 1000

Position = tuple[datetime, int]
"""When an event was received, and its number: the order in which events are read."""

Fetch = Callable[[Window, Position | None, int], Sequence[tuple[datetime, int, Mapping[str, Any]]]]
"""Returns up to so many events received within a window, in order, behind a position."""


class InboxSource:
    """
    Events received within the window, as they were told.

    One that is told anew while it is read moves out of the window, into the next.
    """

    entities: tuple[Entity, ...] = (Entity.MEMBER_EVENT,)
    read_again_is_newer = True

    def __init__(self, name: str, fetch: Fetch) -> None:
        """`fetch` may block; it is called in a thread."""
        self.name = name
        self._fetch = fetch

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """Yield pages of at most PAGE_ROWS events."""
        if entity not in self.entities:
            raise ValueError(f"an inbox has no {entity}")
        position = _position(cursor) if cursor else None
        while True:
            found = await asyncio.to_thread(self._fetch, window, position, PAGE_ROWS)
            rows = [event_row(content) for _, _, content in found]
            if len(found) < PAGE_ROWS:
                yield Page(rows, len(rows))
                return
            received_at, number, _ = found[-1]
            position = received_at, number
            yield Page(rows, len(rows), cursor=f"{received_at.isoformat()} {number}")

    async def probe(self, as_of: datetime) -> None:
        """Do nothing: an inbox is a table of our own database, which is looked at by itself."""


def event_row(record: object) -> Row:
    """Return the staged row of an event."""
    event = Reading(record, "event")
    values = {
        "key": event.take("key", KEY),
        "member_key": event.take("member_key", KEY),
        "kind": event.take("kind", TEXT),
        "at": event.take("at", MOMENT),
        "subject": event.take("subject", TEXT),
    }
    return staged_row(Entity.MEMBER_EVENT, values, event.defects())


def _position(cursor: str) -> Position:
    received_at, number = cursor.split(" ")
    return datetime.fromisoformat(received_at), int(number)
