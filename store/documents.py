"""What the documents of the data contract are made of."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, text

from schemas.enums import Entity

_NEWEST = """
SELECT id, source, entity, window_from, window_until, passed, reason, pulled, published, unchanged,
       quarantined, dropped, checks, metrics, report
FROM data_verdict WHERE source = :source AND entity = :entity
ORDER BY window_until DESC, id DESC LIMIT :kept
"""

_DAYS = """
SELECT business_date, source, entity, passed, reason, checks FROM day_verdict
WHERE source = :source AND entity = :entity ORDER BY business_date DESC LIMIT :kept
"""


def newest_windows(
    connection: Connection, wanted: Iterable[tuple[str, Entity]], kept: int
) -> list[Any]:
    """Return the newest windows of each source and entity with all that was said of them."""
    return _of_each(connection, _NEWEST, wanted, kept)


def newest_days(
    connection: Connection, wanted: Iterable[tuple[str, Entity]], kept: int
) -> list[Any]:
    """Return the newest days of each source and entity with what was said of them."""
    return _of_each(connection, _DAYS, wanted, kept)


def _of_each(
    connection: Connection, query: str, wanted: Iterable[tuple[str, Entity]], kept: int
) -> list[Any]:
    return [
        row
        for source, entity in wanted
        for row in connection.execute(
            text(query), {"source": source, "entity": entity.value, "kept": kept}
        )
    ]
