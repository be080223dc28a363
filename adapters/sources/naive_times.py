"""Times that a source writes without an offset, in a zone that only its documentation names."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}")


def naive_moment(zone: tzinfo) -> TypeAdapter[Any]:
    """Return the kind (see adapters.values) of "2026-03-01 08:00:00", or with a T, in `zone`."""

    def read(written: object) -> datetime:
        if not isinstance(written, str) or not _WRITTEN.fullmatch(written.strip()):
            raise ValueError("written in another form")
        try:
            return datetime.fromisoformat(written.strip()).replace(tzinfo=zone).astimezone(UTC)
        except OverflowError as error:
            raise ValueError("beyond the calendar") from error

    return TypeAdapter(Annotated[datetime, BeforeValidator(read)])
