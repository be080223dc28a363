"""What tests ask of judgements: worlds whose facts agree, populations, and rows by person."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import strategies as st

from rules.bgnbd import BgNbd
from rules.cadence import PopulationRhythm
from rules.facts import facts
from rules.judgement import Judged, judge
from rules.population import Population
from schemas.dimensions import Dimension, WheelKind
from schemas.policy import Policy
from schemas.segments import Cuts
from tests.rules.builders import SHANGHAI
from tests.rules.facts_builder import TODAY
from tests.rules.histories_builder import World, worlds
from tests.rules.lives import histories

CDNOW = BgNbd(0.2656, 38.08, 0.599, 2.229)
RHYTHM = PopulationRhythm(30.0, 0.8, 0.5)
CUTS = Cuts(500.0, 100.0, 10.0, 1.0, 50.0, 1.0, 3.0)
LEARNED = Population(CDNOW, RHYTHM, CUTS, season=1.3, why="a test")

MOVED_BY = {
    Dimension.LIFECYCLE: (WheelKind.LIFECYCLE,),
    Dimension.NEED: (WheelKind.NEED,),
    Dimension.OUTLOOK: (WheelKind.OUTLOOK,),
    Dimension.VALUE: (WheelKind.VALUE,),
    Dimension.SHOPPER: (WheelKind.SHOPPER, WheelKind.CART),
    Dimension.VOICE: (WheelKind.VOICE,),
    Dimension.TASTE: (WheelKind.EVIDENCE,),
    Dimension.TRAIT: (WheelKind.EVIDENCE,),
    Dimension.COMPLAINT: (WheelKind.COMPLAINT,),
    Dimension.PRICE: (),
    Dimension.ADVOCATE: (),
}
"""The kinds of the wheel that announce what time alone does in each dimension."""

populations = st.builds(
    Population,
    st.sampled_from([None, CDNOW, BgNbd(2.0, 20.0, 0.5, 4.0)]),
    st.sampled_from([None, RHYTHM]),
    st.sampled_from([Cuts(), CUTS]),
    season=st.sampled_from([0.4, 1.0, 1.3]),
)


@st.composite
def known_worlds(draw: st.DrawFn) -> tuple[World, pl.DataFrame]:
    """Draw a world and the facts of it."""
    world = draw(worlds())
    return world, facts(histories(world.lives), world.as_of, world.zone, world.policy)


def told(world: World) -> tuple[date, ZoneInfo, Policy]:
    """Return the day, the zone and the policy of a world."""
    zone = ZoneInfo(world.zone)
    return world.as_of.astimezone(zone).date(), zone, world.policy


def judged(
    frame: pl.DataFrame,
    today: date = TODAY,
    policy: Policy | None = None,
    population: Population = LEARNED,
) -> Judged:
    """Judge under the defaults of tests."""
    return judge(frame, today, SHANGHAI, policy or Policy(), population)


def members(
    found: Judged, *dimensions: Dimension, person: int | None = None
) -> list[tuple[Any, ...]]:
    """Return the memberships of some dimensions, or of all, sorted."""
    return sorted(
        (
            row
            for row in found.memberships.rows()
            if (not dimensions or row[1] in dimensions) and person in (None, row[0])
        ),
        key=repr,
    )


def turns(found: Judged) -> dict[tuple[int, str], date]:
    """Return the next day of change by person and kind."""
    assert found.wheel.select("person_id", "kind").is_unique().all()
    return {(person, kind): due_on for person, kind, due_on, _ in found.wheel.rows()}
