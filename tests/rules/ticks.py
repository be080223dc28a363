"""A slow, obviously right reference: time as whole half-hours, windows tried one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schemas.planning import Slot, Span
from schemas.policy import Cap, Policy
from tests.rules.builders import HARD_DAYS

TICK = timedelta(minutes=30)
HOUR = 2
DAY = 24 * HOUR
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(tick: int) -> datetime:
    return _EPOCH + tick * TICK


def tick_of(day: date) -> int:
    return (day - _EPOCH.date()).days * DAY


def span_of(ticks: range) -> Span:
    return Span(at(ticks[0]), at(ticks[-1]))


def slots_of(taken: Sequence[range]) -> tuple[Slot, ...]:
    return tuple(Slot(number, span_of(ticks)) for number, ticks in enumerate(taken))


def fits(mine: range, taken: Sequence[range], policy: Policy, zone: ZoneInfo) -> bool:
    """Tell whether no rule breaks at whichever of their half-hours everything is delivered."""
    apart = all(_distance(mine, other) >= policy.gap_hours * HOUR for other in taken)
    return apart and all(_keeps(cap, mine, taken, zone) for cap in policy.caps)


def _distance(one: range, other: range) -> int:
    return max(0, one[0] - other[-1], other[0] - one[-1])


def _keeps(cap: Cap, mine: range, taken: Sequence[range], zone: ZoneInfo) -> bool:
    if cap.rolling_hours is None:
        window = cap.window or "day"
        periods = [{period(window, tick, zone) for tick in other} for other in taken]
        mine_in = {period(window, tick, zone) for tick in mine}
        return all(sum(one in other for other in periods) < cap.max for one in mine_in)
    length = cap.rolling_hours * HOUR
    windows = [range(start, start + length) for start in range(mine[0] - length + 1, mine[-1] + 1)]
    return all(sum(_meet(window, other) for other in taken) < cap.max for window in windows)


def _meet(one: range, other: range) -> bool:
    return one[0] <= other[-1] and other[0] <= one[-1]


@cache
def period(window: str, tick: int, zone: ZoneInfo) -> tuple[int, ...]:
    day = at(tick).astimezone(zone).date()
    calendar = day.isocalendar()
    choices = {
        "day": (day.year, day.month, day.day),
        "week": (calendar.year, calendar.week),
        "month": (day.year, day.month),
    }
    return choices[window]


CAPS = st.one_of(
    st.builds(
        Cap,
        window=st.sampled_from(["day", "week", "month"]),
        max=st.integers(min_value=1, max_value=2),
    ),
    st.builds(
        Cap,
        rolling_hours=st.sampled_from([1, 6, 24, 30]),
        max=st.integers(min_value=1, max_value=2),
    ),
)
POLICIES = st.builds(
    Policy,
    caps=st.lists(CAPS, max_size=3).map(tuple),
    gap_hours=st.sampled_from([0, 1, 12, 30]),
)


@st.composite
def ticks(draw: st.DrawFn, around: int, *, before: int = 3 * DAY, after: int = 2 * DAY) -> range:
    """Draw a span of up to two days that starts near the tick `around`."""
    start = draw(st.integers(around - before, around + after))
    return range(start, start + 1 + draw(st.sampled_from([0, 1, 3, 20, 60, 96])))


@st.composite
def crowded(
    draw: st.DrawFn, *, after: int = 2 * DAY
) -> tuple[range, list[range], Policy, ZoneInfo]:
    """Draw a span, the slots around it, a policy and a zone on one of its hard days."""
    zone, day = draw(st.sampled_from(HARD_DAYS))
    mine = draw(ticks(tick_of(day), before=DAY, after=DAY))
    taken = draw(st.lists(ticks(mine[0], after=after), max_size=4))
    return mine, taken, draw(POLICIES), zone
