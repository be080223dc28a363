"""Who is likely to order soon anyway, and until when that will be said of them."""

import json
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from rules.outlook import outlook
from rules.population import Population
from schemas.dimensions import Dimension, Segment, WheelKind
from schemas.segments import SegmentPolicy
from tests.rules.facts_builder import TODAY, buyer, day, facts
from tests.rules.judged import LEARNED

POLICY = SegmentPolicy()
OFTEN = facts(buyer(20, last_ago=0, every=7))
ORDINARY = replace(LEARNED, season=1.0)


def turn(
    frame: pl.DataFrame = OFTEN,
    today: date = TODAY,
    policy: SegmentPolicy = POLICY,
    population: Population = ORDINARY,
) -> date | None:
    """Return the only day on which an order is likely no longer."""
    likely, found = outlook(frame, today, policy, population)
    assert set(found["kind"]) <= {WheelKind.OUTLOOK}
    assert len(likely) == len(found)
    return found["due_on"].item() if len(found) else None


def test_an_order_is_likely_until_exactly_the_day_the_model_names() -> None:
    model, until = LEARNED.bgnbd, turn()
    assert model is not None
    assert until is not None
    t_x = 19 * 7

    def p_order(on: date) -> float:
        return float(model.p_order(19, t_x, t_x + (on - TODAY).days, POLICY.likely_days)[0])

    assert p_order(until) <= POLICY.likely_share < p_order(until - timedelta(days=1))
    for later in range((until - TODAY).days):
        assert turn(today=TODAY + timedelta(days=later)) == until
    assert turn(today=until) is None
    assert turn(today=until + timedelta(days=400)) is None


def test_whoever_is_likely_is_so_since_the_last_order_and_on_evidence() -> None:
    likely, _ = outlook(OFTEN, TODAY, POLICY, ORDINARY)
    (row,) = likely.rows()
    assert row[:5] == (1, Dimension.OUTLOOK, Segment.LIKELY, TODAY, False)
    told = json.loads(row[5])
    assert told.pop("p_order") == pytest.approx(0.9, abs=0.1)
    assert told == {"order_days": 20, "last_on": str(TODAY), "likely_until": str(turn())}


def test_the_evidence_is_the_same_on_every_day() -> None:
    later = TODAY + timedelta(days=5)
    (one, _), (other, _) = (outlook(OFTEN, on, POLICY, ORDINARY) for on in (TODAY, later))
    assert one.equals(other)


def test_a_busy_season_makes_orders_likely_for_longer_and_a_dull_one_for_less() -> None:
    busy, dull = (turn(population=replace(ORDINARY, season=factor)) for factor in (1.6, 0.6))
    ordinary = turn()
    assert busy is not None
    assert dull is not None
    assert ordinary is not None
    assert dull < ordinary < busy
    assert turn(population=replace(ORDINARY, season=0.01)) is None


@pytest.mark.parametrize(
    "policy", [SegmentPolicy(likely_days=60), SegmentPolicy(likely_share=0.25)]
)
def test_a_policy_that_asks_for_less_keeps_people_likely_for_longer(policy: SegmentPolicy) -> None:
    asked, ordinary = turn(policy=policy), turn()
    assert asked is not None
    assert ordinary is not None
    assert asked > ordinary


@pytest.mark.parametrize(
    ("frame", "population"),
    [
        (OFTEN, Population()),
        (facts(buyer(1, last_ago=0)), ORDINARY),
        (facts(buyer(20, last_ago=200, every=7)), ORDINARY),
        (facts({}), ORDINARY),
        (facts().clear(), ORDINARY),
    ],
    ids=["no model", "one order", "long ago", "a prospect", "nobody"],
)
def test_of_nobody_else_an_order_is_likely(frame: pl.DataFrame, population: Population) -> None:
    assert turn(frame, population=population) is None


def test_the_shape_is_the_same_where_nobody_is_likely() -> None:
    full = outlook(OFTEN, TODAY, POLICY, ORDINARY)
    for population in (ORDINARY, Population()):
        nobody = outlook(facts({}), TODAY, POLICY, population)
        assert [frame.schema for frame in nobody] == [frame.schema for frame in full]


def test_a_later_order_moves_the_day_ahead() -> None:
    before, after = (turn(facts(buyer(20, last_ago=ago, every=7))) for ago in (3, 0))
    assert before is not None
    assert after is not None
    assert after - before == day(0) - day(3)
