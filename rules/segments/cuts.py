"""Where a shop's members divide: the cuts that make "worth much" and "dear" relative to it."""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from rules.segments.definition import Terms
from rules.segments.shopper import order_rate, proven
from rules.segments.value import worth_on
from schemas.section import short_hash
from schemas.segments import Cuts, SegmentPolicy

_TAKEN_BY = (
    *("half_life_days", "super_user_share", "top_share", "valued_share"),
    *("shopper_days", "active_share", "batch_share", "price_share"),
)
_ROUNDING = 1e-9
"""0.29 of 100 members are 29, whatever floating point makes of it."""


def cuts_version(policy: SegmentPolicy) -> str:
    """Return a short hash of all that cuts are taken by, beside facts."""
    rules = policy.model_dump(mode="json")
    return short_hash([rules[key] for key in _TAKEN_BY])


def cuts_of(facts: pl.DataFrame, today: date, policy: SegmentPolicy) -> Cuts:
    """
    Return the cuts of a population on a day, to be kept until its model is fitted anew.

    At most the policy's share of members reaches a cut: where so many are equal that more would,
    the cut is above them, and it is None where nobody is left.

    Rationale: tiers are shares of all whose money has not faded to nothing; the rest compares
    members who have bought often enough to be of a shopper type.
    """
    terms = Terms(today, policy, Cuts(), ZoneInfo("UTC"))
    worth = facts.select(value=worth_on(terms))["value"]
    peers = facts.filter(proven(terms)).select(
        "unit_price", "basket_units", order_rate=order_rate()
    )
    return Cuts(
        super_user=_least(worth, policy.super_user_share),
        top=_least(worth, policy.top_share),
        valued=_least(worth, policy.valued_share),
        unit_price_low=_most(peers["unit_price"], policy.price_share),
        unit_price_high=_least(peers["unit_price"], policy.price_share),
        order_rate=_least(peers["order_rate"], policy.active_share),
        basket_units=_least(peers["basket_units"], policy.batch_share),
    )


def _least(values: pl.Series, share: float) -> float | None:
    return _last_within(values, share, descending=True)


def _most(values: pl.Series, share: float) -> float | None:
    return _last_within(values, share, descending=False)


def _last_within(values: pl.Series, share: float, *, descending: bool) -> float | None:
    """Return the value up to which, from one end, there is no more than a share of all."""
    positive = values.filter(values > 0)
    counted = positive.alias("value").value_counts().sort("value", descending=descending)
    allowed = share * len(positive) + _ROUNDING
    within = counted.filter(pl.col("count").cum_sum() <= allowed)["value"]
    return None if within.is_empty() else float(within[-1])
