"""The one small protocol of every source."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from schemas.enums import Entity
from schemas.incoming import Page, Window


class Source(Protocol):
    """
    Given an entity and a closed window, yield typed pages.

    Reading is idempotent; a source that fails after its retries raises SourceError.
    """

    name: str
    entities: tuple[Entity, ...]

    def pages(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Yield what changed within the window, page by page."""
        ...

    def probe(self, as_of: datetime) -> None:
        """Raise the error that reading would end in; read next to nothing, and try only once."""
        ...
