"""A request for a page: the window, where to go on, and how many."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import HTTPException

from sandbox.shop.shelf import Mark

_MOST: Final = 1000


@dataclass(frozen=True)
class Query:
    """Rows with since <= time of change < until, behind `after`."""

    since: datetime | None
    until: datetime | None
    after: Mark | None
    limit: int


def read_query(given: Mapping[str, str]) -> Query:
    """Return the query in a request's parameters; a bad one is answered by 422."""
    since = _instant(given, "updated_from")
    until = _instant(given, "updated_until")
    if since and until and since > until:
        raise HTTPException(422, "updated_from must not be later than updated_until")
    return Query(since, until, _after(given.get("cursor")), _limit(given.get("limit")))


def sign(mark: Mark) -> str:
    """Return the opaque cursor for a place on the shelf."""
    return urlsafe_b64encode(json.dumps([mark[0].isoformat(), mark[1]]).encode()).decode()


def _after(cursor: str | None) -> Mark | None:
    if not cursor:
        return None
    try:
        at, name = json.loads(urlsafe_b64decode(cursor))
        return _aware(at), str(name)
    except (ValueError, TypeError) as error:
        raise HTTPException(422, "cursor must be one that the shop gave out") from error


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    if not given.get(name):
        return None
    try:
        return _aware(given[name])
    except ValueError as error:
        raise HTTPException(422, f"{name} must be an ISO 8601 time with its offset") from error


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def _limit(text: str | None) -> int:
    if not text:
        return 100
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise HTTPException(422, f"limit must be a whole number from 1 to {_MOST}")
    return int(text)
