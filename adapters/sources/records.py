"""From the records of one call to a page."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from schemas.incoming import Page, Row

Read = tuple[list[Row], str | None]
"""A record's rows, and the rule that drops them if one does."""


def page_of(records: list[Any], read: Callable[[object], Read], cursor: str | None = None) -> Page:
    """Return a page of records, with what their rules drop counted in rows."""
    kept: list[Row] = []
    dropped: Counter[str] = Counter()
    for record in records:
        rows, rule = read(record)
        if rule is None:
            kept += rows
        else:
            dropped[rule] += len(rows)
    return Page(kept, len(kept) + dropped.total(), dict(dropped), cursor)
