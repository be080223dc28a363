"""What products, benefits and events are held to."""

from typing import Any

from schemas.limits import BENEFITS, EVENTS, MAX_PRICE, MAX_REMAINING
from tasks.expectations.bounds import (
    Bounds,
    between,
    currency_code,
    in_set,
    never,
    present,
    readable,
    unique,
)


def products(_: Bounds) -> dict[str, Any]:
    """Return what products are held to."""
    return {
        **present("key", "name"),
        **unique("key"),
        "stock_range": between("stock", min_value=0, max_value=MAX_REMAINING),
        **readable(),
    }


def benefits(_: Bounds) -> dict[str, Any]:
    """Return what coupons and lots of points are held to."""
    return {
        **present("key", "kind", "name"),
        **unique("key"),
        "kind_known": in_set("kind", BENEFITS),
        "member_known": never("member_missing"),
        "coupon_valued": between("coupon_value", min_value=0, strict_min=True, max_value=MAX_PRICE),
        "coupon_currency": never("currency_untold"),
        "threshold_range": between("threshold", min_value=0, max_value=MAX_PRICE),
        **currency_code(),
        "currency_expected": never("currency_odd"),
        "points_counted": never("points_uncounted"),
        "remaining_range": between("remaining", min_value=0, max_value=MAX_REMAINING),
        "validity_ordered": between("seconds_valid", min_value=0),
        **readable(),
    }


def member_events(bounds: Bounds) -> dict[str, Any]:
    """Return what happened to members is held to."""
    return {
        **present("key", "member_key", "kind", "at"),
        **bounds.past("at"),
        **bounds.begun("at"),
        **unique("key"),
        "kind_known": in_set("kind", EVENTS),
        "member_known": never("member_missing"),
        **readable(),
    }
