"""Who is likely to order soon anyway, and until when that will be said of them."""

from datetime import date

import polars as pl

from rules.population import Population
from rules.segments.definition import as_json, rounded
from schemas.dimensions import Dimension, Segment, WheelKind
from schemas.segments import SegmentPolicy

_ROW = ("person_id", "order_days", "first_on", "last_on")


def outlook(
    facts: pl.DataFrame, today: date, policy: SegmentPolicy, population: Population
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    Return the memberships of those who will probably order within `likely_days`, and their turns.

    The turns are person_id, kind and due_on: the day on which an order is likely no longer.

    Rationale: whoever buys anyway needs no reason to, least of all a discount; and what they do
    next is no effect of a message (prediction.md, point 4).
    """
    likely = _until(facts, policy, population).filter(pl.col("until") > today)
    evidence = {
        "order_days": pl.col("order_days"),
        "last_on": pl.col("last_on"),
        "likely_until": pl.col("until"),
        "p_order": rounded(pl.col("p_order")),
    }
    memberships = likely.select(
        "person_id",
        dimension=pl.lit(Dimension.OUTLOOK.value),
        segment=pl.lit(Segment.LIKELY.value),
        since="last_on",
        spell=pl.lit(value=False),
        evidence=as_json(evidence),
    )
    kind = pl.lit(WheelKind.OUTLOOK.value)
    return memberships, likely.select("person_id", kind=kind, due_on="until")


def _until(facts: pl.DataFrame, policy: SegmentPolicy, population: Population) -> pl.DataFrame:
    """Return the day on which the probability of each person's order falls below likely."""
    buyers = facts.select(_ROW).filter(pl.col("order_days") > 0)
    model = population.bgnbd
    if model is None:
        return buyers.clear().with_columns(
            until=pl.lit(None, pl.Date), p_order=pl.lit(None, pl.Float64)
        )
    x = (buyers["order_days"] - 1).to_numpy()
    t_x = (buyers["last_on"] - buyers["first_on"]).dt.total_days().to_numpy()
    # A busy season makes more of each day ahead, as if there were more days.
    horizon = policy.likely_days * population.season
    days = model.days_until_below(x, t_x, policy.likely_share, horizon)
    return buyers.with_columns(
        until=(pl.col("last_on").cast(pl.Int32) + pl.Series(days).cast(pl.Int32)).cast(pl.Date),
        p_order=pl.Series(model.p_order(x, t_x, t_x, horizon)),
    )
