"""What members received, counted from the stand-ins' own records and from nothing of ours."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.records import Received
from schemas.governing import AS_MANY_AS_DAYS, Cap, Scope
from schemas.policy import Policy

_SAME_TEXT_HOURS = 72

_COUNTS_ALL = (Scope.PERSON, Scope.CHANNEL)
"""What members receive comes through one channel; of its category and sender they know nothing."""

_CALENDAR: dict[str, Callable[[datetime], Hashable]] = {
    "day": lambda at: at.date(),
    "week": lambda at: at.isocalendar()[:2],
    "month": lambda at: (at.year, at.month),
}


def duplicates(received: Iterable[Received]) -> int:
    """Count messages a person got although they had got the same text within three days."""
    last: dict[tuple[str, str], datetime] = {}
    count = 0
    for one in sorted(received, key=lambda message: message.at):
        key = (one.unionid, one.text)
        before = last.get(key)
        if before is not None and one.at - before < timedelta(hours=_SAME_TEXT_HOURS):
            count += 1
        last[key] = one.at
    return count


def over_cap(received: Iterable[Received], policy: Policy, zone: ZoneInfo) -> int:
    """Count the messages by which persons exceeded any cap of the policy that counts them all."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for one in received:
        times[one.unionid].append(one.at.astimezone(zone))
    caps = [cap for cap in policy.caps if cap.scope in _COUNTS_ALL]
    return sum(_excess(cap, sorted(mine)) for cap in caps for mine in times.values())


def _excess(cap: Cap, times: list[datetime]) -> int:
    if cap.span_hours is not None:
        span = timedelta(hours=cap.span_hours)
        return sum(
            1
            for place, at in enumerate(times)
            if sum(1 for earlier in times[:place] if at - earlier < span) >= int(cap.max)
        )
    counts: dict[Hashable, list[datetime]] = defaultdict(list)
    for at in times:
        counts[_CALENDAR[cap.window or "day"](at)].append(at)
    return sum(max(0, len(within) - _most(cap, within[0])) for within in counts.values())


def _most(cap: Cap, at: datetime) -> int:
    return monthrange(at.year, at.month)[1] if cap.max == AS_MANY_AS_DAYS else int(cap.max)
