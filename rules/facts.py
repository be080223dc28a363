"""
From what happened to persons to the facts that segments and scenes read: many persons at once.

Only what was paid by `as_of` counts. A day is a local date of the business, so two orders around
midnight may be of one instant's night and still of two days.
"""

from datetime import UTC, datetime

import polars as pl

from rules.cadence import cadences, regularity
from rules.happenings import holdings, reactions, sayings
from rules.purchases import habits, purchases
from rules.staples import coded, families, staples
from rules.traits import tags
from schemas.facts_frame import FACTS
from schemas.histories import CENTS, Histories
from schemas.policy import Policy

_NONE = {
    name: pl.lit(0, kind)
    for name, kind in FACTS.items()
    if name
    in {
        *("orders", "refunds", "order_days", "units", "spent", "regularity", "worth"),
        *("discount_told", "discounted", "repeats_told", "repeats_discounted", "over_threshold"),
        *("staple_days", "reviews", "suggestions", "referrals", "staff_contacts", "visits"),
        *("saved_items", "carts", "carts_left", "cart_orders"),
        *("touches", "answered", "unanswered", "points", "coupons"),
    }
}
"""What is zero, not unknown, of somebody of whom nothing is told."""


def facts(told: Histories, as_of: datetime, zone: str, policy: Policy) -> pl.DataFrame:
    """
    Return a row of FACTS for every person told of, in the order of their ids.

    The result depends neither on the order of rows nor on who else is told of.
    """
    as_of = as_of.astimezone(UTC)
    orders = told.orders.with_columns(
        on=pl.col("at").dt.convert_time_zone(zone).dt.date(), past=pl.col("at") <= as_of
    )
    paid = orders.filter(pl.col("status") == "paid", "past")
    lines = coded(
        told.lines.join(paid.select("order_id", "on", "at", "source", "key"), on="order_id")
    )
    known = told.persons.sort("person_id")
    loved = families(lines)
    parts: list[pl.DataFrame] = [
        _counts(orders, lines),
        purchases(paid, policy.segments),
        _rhythms(paid),
        *habits(paid, zone),
        staples(lines),
        loved.group_by("person_id").agg(families=pl.struct(pl.exclude("person_id"))),
        _tags(tags(paid, lines, known, loved, policy.segments)),
        sayings(told.events, as_of),
        reactions(told.events, paid, as_of, zone, policy.segments),
        *holdings(told.touches, told.benefits, as_of, zone),
        _ahead(told, as_of, zone),
    ]
    for part in parts:
        known = known.join(part, on="person_id", how="left", maintain_order="left")
    return _complete(known)


def _counts(orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    refunds = (
        orders.filter(pl.col("status") == "refunded", "past")
        .group_by("person_id")
        .agg(refunds=pl.len())
    )
    units = lines.group_by("person_id").agg(pl.col("units").sum())
    return refunds.join(units, on="person_id", how="full", coalesce=True)


def _rhythms(paid: pl.DataFrame) -> pl.DataFrame:
    return cadences(paid.select("person_id", "on"), ["person_id"]).with_columns(
        regularity=regularity()
    )


def _ahead(told: Histories, as_of: datetime, zone: str) -> pl.DataFrame:
    """Return the first day of what is dated ahead: clocks of tills and phones go wrong."""
    dated = pl.concat(
        [part.select("person_id", "at") for part in (told.orders, told.events, told.touches)]
    )
    ahead = dated.filter(pl.col("at") > as_of).group_by("person_id").agg(pl.col("at").min())
    return ahead.select("person_id", ahead_on=pl.col("at").dt.convert_time_zone(zone).dt.date())


def _tags(found: pl.DataFrame) -> pl.DataFrame:
    ordered = found.sort("person_id", "trait", "value")
    return ordered.group_by("person_id", maintain_order=True).agg(
        tags=pl.struct(pl.exclude("person_id"))
    )


def _complete(known: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of FACTS, zero where nothing is told of a number of things."""
    units, spent = pl.col("units").cast(pl.Float64), pl.col("spent").cast(pl.Float64)
    filled = known.with_columns(
        *(pl.col(name).fill_null(none) for name, none in _NONE.items()),
        *(_listed(name) for name in ("families", "tags")),
        city=pl.coalesce("city", "store_city"),
    ).with_columns(
        basket_units=pl.when(pl.col("orders") > 0).then((units / pl.col("orders")).round(4)),
        unit_price=pl.when(pl.col("units") > 0).then((spent / units * (1 / CENTS)).round(4)),
    )
    return filled.select(pl.col(name).cast(kind) for name, kind in FACTS.items())


def _listed(name: str) -> pl.Expr:
    return pl.col(name).fill_null(pl.lit([], FACTS[name]))
