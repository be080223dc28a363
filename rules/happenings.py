"""What persons said and did beside ordering, what they hold, and how they took our messages."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from schemas.enums import BenefitKind, EventKind
from schemas.segments import SegmentPolicy

_COUNTED = {
    "reviews": EventKind.REVIEW,
    "suggestions": EventKind.SUGGESTION,
    "referrals": EventKind.REFERRAL,
    "staff_contacts": EventKind.STAFF_CONTACT,
    "visits": EventKind.VISIT,
    "saved_items": EventKind.SAVED_ITEM,
    "carts": EventKind.CART,
}
_HOURS = 1 / 3.6e9
_INTERESTS = (EventKind.CART.value, EventKind.SAVED_ITEM.value)


def sayings(events: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Return how often each person did what, and whether a complaint was taken up."""
    past = events.filter(pl.col("at") <= as_of)
    counts = past.group_by("person_id").agg(
        **{name: (pl.col("kind") == kind.value).sum() for name, kind in _COUNTED.items()},
        complaint_at=pl.col("at").filter(pl.col("kind") == EventKind.COMPLAINT.value).max(),
    )
    answers = (
        past.filter(pl.col("kind") == EventKind.STAFF_CONTACT.value)
        .join(counts.select("person_id", "complaint_at"), on="person_id")
        .filter(pl.col("at") > pl.col("complaint_at"))
        .group_by("person_id")
        .agg(complaint_answered_at=pl.col("at").min())
    )
    return counts.join(answers, on="person_id", how="left")


def reactions(
    events: pl.DataFrame, paid: pl.DataFrame, as_of: datetime, zone: str, policy: SegmentPolicy
) -> pl.DataFrame:
    """
    Return how quickly orders follow carts and saved items, and which carts nothing follows.

    A cart that is still open is none of `carts_left`: the segments count it once it is old.
    """
    interests = events.filter(pl.col("at") <= as_of, pl.col("kind").is_in(_INTERESTS))
    following = (
        interests.select("person_id", "kind", "at")
        .sort("at")
        .join_asof(
            paid.select("person_id", "at", ordered_at="at", ordered_on="on").sort("at"),
            on="at",
            by="person_id",
            strategy="forward",
            check_sortedness=False,  # it cannot be checked within persons, and would warn
        )
        .with_columns(took=pl.col("ordered_at") - pl.col("at"))
    )
    cart = pl.col("kind") == EventKind.CART.value
    day = pl.col("at").dt.convert_time_zone(zone).dt.date()
    late = pl.col("ordered_on") > day + pl.duration(days=policy.cart_days)
    hours = pl.col("took").dt.total_microseconds() * _HOURS
    return following.group_by("person_id").agg(
        carts_left=(cart & late).sum(),
        open_cart_at=pl.col("at").filter(cart, pl.col("took").is_null()).max(),
        cart_hours=hours.median().round(4),
        cart_orders=hours.count(),
    )


def holdings(
    touches: pl.DataFrame, benefits: pl.DataFrame, as_of: datetime, zone: str
) -> Iterator[pl.DataFrame]:
    """Yield how each person took our messages, and what they may redeem."""
    answer = pl.col("at").filter(pl.col("answered")).max()
    yield (
        touches.filter(pl.col("at") <= as_of)
        .group_by("person_id")
        .agg(
            touches=pl.len(),
            answered=pl.col("answered").sum(),
            unanswered=((~pl.col("answered")) & (answer.is_null() | (pl.col("at") > answer))).sum(),
            last_touch_at=pl.col("at").max(),
        )
    )
    begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= as_of)
    over = pl.col("valid_until").is_not_null() & (pl.col("valid_until") <= as_of)
    valid = begun & ~over & (pl.col("remaining").is_null() | (pl.col("remaining") > 0))
    ahead = (
        pl.concat_list("valid_from", "valid_until")
        .list.eval(pl.element().filter(pl.element() > as_of))
        .list.min()
    )
    yield benefits.group_by("person_id").agg(
        points=pl.col("remaining")
        .filter(valid & (pl.col("kind") == BenefitKind.POINTS.value))
        .sum(),
        coupons=(valid & (pl.col("kind") == BenefitKind.COUPON.value)).sum(),
        benefits_change_on=ahead.min().dt.convert_time_zone(zone).dt.date(),
    )
