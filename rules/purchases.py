"""What a person spends, under which discounts, where, and at what time of the day and the week."""

from collections.abc import Iterator

import polars as pl

from schemas.histories import CENTS
from schemas.segments import SegmentPolicy

DAYPART_HOURS = 3
"""A day has eight parts of three hours; the first begins at midnight."""

_PLACES = 4


def purchases(paid: pl.DataFrame, policy: SegmentPolicy) -> pl.DataFrame:
    """
    Return what each person with a paid order spent, and how far under discount.

    `worth` is the money spent, each amount halved for every `half_life_days` between its day and
    the last order day: recency and money in one number. Between two orders it only decays, so the
    day is known on which it falls below any bound.
    """
    told, reduced = pl.col("discount").is_not_null(), pl.col("discount") > 0
    age = (pl.col("on").max().over("person_id") - pl.col("on")).dt.total_days()
    decayed = pl.col("paid") * pl.lit(0.5) ** (age * (1 / policy.half_life_days))
    again = pl.col("person_id") == pl.col("person_id").shift(1)
    ordered = paid.sort("person_id", "at", "order_id").with_columns(
        # Whole ten-thousandths: their sum is the same in whatever order it is taken.
        worth=decayed.round().cast(pl.Int64),
        repeat=again.fill_null(value=False),
    )
    return ordered.group_by("person_id").agg(
        orders=pl.len(),
        spent=pl.col("paid").sum(),
        first_order_at=pl.col("at").min(),
        last_order_at=pl.col("at").max(),
        worth=(pl.col("worth").sum() * (1 / CENTS)).round(4),
        basket=pl.col("paid").sort().get((pl.len() - 1) // 2),
        largest=pl.col("paid").max(),
        discount_told=told.sum(),
        discounted=reduced.sum(),
        repeats_told=(told & pl.col("repeat")).sum(),
        repeats_discounted=(reduced & pl.col("repeat")).sum(),
        over_threshold=_over(policy).sum(),
    )


def habits(paid: pl.DataFrame, zone: str) -> Iterator[pl.DataFrame]:
    """
    Yield the favourite store, channel (the source that tells of the order), daypart and weekday.

    Each comes with its share of all orders, those without a store included.
    """
    local = pl.col("at").dt.convert_time_zone(zone)
    timed = paid.with_columns(
        channel=pl.col("source"),
        daypart=local.dt.hour() // DAYPART_HOURS,
        weekday=local.dt.weekday(),
    )
    cities = paid.select("store_key", "source", "store_city").unique()
    yield (
        _favourite(timed, "store_key", "store_share", among=("source",))
        .join(cities, on=("store_key", "source"), how="left")
        .drop("source")
    )
    yield _favourite(timed, "channel", "channel_share")
    yield _favourite(timed, "daypart", "daypart_share", by_time=False)
    yield _favourite(timed, "weekday", "weekday_share", by_time=False)


def _favourite(
    orders: pl.DataFrame,
    column: str,
    share: str,
    *,
    among: tuple[str, ...] = (),
    by_time: bool = True,
) -> pl.DataFrame:
    """Return the most frequent value per person; of equals the latest, then the smallest."""
    whole = orders.group_by("person_id").agg(every=pl.len())
    counted = (
        orders.filter(pl.col(column).is_not_null())
        .group_by("person_id", column, *among)
        .agg(count=pl.len(), latest=pl.col("at").max() if by_time else pl.lit(0))
    )
    best = counted.filter(pl.col("count") == pl.col("count").max().over("person_id"))
    order = ("person_id", "latest", column, *among)
    first = best.sort(order, descending=[name == "latest" for name in order]).unique(
        "person_id", keep="first", maintain_order=True
    )
    part = (pl.col("count") / pl.col("every")).round(_PLACES)
    return first.join(whole, on="person_id").select("person_id", column, *among, part.alias(share))


def _over(policy: SegmentPolicy) -> pl.Expr:
    """Return whether an order just reaches the amount from which it is sent free of charge."""
    if policy.free_shipping_from is None:
        return pl.lit(value=False)
    threshold = int(policy.free_shipping_from * CENTS)
    most = threshold + round(threshold * policy.hunter_margin)
    return pl.col("paid").is_between(threshold, most)
