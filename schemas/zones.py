"""Time zones by the names that sources give them."""

from functools import cache
from zoneinfo import ZoneInfo


@cache
def zone_of(name: str) -> ZoneInfo | None:
    """Return the zone of a name; None where there is none, which blocks and is counted."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
