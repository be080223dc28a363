"""When nobody is written to: quiet hours, closed hours, holidays, on the person's own clock."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from schemas.governing import WEEKDAYS
from schemas.policy import Policy

AHEAD = timedelta(days=400)
"""How far ahead is looked where nothing else ends it: longer than any year of holidays."""

_MIDNIGHT = time(0)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """
    The hours of a policy in a zone.

    Rationale: no statutory hours were found; vendors use 08:00-21:00 (wecom.md, section 10) and
    we are stricter, because a message at breakfast is already a disturbance.
    """

    policy: Policy
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """Tell whether somebody may be written to at an instant."""
        local = at.astimezone(self.zone)
        return not (
            self._is_quiet(local.time())
            or any(one.first <= local.date() <= one.last for one in self.policy.holidays)
            or not self._is_within(local)
        )

    def opens(self, at: datetime, until: datetime) -> datetime | None:
        """Return the first instant from `at` on, before `until`, at which they may be."""
        while at < until:
            if self.is_open(at):
                return at
            at = self._next_change(at)
        return None

    def closes(self, at: datetime, until: datetime) -> datetime:
        """Return the first instant after an open one at which they may not be, at most `until`."""
        while at < until:
            at = self._next_change(at)
            if not self.is_open(at):
                return min(at, until)
        return until

    def _is_quiet(self, local: time) -> bool:
        quiet = self.policy.quiet_hours
        if quiet.start <= quiet.end:
            return quiet.start <= local < quiet.end
        return local >= quiet.start or local < quiet.end

    def _is_within(self, local: datetime) -> bool:
        opens, day = self.policy.open_hours, WEEKDAYS[local.weekday()]
        return not opens or any(
            day in one.days and one.start <= local.time() < one.end for one in opens
        )

    def _next_change(self, at: datetime) -> datetime:
        """Return the next instant after `at` at which anything may be different."""
        local = at.astimezone(self.zone)
        shown = local.replace(tzinfo=None)
        ahead = min(_until(shown, wall) for wall in self._walls)
        nearest = at.astimezone(UTC) + ahead
        if nearest.astimezone(self.zone).utcoffset() == local.utcoffset():
            return nearest.astimezone(at.tzinfo)
        # Clocks are put on or back before that.
        nearest = min(_next(at, wall, self.zone) for wall in self._walls)
        return _jump(at, nearest, self.zone) or nearest

    @cached_property
    def _walls(self) -> frozenset[time]:
        quiet = self.policy.quiet_hours
        opens = (wall for one in self.policy.open_hours for wall in (one.start, one.end))
        return frozenset({_MIDNIGHT, quiet.start, quiet.end, *opens})


def _until(shown: datetime, wall: time) -> timedelta:
    """Return how long it takes clocks from what they show to `wall`, were they left alone."""
    today = datetime.combine(shown, wall)
    return today - shown if today > shown else today + _DAY - shown


def _next(at: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """Return the next instant after `at` at which clocks in `zone` come to `wall`."""
    moments = (moment for day in _days(at, zone) for moment in _moments(day, wall, zone))
    return min(moment for moment in moments if moment > at).astimezone(at.tzinfo)


def _days(at: datetime, zone: ZoneInfo) -> Iterator[date]:
    today = at.astimezone(zone).date()
    return (today + timedelta(days=ahead) for ahead in range(3))


def _moments(day: date, wall: time, zone: ZoneInfo) -> set[datetime]:
    """Return when clocks come to `wall` on `day`: twice when they are put back."""
    shown = datetime.combine(day, wall)
    return {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}


def _jump(at: datetime, until: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when clocks in `zone` are put on or back after `at`, if it is before `until`."""
    before, first = at.astimezone(zone).utcoffset(), at.astimezone(UTC)
    if until.astimezone(zone).utcoffset() == before:
        return None
    first = first.replace(second=0, microsecond=0)
    minutes = range((until - first) // _MINUTE + 1)
    passed = bisect_left(
        minutes,
        True,
        key=lambda minute: (first + minute * _MINUTE).astimezone(zone).utcoffset() != before,
    )
    return (first + passed * _MINUTE).astimezone(at.tzinfo)
