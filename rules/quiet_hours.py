"""When nobody is written to."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.settings import QuietHours


def is_quiet(at: datetime, zone: ZoneInfo, quiet: QuietHours) -> bool:
    """
    Tell whether `at` is within the quiet hours of `zone`; their end belongs to the day.

    Rationale: no statutory hours were found; vendors use 08:00-21:00 (wecom.md, section 10) and
    we are stricter, because a message at breakfast is already a disturbance.
    """
    local = at.astimezone(zone).time().replace(tzinfo=None)
    if quiet.start == quiet.end:
        return False
    if quiet.start < quiet.end:
        return quiet.start <= local < quiet.end
    return local >= quiet.start or local < quiet.end


def next_allowed(at: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """Return the first instant from `at` on that is not quiet."""
    if not is_quiet(at, zone, quiet):
        return at
    return _next(at, quiet.end, zone)


def next_quiet(at: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime | None:
    """Return when the quiet hours after `at` begin; None if there are none at all."""
    return None if quiet.start == quiet.end else _next(at, quiet.start, zone)


def _next(at: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """Return the next instant after `at` at which clocks in `zone` show `wall`."""
    local = at.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, wall, tzinfo=zone).astimezone(at.tzinfo)
        if moment > at:
            return moment
    raise AssertionError("clocks show every time of day within two days")
