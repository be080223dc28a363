"""The one small protocol of every source."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from schemas.enums import Entity
from schemas.incoming import Page, Window


class Source(Protocol):
    """
    Given an entity, a closed window and a cursor, yield typed pages.

    What a window brings is whole: every line of an order that changed within it, not only the
    lines that did. Reading is idempotent; what a window yields beyond it does no harm. A source
    that fails after its retries raises SourceError.
    """

    name: str
    entities: tuple[Entity, ...]
    read_again_is_newer: bool
    """
    Whether something that comes again on a later page changed while we read.

    Else it is a contradiction: of two lines of a file nobody knows which is true.
    """

    def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """Yield what changed within the window, page by page; with a cursor, what is behind it."""
        ...

    async def probe(self, as_of: datetime) -> None:
        """Raise the error that reading would end in; read next to nothing, and try only once."""
        ...
