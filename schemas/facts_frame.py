"""
What is known of a person, one row each: the columns of a facts frame.

Days are dates of the business zone, instants are UTC, money is in ten-thousandths of the main unit
(`worth` and `unit_price` in main units). Only paid orders count, up to the instant the facts are
as of. A column that says nothing of a person is null; counts are 0.
"""

import polars as pl

_INSTANT = pl.Datetime("us", "UTC")

_CADENCE: dict[str, pl.DataType] = {
    "last_gap": pl.Int64(),
    "gap_median": pl.Float64(),
    "gap_spread": pl.Float64(),
    "prior_median": pl.Float64(),
    "prior_spread": pl.Float64(),
}

FAMILY = pl.Struct(
    {
        "family": pl.String(),
        "days": pl.Int64(),
        "units": pl.Int64(),
        "spent": pl.Int64(),
        "last_on": pl.Date(),
        **_CADENCE,
        "event": pl.String(),
    }
)
"""A family bought on two days or more; `event` is the "source:key" of the last order with it."""

TAG = pl.Struct(
    {
        "trait": pl.String(),
        "value": pl.String(),
        "event": pl.String(),
        "confidence": pl.Float64(),
        "expires_on": pl.Date(),
    }
)
"""An inferred trait with its evidence; on the day it expires it holds no longer."""

FACTS: dict[str, pl.DataType] = {
    "person_id": pl.Int64(),
    "orders": pl.Int64(),
    "refunds": pl.Int64(),
    "order_days": pl.Int64(),
    "units": pl.Int64(),
    "spent": pl.Int64(),
    "first_order_at": _INSTANT,
    "last_order_at": _INSTANT,
    "first_on": pl.Date(),
    "last_on": pl.Date(),
    **_CADENCE,
    "regularity": pl.Float64(),
    "worth": pl.Float64(),
    "basket": pl.Int64(),
    "largest": pl.Int64(),
    "basket_units": pl.Float64(),
    "unit_price": pl.Float64(),
    "discount_told": pl.Int64(),
    "discounted": pl.Int64(),
    "repeats_told": pl.Int64(),
    "repeats_discounted": pl.Int64(),
    "over_threshold": pl.Int64(),
    "store_key": pl.String(),
    "store_share": pl.Float64(),
    "channel": pl.String(),
    "channel_share": pl.Float64(),
    "city": pl.String(),
    "daypart": pl.Int64(),
    "daypart_share": pl.Float64(),
    "weekday": pl.Int64(),
    "weekday_share": pl.Float64(),
    "staple_key": pl.String(),
    "staple_name": pl.String(),
    "staple_days": pl.Int64(),
    "families": pl.List(FAMILY),
    "tags": pl.List(TAG),
    "reviews": pl.Int64(),
    "suggestions": pl.Int64(),
    "referrals": pl.Int64(),
    "staff_contacts": pl.Int64(),
    "visits": pl.Int64(),
    "saved_items": pl.Int64(),
    "carts": pl.Int64(),
    "carts_left": pl.Int64(),
    "open_cart_at": _INSTANT,
    "cart_hours": pl.Float64(),
    "cart_orders": pl.Int64(),
    "complaint_at": _INSTANT,
    "complaint_answered_at": _INSTANT,
    "touches": pl.Int64(),
    "answered": pl.Int64(),
    "unanswered": pl.Int64(),
    "last_touch_at": _INSTANT,
    "points": pl.Int64(),
    "coupons": pl.Int64(),
    "benefits_change_on": pl.Date(),
    "ahead_on": pl.Date(),
}
