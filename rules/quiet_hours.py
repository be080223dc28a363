"""When nobody is written to."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from schemas.policy import QuietHours


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


def wait_to_send(as_of: datetime, due: datetime, zone: ZoneInfo, quiet: QuietHours) -> timedelta:
    """
    Return how long to wait at `as_of` before sending what is due at `due`.

    Rationale: what is approved in the evening was due that morning; sent at once it would find
    the quiet hours, and nobody would come back for it.
    """
    return next_allowed(max(as_of, due), zone, quiet) - as_of


def next_quiet(at: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime | None:
    """Return when the quiet hours after `at` begin; None if there are none at all."""
    return None if quiet.start == quiet.end else _next(at, quiet.start, zone)


def _next(at: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """Return the next instant after `at` at which clocks in `zone` come to `wall`."""
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(3))
    moments = (moment for day in days for moment in _moments(day, wall, zone))
    return min(moment for moment in moments if moment > at).astimezone(at.tzinfo)


def _moments(day: date, wall: time, zone: ZoneInfo) -> set[datetime]:
    """Return when clocks come to `wall` on `day`: twice when put back, in a jump when put on."""
    shown = datetime.combine(day, wall)
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return {first, second}
    minutes = (second + timedelta(minutes=minute) for minute in count())
    return {next(at for at in minutes if at.astimezone(zone).replace(tzinfo=None) >= shown)}
