"""Arbitrary lives: what real ones hold, and what nobody would think of."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schemas.enums import EventKind
from schemas.policy import Policy
from schemas.segments import SegmentPolicy
from tests.rules.builders import HARD_DAYS, SHANGHAI
from tests.rules.lives import Benefit, Event, Life, Line, Order, Touch

LEAP_DAY = date(2028, 2, 29)
DAYS = [*HARD_DAYS, (SHANGHAI, LEAP_DAY), (ZoneInfo("Pacific/Kiritimati"), LEAP_DAY)]
MOMENT = timedelta(microseconds=1)

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class World:
    """Some persons, the instant they are asked about, where, and under which rules."""

    lives: tuple[Life, ...]
    as_of: datetime
    zone: str
    policy: Policy


AMOUNTS = st.sampled_from(
    [-5_000, 0, 1, 333, 990_000, 1_000_000, 1_000_001, 1_100_000, 1_100_001, 909_100, 10**13 + 1]
)
"""In ten-thousandths: odd ones, the edges of free shipping, and more than any shop has sold."""

PRODUCTS = [
    ("p1", "拿铁", "咖啡"),
    ("p2", "Crème brûlée ☕️", "咖啡"),
    ("p3", "", "z"),
    ("tea", "tea", "tea"),
    ("Tea", "TEA", "Tea"),
    ("é", "é", "甜点"),
    ("e\u0301", "e\u0301", "e\u0301"),
    ("𝒙", "𝒙", "𝒙"),
    ("ﬀ", "ﬀ", "ﬀ"),
]
"""Key, name and family; who has no family has its key for one. The last two sort by code points."""

LINES = st.builds(
    lambda product, units, amount: Line(product[0], product[1], product[2], units, amount),
    st.sampled_from(PRODUCTS),
    st.sampled_from([1, 1, 2, 1_000_000]),
    st.sampled_from([0, 1, 333, 990_000, 10**16]),
)
STORES = st.sampled_from(
    [
        *[(source, None, None) for source in ("shop", "Shop", "微店")],
        *[("shop", "s1", "上海"), ("shop", "s2", "Zürich"), ("Shop", "s1", "杭州")],
        *[("微店", "s3", None), ("微店", "S3", "东莞")],
    ]
)
"""Source, key and city; two sources may call two stores by one key."""

KINDS = [kind.value for kind in EventKind]
POLICIES = st.builds(
    SegmentPolicy,
    half_life_days=st.sampled_from([1, 180]),
    free_shipping_from=st.sampled_from([None, Decimal(100), Decimal("90.91")]),
    cart_days=st.sampled_from([1, 3]),
).map(lambda segments: Policy(segments=segments))


def instants(as_of: datetime, zone: ZoneInfo, day: date) -> st.SearchStrategy[datetime]:
    """Return instants before and after `as_of`, many of them where days are hard to tell."""
    midnights = [
        datetime.combine(day + timedelta(days=off), time(), zone).astimezone(UTC)
        for off in (-366, -1, 0, 1)
    ]
    edges = [as_of, as_of - timedelta(seconds=1), *midnights]
    around = [edge + off for edge in edges for off in (-MOMENT, timedelta(), MOMENT)]
    night = [midnights[2] + timedelta(minutes=30 * half) for half in range(-4, 12)]
    weekly = [as_of - timedelta(days=7 * back) for back in range(-2, 9)]
    daily = [
        as_of - timedelta(days=back, hours=off) for back in range(-1, 6) for off in (-10, 0, 10)
    ]
    hard = [
        datetime.combine(one, time(12), place).astimezone(UTC) for place, one in (*DAYS, LAST_LEAP)
    ]
    return st.one_of(
        st.sampled_from(around),
        st.sampled_from(night),
        st.sampled_from(weekly),
        st.sampled_from(daily),
        st.sampled_from(hard),
        st.integers(-900 * 24, 60 * 24).map(lambda hours: as_of + timedelta(hours=hours)),
    )


LAST_LEAP = (SHANGHAI, date(2024, 2, 29))


@st.composite
def worlds(draw: st.DrawFn, *, most: int = 3) -> World:
    """Draw up to so many persons with few orders each, so that ties are many."""
    zone, day = draw(st.sampled_from(DAYS))
    local = datetime.combine(day, time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 59]))))
    as_of = local.replace(tzinfo=zone).astimezone(UTC)
    when = instants(as_of, zone, day)
    orders = draw(_owned(_orders(when), most, 14))
    events = draw(_owned(_events(when), most, 10))
    benefits = draw(_owned(_benefits(when), most, 6))
    touches = draw(_owned(_touches(when), most, 6))
    cities = draw(st.lists(st.sampled_from([None, "重庆"]), min_size=most, max_size=most))
    lives = tuple(
        Life(
            person,
            cities[person - 1],
            tuple(
                replace(order, order_id=number, key=f"o{number}")
                for number, (owner, order) in enumerate(orders)
                if owner == person
            ),
            tuple(
                replace(event, key=f"e{number}")
                for number, (owner, event) in enumerate(events)
                if owner == person
            ),
            tuple(benefit for owner, benefit in benefits if owner == person),
            tuple(touch for owner, touch in touches if owner == person),
        )
        for person in range(1, most + 1)
    )
    return World(lives, as_of, zone.key, draw(POLICIES))


def _owned(
    things: st.SearchStrategy[Thing], persons: int, most: int
) -> st.SearchStrategy[list[tuple[int, Thing]]]:
    """Return lists of things and whose they are: none, some, or as many as allowed."""
    owned = st.tuples(st.integers(1, persons), things)
    return st.sampled_from([0, most // 2, most]).flatmap(
        lambda least: st.lists(owned, min_size=least, max_size=max(least, most // 2))
    )


def _orders(when: st.SearchStrategy[datetime]) -> st.SearchStrategy[Order]:
    return st.builds(
        lambda at, status, paid, discount, place, lines: Order(
            order_id=0,
            at=at,
            status=status,
            paid=paid,
            discount=discount,
            source=place[0],
            key="",
            store=place[1],
            store_city=place[2],
            lines=tuple(lines),
        ),
        when,
        st.sampled_from(["paid", "paid", "paid", "refunded"]),
        AMOUNTS,
        st.sampled_from([None, 0, 1, 50_000]),
        STORES,
        st.lists(LINES, max_size=3),
    )


def _events(when: st.SearchStrategy[datetime]) -> st.SearchStrategy[Event]:
    return st.builds(
        lambda kind, at, subject: Event(kind, at, subject, "shop", ""),
        st.sampled_from([*KINDS, *4 * ["cart", "complaint", "saved_item", "staff_contact"]]),
        when,
        st.sampled_from([None, "p1", "s1"]),
    )


def _benefits(when: st.SearchStrategy[datetime]) -> st.SearchStrategy[Benefit]:
    until = st.none() | when
    return st.tuples(
        st.sampled_from(["points", "coupon"]), st.sampled_from([None, 0, 7, 10**9]), until, until
    ).map(lambda one: Benefit(*one[:2], *_in_order(one[2], one[3])))


def _in_order(one: datetime | None, other: datetime | None) -> tuple[datetime | None, ...]:
    return (min(one, other), max(one, other)) if one and other else (one, other)


def _touches(when: st.SearchStrategy[datetime]) -> st.SearchStrategy[Touch]:
    return st.builds(Touch, when, st.sampled_from([None, False, False, True]))
