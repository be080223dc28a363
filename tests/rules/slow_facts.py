"""A slow, obviously right reference: the facts of one person, told from plain records."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median, median_low
from typing import Any
from zoneinfo import ZoneInfo

from schemas.histories import CENTS
from schemas.segments import SegmentPolicy
from tests.rules.lives import Benefit, Event, Life, Order, Touch

CHANCE = 0.694
DAYPART_HOURS = 3
FAVOURITES = 5
SAYINGS = "review", "suggestion", "referral", "staff_contact", "visit", "saved_item", "cart"

Key = tuple[str, ...]


def slow_facts(life: Life, as_of: datetime, zone: str, policy: SegmentPolicy) -> dict[str, Any]:
    """Return every column of a person's facts but the tags."""
    clock = ZoneInfo(zone)
    until_now = sorted(
        (one for one in life.orders if one.at <= as_of), key=lambda one: (one.at, one.order_id)
    )
    paid = [one for one in until_now if one.status == "paid"]
    events = sorted((one for one in life.events if one.at <= as_of), key=lambda one: one.at)
    return {
        "person_id": life.person_id,
        "refunds": sum(one.status == "refunded" for one in until_now),
        **_counts(paid),
        **_dates(paid, clock),
        **_money(paid, clock, policy),
        **_discounts(paid),
        **_places(paid, life.city),
        **_habits(paid, clock),
        **_staple(paid, clock),
        "families": _families(paid, clock),
        **_said(events),
        **_carts(paid, events, clock, policy),
        **_complaint(events),
        **_touches([one for one in life.touches if one.at <= as_of]),
        **_benefits(life.benefits, as_of, clock),
        "ahead_on": _ahead_on((*life.orders, *life.events, *life.touches), as_of, clock),
    }


def _day(at: datetime, clock: ZoneInfo) -> date:
    return at.astimezone(clock).date()


def _counts(paid: Sequence[Order]) -> dict[str, Any]:
    units = sum(line.units for order in paid for line in order.lines)
    return {
        "orders": len(paid),
        "units": units,
        "first_order_at": paid[0].at if paid else None,
        "last_order_at": paid[-1].at if paid else None,
        "basket_units": units / len(paid) if paid else None,
    }


def _dates(paid: Sequence[Order], clock: ZoneInfo) -> dict[str, Any]:
    days = sorted({_day(order.at, clock) for order in paid})
    rhythm = _cadence(days)
    n = len(days) - 1
    regularity = 0.0
    if n > 1:
        unsteady = rhythm["gap_spread"] / rhythm["gap_median"] / CHANCE
        regularity = (n - 1) / (n + 1) * max(0.0, 1 - unsteady)
    return {
        "order_days": len(days),
        "first_on": days[0] if days else None,
        "last_on": days[-1] if days else None,
        **rhythm,
        "regularity": regularity,
    }


def _cadence(days: Sequence[date]) -> dict[str, Any]:
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return {
        "last_gap": gaps[-1] if gaps else None,
        "gap_median": _median(gaps),
        "gap_spread": _spread(gaps),
        "prior_median": _median(gaps[:-1]),
        "prior_spread": _spread(gaps[:-1]),
    }


def _median(values: Sequence[int]) -> float | None:
    return float(median(values)) if values else None


def _spread(values: Sequence[int]) -> float | None:
    """Return the median distance from the median."""
    if not values:
        return None
    middle = median(values)
    return float(median([abs(value - middle) for value in values]))


def _money(paid: Sequence[Order], clock: ZoneInfo, policy: SegmentPolicy) -> dict[str, Any]:
    spent = sum(order.paid for order in paid)
    units = sum(line.units for order in paid for line in order.lines)
    worth = 0.0
    for order in paid:
        age = (_day(paid[-1].at, clock) - _day(order.at, clock)).days
        worth += order.paid / CENTS * 0.5 ** (age / policy.half_life_days)
    least = policy.free_shipping_from
    over = 0
    if least is not None:
        most = Fraction(least) * Fraction(11, 10)
        over = sum(Fraction(least) <= Fraction(order.paid, CENTS) <= most for order in paid)
    return {
        "spent": spent,
        "worth": round(worth, 4),
        "basket": median_low([order.paid for order in paid]) if paid else None,
        "largest": max((order.paid for order in paid), default=None),
        "unit_price": float(Fraction(spent, CENTS) / units) if units else None,
        "over_threshold": over,
    }


def _discounts(paid: Sequence[Order]) -> dict[str, Any]:
    told = [order for order in paid if order.discount is not None]
    repeats = [order for order in paid[1:] if order.discount is not None]
    return {
        "discount_told": len(told),
        "discounted": sum((order.discount or 0) > 0 for order in told),
        "repeats_told": len(repeats),
        "repeats_discounted": sum((order.discount or 0) > 0 for order in repeats),
    }


def _favourite(paid: Sequence[Order], keys: Sequence[Key | None]) -> Key | None:
    """Return the key most orders have; of equals what came last, of those the smallest."""
    best: tuple[int, datetime, Key] | None = None
    for key in sorted({key for key in keys if key is not None}):
        with_it = [order.at for order, own in zip(paid, keys, strict=True) if own == key]
        rank = (len(with_it), max(with_it))
        if best is None or rank > best[:2]:
            best = (*rank, key)
    return best[2] if best else None


def _places(paid: Sequence[Order], city: str | None) -> dict[str, Any]:
    """Tell the favourite places; two sources may call two stores by one key."""
    stores = [None if order.store is None else (order.store, order.source) for order in paid]
    channels = [(order.source,) for order in paid]
    store, channel = _favourite(paid, stores), _favourite(paid, channels)
    cities = [order.store_city for order, own in zip(paid, stores, strict=True) if own == store]
    return {
        "store_key": store[0] if store else None,
        "store_share": _share(stores, store) if store else None,
        "channel": channel[0] if channel else None,
        "channel_share": _share(channels, channel),
        "city": city if city is not None else cities[-1] if store else None,
    }


