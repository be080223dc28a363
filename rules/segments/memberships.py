"""Who is in which segment on a day, and when time alone changes that: columns in, columns out."""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from rules.segments import bonds, shopper, value
from rules.segments.definition import Definition, Terms, as_json
from rules.segments.tagged import NEEDS, expiries, tagged
from schemas.segments import Cuts, SegmentPolicy

DEFINITIONS = (*value.DEFINITIONS, *shopper.DEFINITIONS, *bonds.DEFINITIONS)


def memberships(
    facts: pl.DataFrame, today: date, policy: SegmentPolicy, cuts: Cuts, zone: ZoneInfo
) -> pl.DataFrame:
    """
    Return a row per person and segment that holds on `today`, in any order.

    Columns: person_id, dimension, segment, since (Date, null where it is not known), spell (whether
    another `since` is another spell), evidence (JSON text, the same for the same facts; money in
    main units). `zone` is the business's, for the days of carts and complaints.
    """
    terms = Terms(today, policy, cuts, zone)
    rows = _needed(facts, terms).lazy()
    parts = [_members(rows, one, terms) for one in DEFINITIONS]
    return pl.concat(pl.collect_all([*parts, tagged(rows, today)]))


def turns(
    facts: pl.DataFrame, today: date, policy: SegmentPolicy, cuts: Cuts, zone: ZoneInfo
) -> pl.DataFrame:
    """
    Return person_id, kind and due_on: the next Date after `today` that changes a membership.

    One row per person and kind, in any order, and none where nothing of a kind will change.
    """
    terms = Terms(today, policy, cuts, zone)
    rows = _needed(facts, terms).lazy()
    parts = [
        rows.select(
            "person_id", kind=pl.lit(one.turn.kind.value), due_on=one.turn.on(terms)
        ).filter(pl.col("due_on") > today)
        for one in DEFINITIONS
        if one.turn is not None
    ]
    every = pl.concat(pl.collect_all([*parts, expiries(rows, today)]))
    return every.group_by("person_id", "kind").agg(pl.col("due_on").min())


def _needed(facts: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    columns = NEEDS.union(*(one.needs(terms) for one in DEFINITIONS))
    return facts.select("person_id", *sorted(columns))


def _members(facts: pl.LazyFrame, one: Definition, terms: Terms) -> pl.LazyFrame:
    since = pl.lit(None, pl.Date) if one.since is None else one.since(terms)
    return facts.filter(one.holds(terms)).select(
        "person_id",
        dimension=pl.lit(one.dimension.value),
        segment=pl.lit(one.segment.value),
        since=since,
        spell=pl.lit(one.since is not None),
        evidence=as_json(one.evidence(terms)),
    )
