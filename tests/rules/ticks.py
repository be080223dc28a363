"""A slow, obviously right reference: time as whole half-hours, windows tried one by one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from rules.caps import Ask, Limits
from schemas.enums import Category
from schemas.governing import Cap, Dates, OpenHours, QuietHours, Scope
from schemas.planning import Case, Slot, Span
from schemas.policy import Policy
from tests.rules.builders import HARD_DAYS, capped

TICK = timedelta(minutes=30)
HOUR = 2
DAY = 24 * HOUR
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

# Where clocks jump at midnight, and where they jump by half an hour.
PLACES = [
    *HARD_DAYS,
    (ZoneInfo("America/Havana"), date(2026, 3, 8)),
    (ZoneInfo("America/Havana"), date(2026, 11, 1)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5)),
    (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4)),
]
ZONES = sorted({zone for zone, _ in PLACES}, key=str)
SENDERS, CHANNELS = ("ChenYu", "LinXia"), ("wecom", "mail")
KINDS = (Category.MARKETING, Category.CARE, Category.TRANSACTIONAL)
TERMS: list[dict[str, object]] = [
    {},
    {"transactional": {"capped": True, "counted": True}},
    {"care": {"capped": False}, "marketing": {"guarded": False}},
    {"care": {"counted": False, "guarded": True}},
]
TOLD = st.tuples(st.sampled_from(KINDS), st.sampled_from(CHANNELS), st.sampled_from(SENDERS))


def at(tick: int) -> datetime:
    return _EPOCH + tick * TICK


def tick_of(day: date) -> int:
    return (day - _EPOCH.date()).days * DAY


def span_of(ticks: range) -> Span:
    return Span(at(ticks[0]), at(ticks[-1]))


def ticks_of(span: Span) -> range:
    start, end = ((moment - _EPOCH) // TICK for moment in (span.start, span.end))
    return range(start, end + 1)


def fits(ask: Ask, slots: Sequence[Slot], limits: Limits) -> bool:
    """Tell whether no rule breaks at whichever of their half-hours everything is delivered."""
    mine = ticks_of(ask.span)
    apart = all(_distance(mine, ticks_of(one.span)) >= limits.gap_hours * HOUR for one in slots)
    caps = [*limits.caps, *([limits.personal] if limits.personal else [])]
    return apart and all(_keeps(cap, ask, slots) for cap in caps)


def first_fitting(
    ask: Ask, slots: Sequence[Slot], limits: Limits, until: int, opened: Sequence[int]
) -> datetime | None:
    """Return the first of the half-hours `opened` from which on an ask fits, cut off at `until`."""
    mine = ticks_of(ask.span)
    for start in opened:
        end = max(start, min(start + len(mine) - 1, until))
        asked = Ask(span_of(range(start, end + 1)), ask.zone, ask.category, ask.channel, ask.sender)
        if mine[0] <= start < until and fits(asked, slots, limits):
            return at(start)
    return None


def _distance(one: range, other: range) -> int:
    return max(0, one[0] - other[-1], other[0] - one[-1])


def _keeps(cap: Cap, ask: Ask, slots: Sequence[Slot]) -> bool:
    mine, mine_of = ticks_of(ask.span), _of(cap, ask)
    if cap.only and mine_of not in cap.only:
        return True
    taken = [(ticks_of(one.span), one.zone) for one in slots if _of(cap, one) == mine_of]
    if cap.window is not None:
        periods = [{_period(cap.window, tick, zone) for tick in ticks} for ticks, zone in taken]
        return all(
            sum(one in other for other in periods) < _most(cap, one)
            for one in {_period(cap.window, tick, ask.zone) for tick in mine}
        )
    length = (cap.rolling_hours or 24 * (cap.rolling_days or 0)) * HOUR
    windows = [range(start, start + length) for start in range(mine[0] - length + 1, mine[-1] + 1)]
    return all(sum(_meet(one, ticks) for ticks, _ in taken) < int(cap.max) for one in windows)


def _of(cap: Cap, told: Ask | Slot) -> str:
    names = {
        Scope.PERSON: "everybody",
        Scope.SENDER: told.sender,
        Scope.CHANNEL: told.channel,
        Scope.CATEGORY: told.category.value,
    }
    return names[cap.scope]


def _meet(one: range, other: range) -> bool:
    return one[0] <= other[-1] and other[0] <= one[-1]


def _most(cap: Cap, period: str) -> int:
    if cap.max != "days":
        return cap.max
    first = date.fromisoformat(f"{period}-01")
    return sum(f"{first + timedelta(days=days):%Y-%m}" == period for days in range(31))


_FORMS = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}


@cache
def _period(window: str, tick: int, zone: ZoneInfo) -> str:
    return at(tick).astimezone(zone).strftime(_FORMS[window])


def counted_of(case: Case, policy: Policy) -> list[Slot]:
    terms = policy.categories.model_dump()
    return [one for one in case.slots if terms[one.category.value]["counted"]]


def lately_of(case: Case, policy: Policy, now: int) -> list[Slot]:
    since = at(now - policy.personal.days * DAY)
    return [one for one in counted_of(case, policy) if one.span.end > since]


def limits_of(category: Category, case: Case, policy: Policy, now: int) -> Limits:
    """Return what holds a category back: nothing, or caps, stretched gap and personal budget."""
    if not policy.categories.model_dump()[category.value]["capped"]:
        return Limits()
    gap: float = policy.gap_hours
    for _ in range(case.unanswered):
        gap *= policy.backoff
    budget = policy.personal
    glad = sum(one.answered is True for one in lately_of(case, policy, now))
    most = min(budget.most, max(budget.least, budget.start + glad - case.unanswered))
    return Limits(policy.caps, Cap(rolling_days=budget.days, max=most), gap)


def is_open(tick: int, policy: Policy, zone: ZoneInfo) -> bool:
    """Tell whether somebody in `zone` may be written to in a half-hour."""
    local = at(tick).astimezone(zone)
    day, half = local.date(), local.hour * 2 + local.minute // 30
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
    if half in _walked(policy.quiet_hours):
        return False
    if any(day in _dates(one) for one in policy.holidays):
        return False
    opened = [one for one in policy.open_hours if weekday in one.days]
    return not policy.open_hours or any(half in _walked(one) for one in opened)


def _walked(hours: QuietHours | OpenHours) -> set[int]:
    """Return the half-hours of a day one passes when walking from the start to the end."""
    half, end = (edge.hour * 2 + edge.minute // 30 for edge in (hours.start, hours.end))
    passed = set()
    while half != end:
        passed.add(half)
        half = (half + 1) % 48
    return passed


def _dates(dates: Dates) -> Iterator[date]:
    days = (dates.last - dates.first).days
    return (dates.first + timedelta(days=passed) for passed in range(days + 1))


MOST = st.sampled_from([1, 2, 1, 2, 3, 0])


@st.composite
def caps(draw: st.DrawFn) -> Cap:
    """Draw a cap of any scope and window."""
    scope = draw(st.sampled_from(Scope))
    names = {
        Scope.PERSON: (),
        Scope.SENDER: SENDERS,
        Scope.CHANNEL: CHANNELS,
        Scope.CATEGORY: tuple(one.value for one in KINDS),
    }[scope]
    only = draw(st.sets(st.sampled_from(names), max_size=2)) if names else set()
    window: dict[str, object] = draw(
        st.one_of(
            st.fixed_dictionaries({"window": st.sampled_from(["day", "week", "month"])}),
            st.fixed_dictionaries({"rolling_hours": st.sampled_from([1, 6, 24, 30])}),
            st.just({"rolling_days": 1}),
            st.just({"window": "month", "max": "days"}),
        )
    )
    return Cap.model_validate({"max": draw(MOST), **window, "scope": scope, "only": sorted(only)})


LIMITS = st.builds(
    Limits,
    caps=st.lists(caps(), max_size=3).map(tuple),
    personal=st.none() | st.builds(Cap, rolling_days=st.integers(1, 2), max=MOST),
    gap_hours=st.sampled_from([0, 1, 12, 22.5, 30]),
)

_WALLS = st.integers(min_value=0, max_value=47).map(lambda half: at(half).time())


@st.composite
def hours(draw: st.DrawFn, around: date) -> dict[str, object]:
    """Draw what a policy says of hours: quiet ones, open ones of weekdays, holidays near a day."""
    nights = st.builds(QuietHours, start=_WALLS, end=_WALLS)
    quiet = draw(st.sampled_from([QuietHours(), QuietHours(end=QuietHours().start)]) | nights)
    pairs = st.lists(_WALLS, min_size=2, max_size=2, unique=True)
    edges = draw(st.just([]) | st.lists(pairs, max_size=2))
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    weekdays = st.just(names) | st.sets(st.sampled_from(names), min_size=1).map(sorted)
    opened = [{"start": min(pair), "end": max(pair), "days": draw(weekdays)} for pair in edges]
    first = around + timedelta(days=draw(st.integers(-2, 1)))
    last = first + timedelta(days=draw(st.integers(0, 1)))
    closed = draw(st.sampled_from([[], [], [{"why": "a feast", "first": first, "last": last}]]))
    return {"quiet_hours": quiet, "open_hours": opened, "holidays": closed}


@st.composite
def ticks(draw: st.DrawFn, around: int, *, before: int = 3 * DAY, after: int = 2 * DAY) -> range:
    """Draw a span of up to two days that starts near the tick `around`."""
    start = draw(st.integers(around - before, around + after))
    return range(start, start + 1 + draw(st.sampled_from([0, 1, 3, 20, 60, 96])))


@st.composite
def slots(draw: st.DrawFn, around: int, zones: Sequence[ZoneInfo], *, after: int) -> list[Slot]:
    """Draw up to four slots near the tick `around`, each with what was frozen in it."""
    return [
        Slot(number, span_of(draw(ticks(around, after=after))), draw(st.sampled_from(zones)), *told)
        for number, told in enumerate(draw(st.lists(TOLD, max_size=4)))
    ]


@st.composite
def crowded(draw: st.DrawFn, *, after: int = 2 * DAY) -> tuple[Ask, list[Slot], Limits]:
    """Draw an ask, slots around it that were frozen in any zone, and limits, on a hard day."""
    zone, day = draw(st.sampled_from(PLACES))
    mine = draw(ticks(tick_of(day), before=DAY, after=DAY))
    zones = [zone, zone, *ZONES, ZoneInfo("Asia/Kathmandu")]
    taken = draw(slots(mine[0], zones, after=after))
    return Ask(span_of(mine), zone, *draw(TOLD)), taken, draw(LIMITS)


@st.composite
def policies(draw: st.DrawFn, /, around: date, **changed: object) -> Policy:
    """Draw a policy with any caps, gap and hours."""
    drawn = draw(LIMITS)
    gap = draw(st.sampled_from([0, 1, 12]))
    return capped(*drawn.caps, gap_hours=gap, **{**draw(hours(around)), **changed})