def _share(values: Sequence[Any], value: Any) -> float | None:
    return values.count(value) / len(values) if values else None


def _commonest(values: Sequence[int]) -> int | None:
    """Return the most frequent value; of equals, the smallest."""
    if not values:
        return None
    counts = Counter(values)
    return min(value for value in counts if counts[value] == max(counts.values()))


def _habits(paid: Sequence[Order], clock: ZoneInfo) -> dict[str, Any]:
    shown = [order.at.astimezone(clock) for order in paid]
    parts = [local.hour // DAYPART_HOURS for local in shown]
    weekdays = [local.isoweekday() for local in shown]
    part, weekday = _commonest(parts), _commonest(weekdays)
    return {
        "daypart": part,
        "daypart_share": _share(parts, part),
        "weekday": weekday,
        "weekday_share": _share(weekdays, weekday),
    }


def _staple(paid: Sequence[Order], clock: ZoneInfo) -> dict[str, Any]:
    best: tuple[int, int] | None = None
    staple: dict[str, Any] = {"staple_key": None, "staple_name": None, "staple_days": 0}
    bought = [(order, line) for order in paid for line in order.lines]
    for key, _, source in sorted({(one.product, one.name, order.source) for order, one in bought}):
        mine = [
            (order, line) for order, line in bought if (line.product, order.source) == (key, source)
        ]
        days = len({_day(order.at, clock) for order, _ in mine})
        rank = (days, sum(line.amount for _, line in mine))
        if best is None or rank > best:
            best = rank
            name = mine[-1][1].name
            staple = {"staple_key": key, "staple_name": name, "staple_days": days}
    return staple


def _families(paid: Sequence[Order], clock: ZoneInfo) -> list[dict[str, Any]]:
    bought = [(order, line) for order in paid for line in order.lines]
    found = []
    for family in sorted({line.family for _, line in bought}):
        mine = [(order, line) for order, line in bought if line.family == family]
        days = sorted({_day(order.at, clock) for order, _ in mine})
        last = mine[-1][0]
        found.append(
            {
                "family": family,
                "days": len(days),
                "units": sum(line.units for _, line in mine),
                "spent": sum(line.amount for _, line in mine),
                "last_on": days[-1],
                **_cadence(days),
                "event": f"{last.source}:{last.key}",
            }
        )
    again = [one for one in found if one["days"] > 1]
    again.sort(key=lambda one: (-one["days"], -one["spent"], one["family"]))
    return again[:FAVOURITES]


def _said(events: Sequence[Event]) -> dict[str, Any]:
    return {f"{kind}s": sum(event.kind == kind for event in events) for kind in SAYINGS}


def _carts(
    paid: Sequence[Order], events: Sequence[Event], clock: ZoneInfo, policy: SegmentPolicy
) -> dict[str, Any]:
    def next_order(event: Event) -> datetime | None:
        return next((order.at for order in paid if order.at >= event.at), None)

    left, unordered = 0, None
    waits = []
    for event in events:
        ordered = next_order(event)
        if event.kind == "cart" and ordered is None:
            unordered = event.at
        if event.kind == "cart" and ordered is not None:
            left += (_day(ordered, clock) - _day(event.at, clock)).days > policy.cart_days
        if event.kind in ("cart", "saved_item") and ordered is not None:
            waits.append(Fraction((ordered - event.at) // timedelta(microseconds=1), 3_600_000_000))
    return {
        "carts_left": left,
        "open_cart_at": unordered,
        "cart_hours": float(median(waits)) if waits else None,
        "cart_orders": len(waits),
    }


def _complaint(events: Sequence[Event]) -> dict[str, Any]:
    complaints = [event.at for event in events if event.kind == "complaint"]
    last = max(complaints, default=None)
    answers = [
        event.at
        for event in events
        if event.kind == "staff_contact" and last is not None and event.at > last
    ]
    return {"complaint_at": last, "complaint_answered_at": min(answers, default=None)}


def _touches(touches: Sequence[Touch]) -> dict[str, Any]:
    answered = [touch.at for touch in touches if touch.answered is True]
    ignored = [touch.at for touch in touches if touch.answered is False]
    return {
        "touches": len(touches),
        "answered": len(answered),
        "unanswered": sum(not answered or at > max(answered) for at in ignored),
        "last_touch_at": max((touch.at for touch in touches), default=None),
    }


def _benefits(benefits: Iterable[Benefit], as_of: datetime, clock: ZoneInfo) -> dict[str, Any]:
    """Tell what is valid: from its first instant to before its last."""
    valid = [
        one
        for one in benefits
        if (one.valid_from is None or one.valid_from <= as_of)
        and (one.valid_until is None or as_of < one.valid_until)
    ]
    ahead = [
        at
        for one in benefits
        for at in (one.valid_from, one.valid_until)
        if at is not None and at > as_of
    ]
    return {
        "points": sum(one.remaining or 0 for one in valid if one.kind == "points"),
        "coupons": sum(one.kind == "coupon" and one.remaining != 0 for one in valid),
        "benefits_change_on": _day(min(ahead), clock) if ahead else None,
    }


def _ahead_on(
    dated: Iterable[Order | Event | Touch], as_of: datetime, clock: ZoneInfo
) -> date | None:
    ahead = [one.at for one in dated if one.at > as_of]
    return _day(min(ahead), clock) if ahead else None
