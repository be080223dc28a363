"""
Segments that evidence tags make: a favourite family is a taste, any other trait is one by name.

Rationale: every inferred trait has a source, a confidence and an end (product.md, 天虹: every
interaction yields a tag with evidence), so what has expired is said of nobody.
"""

from datetime import date

import polars as pl

from rules.segments.definition import as_json, known, rounded
from schemas.dimensions import Dimension, WheelKind
from schemas.segments import LIKES

NEEDS = frozenset({"tags"})


def tagged(facts: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """Return person_id, dimension, segment, since, spell and evidence of live tags."""
    likes = pl.col("trait") == LIKES
    return _live(facts, today).select(
        "person_id",
        dimension=pl.when(likes)
        .then(pl.lit(Dimension.TASTE.value))
        .otherwise(pl.lit(Dimension.TRAIT.value)),
        segment=pl.when(likes).then("value").otherwise(pl.format("{}:{}", "trait", "value")),
        since=pl.lit(None, pl.Date),
        spell=pl.lit(value=False),
        evidence=as_json(
            {
                **known("event", "expires_on"),
                "confidence": rounded(pl.col("confidence")),
            }
        ),
    )


def expiries(facts: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """Return person_id, kind and due_on: the days on which live tags expire."""
    return _live(facts, today).select(
        "person_id", kind=pl.lit(WheelKind.EVIDENCE.value), due_on="expires_on"
    )


def _live(facts: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """Return the tags that still hold; one that names nothing makes no segment."""
    return (
        facts.filter(pl.col("tags").list.len() > 0)
        .select("person_id", "tags")
        .explode("tags")
        .unnest("tags")
        .filter(pl.col("expires_on") > today)
        .drop_nulls(["trait", "value"])
    )
