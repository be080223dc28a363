"""What tests ask of segments, in plain values."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from rules.segments.memberships import memberships, turns
from schemas.segments import Cuts, SegmentPolicy
from tests.rules.builders import SHANGHAI
from tests.rules.facts_builder import TODAY

POLICY = SegmentPolicy()
NO_CUTS = Cuts()

Row = tuple[Any, ...]


def rows(
    facts: pl.DataFrame,
    today: date = TODAY,
    policy: SegmentPolicy = POLICY,
    cuts: Cuts = NO_CUTS,
    zone: ZoneInfo = SHANGHAI,
) -> list[Row]:
    """Return every membership, sorted."""
    return sorted(memberships(facts, today, policy, cuts, zone).rows(), key=repr)


def segments(
    facts: pl.DataFrame, today: date = TODAY, policy: SegmentPolicy = POLICY, cuts: Cuts = NO_CUTS
) -> set[str]:
    """Return the segments that anybody is in."""
    return {row[2] for row in rows(facts, today, policy, cuts)}


def evidence(
    facts: pl.DataFrame, segment: str, policy: SegmentPolicy = POLICY, cuts: Cuts = NO_CUTS
) -> Any:
    """Return the evidence of the only member of a segment."""
    (text,) = [row[5] for row in rows(facts, TODAY, policy, cuts) if row[2] == segment]
    return json.loads(text)


def due(
    facts: pl.DataFrame,
    today: date = TODAY,
    policy: SegmentPolicy = POLICY,
    cuts: Cuts = NO_CUTS,
    zone: ZoneInfo = SHANGHAI,
) -> dict[tuple[int, str], date]:
    """Return the next day of change by person and kind."""
    found = turns(facts, today, policy, cuts, zone)
    assert found.select("person_id", "kind").is_unique().all()
    return {(person, kind): on for person, kind, on in found.rows()}
