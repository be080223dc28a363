"""When there is room again for one more message."""

from collections.abc import Sequence
from datetime import datetime

from rules.caps import Ask, Limits, frees_at
from rules.hours import Hours
from schemas.planning import Slot


def first_place(
    ask: Ask, slots: Sequence[Slot], limits: Limits, hours: Hours, *, until: datetime
) -> datetime | None:
    """Return the first instant, before `until`, at which an ask fits and hours are open."""
    at: datetime | None = ask.span.start
    while at is not None:
        opens = hours.opens(at, until)
        if opens is None:
            return None
        at = frees_at(ask.at(opens, until), slots, limits, until=until)
        if at == opens:
            return at
    return None
