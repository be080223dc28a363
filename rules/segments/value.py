"""
Value tiers: who is worth most to a shop, as money that fades.

An amount counts half after every half-life without a new order, so a tier ends on a day that is
known when the last order arrives.
"""

from collections.abc import Mapping

import polars as pl

from rules.segments.definition import (
    Definition,
    Terms,
    Turn,
    at_least,
    count_of,
    days_after,
    known,
    rounded,
    when,
)
from schemas.dimensions import Dimension, Segment, WheelKind

TIERS = (Segment.SUPER_USER, Segment.TOP, Segment.VALUED)
"""From the highest to the lowest; who is in none of them has the ordinary value and no row."""

_RATIONALES = {
    Segment.SUPER_USER: "Watch the 1 %: super users carry a community and are to be known by name "
    "(domain.md, A: KOC cultivation, group roles). Money that fades asks that they still come.",
    Segment.TOP: "A ladder of levels lets each be treated differently (domain.md, A: tier ladders);"
    " this is the one below the super users.",
    Segment.VALUED: "A fifth of the members make most of the sales (domain.md, A: inner circle "
    "20/80); below them the ladder ends, for a level that holds everyone says nothing.",
}


def decayed(days: pl.Expr, half_life: int) -> pl.Expr:
    """Return what `worth` has faded to so many days after the last order."""
    return pl.col("worth") * pl.lit(0.5).pow(days * (1 / half_life))


def worth_on(terms: Terms) -> pl.Expr:
    """Return what `worth` has faded to by the day of the terms."""
    days = (pl.lit(terms.today) - pl.col("last_on")).dt.total_days()
    return decayed(days, terms.policy.half_life_days)


def falls_on(cut: float, half_life: int) -> pl.Expr:
    """
    Return the first Date on which `worth`, now at or above a cut, has faded below it.

    worth · 0.5^(d / h) < cut solves to d > h · log2(worth / cut). A logarithm may be a hair off
    where that is a whole number, so that day and the next are tried by the formula of `decayed`.
    """
    days = (half_life * (pl.col("worth") / cut).log(2)).floor().cast(pl.Int64, strict=False)
    stays = count_of(decayed(days + later, half_life) >= cut for later in (0, 1))
    return days_after(pl.col("last_on"), days + stays)


def _tier(place: int) -> Definition:
    segment = TIERS[place]

    def holds(terms: Terms) -> pl.Expr:
        worth = worth_on(terms)
        reached = [at_least(worth, getattr(terms.cuts, tier)) for tier in TIERS[: place + 1]]
        return reached[-1] & ~pl.any_horizontal(pl.lit(value=False), *reached[:-1])

    def evidence(terms: Terms) -> Mapping[str, pl.Expr]:
        cut = getattr(terms.cuts, segment)
        return {"worth": rounded(pl.col("worth")), **known("last_on"), "at_least": rounded(cut)}

    def falls(terms: Terms) -> pl.Expr:
        cut = getattr(terms.cuts, segment)
        if cut is None:
            return pl.lit(None, pl.Date)
        return when(holds(terms), falls_on(cut, terms.policy.half_life_days))

    return Definition(
        Dimension.VALUE,
        segment,
        _RATIONALES[segment],
        holds,
        evidence,
        turn=Turn(WheelKind.VALUE, falls),
    )


DEFINITIONS = tuple(_tier(place) for place in range(len(TIERS)))
