"""
What is inferred of a person, each with its source, confidence and end: evidence tags.

A tag is (person_id, trait, value, event, confidence, expires_on). `event` is the "source:key" of
the latest order that supports it; it expires the policy's days after that order's day, on which it
holds no longer. `confidence` is 1 − 0.5^(days / asked for): a half when there are just as many
distinct days of evidence as the policy asks for, nearer to 1 with each day more. Rationale: every
repetition halves what chance may have done.

`orders` are those that count, with person_id, order_id, at, on (their local day), source, key and
store_city. Rows may come in any order.
"""

from collections.abc import Sequence

import polars as pl

from schemas.segments import LIKES, TRAVELS, DeclaredTrait, SegmentPolicy

WEEKDAYS = "weekdays"
WEEKENDS = "weekends"

_PLACES = 4
_FRIDAY = 5
_CITY = "市"
_TAG = ("person_id", "trait", "value", "event", "confidence", "expires_on")


def tags(
    orders: pl.DataFrame,
    lines: pl.DataFrame,
    persons: pl.DataFrame,
    families: pl.DataFrame,
    policy: SegmentPolicy,
) -> pl.DataFrame:
    """
    Return every tag, one row per person, trait and value, in any order.

    `lines` have order_id, name and family; `persons` have person_id and city, which may be null;
    `families` are favourite families with person_id and the fields of schemas.facts_frame.FAMILY.
    """
    declared = [declared_trait(orders, lines, trait) for trait in policy.traits]
    return pl.concat([likes(orders, families, policy), travels(orders, persons, policy), *declared])


def likes(orders: pl.DataFrame, families: pl.DataFrame, policy: SegmentPolicy) -> pl.DataFrame:
    """
    Return the tags of families bought on many days, and on a good share of all order days.

    Rationale: a taste is what somebody keeps coming back to among all they buy, not what fills
    one large order (product.md, Luckin: a new latte goes to latte lovers only).
    """
    often = families.filter(pl.col("days") >= policy.taste_days)
    order_days = (
        orders.join(often, on="person_id", how="semi")
        .group_by("person_id")
        .agg(order_days=pl.col("on").n_unique())
    )
    loved = often.join(order_days, on="person_id").filter(
        pl.col("days") / pl.col("order_days") >= policy.taste_share
    )
    return _tags(loved, LIKES, pl.col("family"), policy.taste_days, policy.trait_days)


def travels(orders: pl.DataFrame, persons: pl.DataFrame, policy: SegmentPolicy) -> pl.DataFrame:
    """
    Return the tags of persons who buy in other cities than theirs, on weekdays or at weekends.

    Whose city is unknown is nowhere away. Rationale: a chain's members are reached by city and
    store (product.md, Luckin); who is away on weekdays is at work there, at weekends at leisure.
    """
    home = persons.select("person_id", home=_city("city")).drop_nulls()
    away = (
        orders.join(home, on="person_id")
        .filter(_city("store_city") != pl.col("home"))
        .with_columns(
            when=pl.when(pl.col("on").dt.weekday() <= _FRIDAY)
            .then(pl.lit(WEEKDAYS))
            .otherwise(pl.lit(WEEKENDS))
        )
    )
    often = _support(away, ["person_id", "when"], policy.travel_days)
    return _tags(often, TRAVELS, pl.col("when"), policy.travel_days, policy.trait_days)


def declared_trait(orders: pl.DataFrame, lines: pl.DataFrame, trait: DeclaredTrait) -> pl.DataFrame:
    """
    Return the tags of a trait that the policy reads from what was bought.

    Rationale: only a business knows what a product says of its buyer, so nothing about a family
    or a life is guessed that it has not declared.
    """
    family, name = (pl.col(column).str.to_lowercase() for column in ("family", "name"))
    told = family.is_in([one.lower() for one in trait.families])
    told |= name.str.contains_any([one.lower() for one in trait.products])
    # A shop has far fewer products than lines, and texts are slow to search.
    products = lines.select("family", "name").unique().filter(told)
    bought = lines.join(products, on=["family", "name"], how="semi", nulls_equal=True)
    supporting = orders.join(bought, on="order_id", how="semi")
    often = _support(supporting, ["person_id"], trait.days)
    return _tags(often, trait.name, pl.lit(trait.value), trait.days, trait.keep_days)


def _support(orders: pl.DataFrame, by: Sequence[str], asked: int) -> pl.DataFrame:
    """Return distinct days, the last of them and the last event, where days are enough."""
    counted = (
        orders.sort("at", "order_id")
        .group_by(by)
        .agg(
            pl.col("source", "key").last(),
            days=pl.col("on").n_unique(),
            last_on=pl.col("on").last(),
        )
    )
    return counted.filter(pl.col("days") >= asked).with_columns(
        event=pl.concat_str("source", "key", separator=":")
    )


def _tags(
    support: pl.DataFrame, trait: str, value: pl.Expr, asked: int, keep_days: int
) -> pl.DataFrame:
    return support.select(
        "person_id",
        "event",
        trait=pl.lit(trait),
        value=value,
        confidence=(1 - pl.lit(0.5).pow(pl.col("days") * (1 / asked))).round(_PLACES),
        expires_on=pl.col("last_on") + pl.duration(days=keep_days),
    ).select(_TAG)


def _city(column: str) -> pl.Expr:
    """Return a city's name without the word for city, which only some sources add."""
    return pl.col(column).str.strip_chars().str.strip_suffix(_CITY)
