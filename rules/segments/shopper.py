"""
The nine shopper types of the source texts (domain.md, B: 2.2), told from orders and carts.

Several may hold of one person. None is told before `shopper_days` distinct order days: two orders
may be chance. "Dear", "frequent" and the like are relative to the shop, so they need its cuts.
"""

import polars as pl

from rules.segments.definition import (
    Definition,
    Terms,
    Turn,
    at_least,
    day_of,
    days_after,
    known,
    rounded,
    when,
)
from schemas.dimensions import Dimension, Segment, WheelKind

_MONTH = 30


def order_rate() -> pl.Expr:
    """Return the repeat order days per 30 days from the first to the last, at least 30 of them."""
    span = (pl.col("last_on") - pl.col("first_on")).dt.total_days()
    return (pl.col("order_days") - 1) * _MONTH / span.clip(lower_bound=_MONTH)


def proven(terms: Terms) -> pl.Expr:
    """Return whether there are enough order days to tell a type from."""
    return pl.col("order_days") >= terms.policy.shopper_days


def _active_until(terms: Terms) -> pl.Expr:
    return days_after(pl.col("last_on"), terms.policy.active_days)


def _is_active(terms: Terms) -> pl.Expr:
    frequent = at_least(order_rate(), terms.cuts.order_rate)
    return proven(terms) & frequent & (_active_until(terms) >= terms.today)


def _buys_batches(terms: Terms) -> pl.Expr:
    least = max(terms.policy.batch_units, terms.cuts.basket_units or 0)
    return proven(terms) & (pl.col("basket_units") >= least)


def _hunts_free_shipping(terms: Terms) -> pl.Expr:
    if terms.policy.free_shipping_from is None:
        return pl.lit(value=False)
    just_over = pl.col("over_threshold")
    often = just_over / pl.col("orders") >= terms.policy.hunter_share
    return proven(terms) & often & (just_over >= terms.policy.shopper_days)


def _keeps_points(terms: Terms) -> pl.Expr:
    return proven(terms) & (pl.col("points") >= terms.policy.points_kept)


def _orders_after_carts(terms: Terms) -> pl.Expr:
    return proven(terms) & (pl.col("cart_orders") >= terms.policy.cart_orders)


def _is_impatient(terms: Terms) -> pl.Expr:
    return _orders_after_carts(terms) & (pl.col("cart_hours") <= terms.policy.impatient_hours)


def _is_deliberate(terms: Terms) -> pl.Expr:
    return _orders_after_carts(terms) & (pl.col("cart_hours") >= terms.policy.deliberate_hours)


def _cart_given_up_on(terms: Terms) -> pl.Expr:
    return days_after(day_of("open_cart_at", terms), terms.policy.cart_days + 1)


def _is_given_up(terms: Terms) -> pl.Expr:
    return (_cart_given_up_on(terms) <= terms.today).fill_null(value=False)


def _leaves_often(left: pl.Expr, terms: Terms) -> pl.Expr:
    policy = terms.policy
    often = left / pl.col("carts") >= policy.carts_left_share
    return proven(terms) & often & (left >= policy.carts_left)


def _left(terms: Terms) -> pl.Expr:
    return pl.col("carts_left") + _is_given_up(terms).cast(pl.Int64)


def _one_more_left_on(terms: Terms) -> pl.Expr:
    counts = _leaves_often(pl.col("carts_left") + 1, terms)
    return when(counts, _cart_given_up_on(terms))


def _is_thrifty(terms: Terms) -> pl.Expr:
    cut = terms.cuts.unit_price_low
    cheap = pl.lit(value=False) if cut is None else pl.col("unit_price") <= cut
    return proven(terms) & cheap


def _is_premium(terms: Terms) -> pl.Expr:
    return proven(terms) & at_least(pl.col("unit_price"), terms.cuts.unit_price_high)


DEFINITIONS = (
    Definition(
        Dimension.SHOPPER,
        Segment.ACTIVE,
        "Orders more often than most of the shop's members and has done so lately; deals that end "
        "and related items are news to such a person, not noise.",
        _is_active,
        lambda terms: {
            **known("order_days", "first_on", "last_on"),
            "per_30_days": rounded(order_rate()),
            "at_least": rounded(terms.cuts.order_rate),
        },
        turn=Turn(
            WheelKind.SHOPPER,
            lambda terms: when(_is_active(terms), days_after(_active_until(terms), 1)),
        ),
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.BATCH_BUYER,
        "Puts much into one order, by the policy and by the shop's own measure, so complements to "
        "a cart and festival sets help.",
        _buys_batches,
        lambda _: {**known("orders", "units"), "per_order": rounded(pl.col("basket_units"))},
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.FREE_SHIPPING_HUNTER,
        "Orders end up just over the amount from which shipping is free, again and again; free "
        "shipping moves this person where a discount does not.",
        _hunts_free_shipping,
        lambda _: known("orders", "over_threshold"),
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.POINTS_KEEPER,
        "Comes back and holds many valid points; whoever saves them wants to hear when they can "
        "be redeemed.",
        _keeps_points,
        lambda _: known("order_days", "points"),
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.IMPATIENT,
        "Orders within hours of filling a cart or saving an item, by the median; one precise "
        "suggestion serves better than a choice.",
        _is_impatient,
        lambda _: {**known("cart_orders"), "cart_hours": rounded(pl.col("cart_hours"))},
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.CART_ABANDONER,
        "Leaves carts for longer than `cart_days`, repeatedly and for a good part of them; "
        "distracted rather than unwilling, so a reminder to finish is a service.",
        lambda terms: _leaves_often(_left(terms), terms),
        lambda terms: {
            **known("carts"),
            "left": _left(terms),
            "open_since": when(_is_given_up(terms), day_of("open_cart_at", terms)),
        },
        turn=Turn(WheelKind.CART, _one_more_left_on),
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.THRIFTY,
        "Pays less per unit than most of the shop's returning members; needs a reason to buy at "
        "all, not a dearer choice.",
        _is_thrifty,
        lambda terms: {
            **known("order_days"),
            "unit_price": rounded(pl.col("unit_price")),
            "at_most": rounded(terms.cuts.unit_price_low),
        },
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.PREMIUM,
        "Pays more per unit than most of the shop's returning members; the newest is of interest, "
        "and benefits from an amount spent rather than a lower price.",
        _is_premium,
        lambda terms: {
            **known("order_days"),
            "unit_price": rounded(pl.col("unit_price")),
            "at_least": rounded(terms.cuts.unit_price_high),
        },
    ),
    Definition(
        Dimension.SHOPPER,
        Segment.DELIBERATE,
        "Takes days between a cart or saved item and the order, by the median; other buyers' "
        "experience helps such a person to decide.",
        _is_deliberate,
        lambda _: {**known("cart_orders"), "cart_hours": rounded(pl.col("cart_hours"))},
    ),
)
