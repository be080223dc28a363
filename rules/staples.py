"""What a person buys again and again: the one product, and the product families."""

import polars as pl

from rules.cadence import cadences

MOST_FAMILIES = 5
LEAST_DAYS = 2
"""A family bought on one day says nothing of a habit."""

_PRODUCT = ["person_id", "product_code"]
_FAMILY = ["person_id", "family_code"]


def coded(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Add product_code and family_code: numbers are grouped many times faster than their names.

    Two sources may have a key in common, but a family of one name is one family.
    """
    return lines.with_columns(
        product_code=pl.concat_str("source", "product_key", separator="\n")
        .cast(pl.Categorical)
        .to_physical(),
        family_code=pl.col("family").cast(pl.Categorical).to_physical(),
    )


def staples(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Return the product each person bought on the most days.

    Of equals the one most was spent on counts, then the smallest key, then name. `lines` are
    coded, and have the `on` of their order.
    """
    days = lines.select(*_PRODUCT, "on").unique().group_by(_PRODUCT).agg(staple_days=pl.len())
    most = days.filter(pl.col("staple_days") == pl.col("staple_days").max().over("person_id"))
    spent = (
        lines.join(most, on=_PRODUCT, how="semi")
        .group_by(_PRODUCT)
        .agg(
            spent=pl.col("amount").sum(),
            staple_key=pl.col("product_key").first(),
            staple_name=pl.col("name").max(),
        )
    )
    return (
        most.join(spent, on=_PRODUCT)
        .sort(
            *("person_id", "spent", "staple_key", "staple_name"),
            descending=[False, True, False, False],
        )
        .unique("person_id", keep="first", maintain_order=True)
        .select("person_id", "staple_key", "staple_name", "staple_days")
    )


def families(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Return how each person buys each of up to MOST_FAMILIES favourite families, best first.

    The columns are person_id and those of schemas.facts_frame.FAMILY. Favourite is what was bought
    on most days, then for most money, then the first by name. `lines` are coded, and have the on,
    at, source and key of their order.
    """
    days = lines.select(*_FAMILY, "on").unique()
    often = days.group_by(_FAMILY).agg(days=pl.len()).filter(pl.col("days") >= LEAST_DAYS)
    bought = lines.join(often, on=_FAMILY, how="semi")
    spent = bought.group_by(_FAMILY).agg(
        pl.col("units").sum(), pl.col("family").first(), spent=pl.col("amount").sum()
    )
    best = (
        often.join(spent, on=_FAMILY)
        .sort("person_id", "days", "spent", "family", descending=[False, True, True, False])
        .filter(pl.int_range(pl.len()).over("person_id") < MOST_FAMILIES)
    )
    rhythms = cadences(days.join(best, on=_FAMILY, how="semi"), _FAMILY)
    return (
        best.join(rhythms, on=_FAMILY, maintain_order="left")
        .join(_latest(bought), on=_FAMILY, maintain_order="left")
        .select(
            *("person_id", "family", "days", "units", "spent", "last_on", "last_gap"),
            *("gap_median", "gap_spread", "prior_median", "prior_spread", "event"),
        )
    )


def _latest(bought: pl.DataFrame) -> pl.DataFrame:
    """Return the last order in which each person bought each family."""
    newest = bought.filter(pl.col("at") == pl.col("at").max().over(_FAMILY))
    last = newest.filter(pl.col("order_id") == pl.col("order_id").max().over(_FAMILY))
    return last.unique(_FAMILY).select(
        *_FAMILY, event=pl.concat_str("source", "key", separator=":")
    )
