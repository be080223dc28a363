"""Which rules change what is known: whoever adds one says here what it changes."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.bgnbd import BgNbd
from rules.cadence import PopulationRhythm
from rules.facts import facts
from rules.judgement import facts_version, judge, version_of, versions_of
from rules.population import Population
from schemas.dimensions import KocSign, WheelKind
from schemas.governing import (
    Arbitration,
    Blackout,
    Cap,
    Categories,
    CategoryTerms,
    Dates,
    Holdout,
    OpenHours,
    PersonalBudget,
    QuietHours,
    SharedBudgets,
)
from schemas.policy import Policy, PopulationTerms
from schemas.segments import Cuts, DeclaredTrait, SegmentPolicy
from tests.rules.builders import SHANGHAI
from tests.rules.facts_builder import TODAY, buyer, day, tag
from tests.rules.facts_builder import facts as known_facts
from tests.rules.histories_builder import World
from tests.rules.judged import CUTS, LEARNED, MOVED_BY, known_worlds, members, told, turns
from tests.rules.lives import histories

STAGES, NEED, HOPE = {WheelKind.LIFECYCLE}, {WheelKind.NEED}, {WheelKind.OUTLOOK}
NO_TIME = {WheelKind.AHEAD, WheelKind.BENEFIT}
SEGMENTS = set(WheelKind) - STAGES - NEED - HOPE - NO_TIME
NOTHING: set[WheelKind] = set()

GOVERNOR: dict[str, Any] = {
    "caps": (Cap(window="day", max=2),),
    "gap_hours": 1,
    "quiet_hours": QuietHours(start=time(1)),
    "silence_limit": 1,
    "hold_hours": 1,
    "holdout": Holdout(share=0.2),
    "backoff": 2,
    "personal": PersonalBudget(days=7),
    "shared": SharedBudgets(texts_per_sender=1),
    "open_hours": (OpenHours(start=time(10), end=time(18)),),
    "holidays": (Dates(why="a feast", first=date(2026, 1, 1), last=date(2026, 1, 2)),),
    "blackouts": (Blackout(why="a storm", first=date(2026, 1, 1), last=date(2026, 1, 2)),),
    "categories": Categories(service=CategoryTerms(capped=False)),
    "after_order_hours": 1,
    "arbitration": Arbitration(annoyance=1),
}
"""What only the governor and the plan read."""

LEARNING: dict[str, Any] = {
    "population": PopulationTerms(repeat_buyers=1, history_days=1, season_days=7, drift_ratio=2)
}
"""What is read when a population is learned: what that teaches has versions of its own."""

RULES: dict[str, tuple[set[WheelKind], Any]] = {
    "new_days": (STAGES, 2),
    "at_risk_days": (STAGES, 20),
    "lapsed_days": (STAGES, 40),
    "returned_days": (STAGES, 1),
    "outlook_days": (STAGES, 10),
    "at_risk_share": (STAGES, 0.9),
    "lapsed_share": (STAGES, 0.4),
    "lapsed_cycles": (STAGES, 9),
    "staple_share": (STAGES, 0.1),
    "regular_gaps": (STAGES | NEED, 2),
    "regular_spread": (STAGES | NEED, 5),
    "due_lead_days": (STAGES | NEED, 0),
    "due_overrun": (STAGES | NEED, 3),
}

OF_FACTS: dict[str, Any] = {
    "half_life_days": 3,
    "free_shipping_from": Decimal("0.01"),
    "hunter_margin": 0.9,
    "cart_days": 30,
    "taste_days": 2,
    "taste_share": 0.01,
    "travel_days": 3,
    "trait_days": 20,
    "traits": (DeclaredTrait(name="drinks", value="milk", products=("拿铁",)),),
}
"""What facts are made by; the segments read some of it too."""

OF_SEGMENTS: dict[str, tuple[set[WheelKind], Any]] = {
    "super_user_share": (SEGMENTS, 0.02),
    "top_share": (SEGMENTS, 0.06),
    "valued_share": (SEGMENTS, 0.5),
    "shopper_days": (SEGMENTS, 2),
    "active_share": (SEGMENTS, 0.9),
    "active_days": (SEGMENTS, 5),
    "batch_share": (SEGMENTS, 0.9),
    "batch_units": (SEGMENTS, 1.5),
    "price_share": (SEGMENTS, 0.4),
    "hunter_share": (SEGMENTS, 0.01),
    "points_kept": (SEGMENTS, 1),
    "carts_left": (SEGMENTS, 3),
    "carts_left_share": (SEGMENTS, 0.01),
    "cart_orders": (SEGMENTS, 2),
    "impatient_hours": (SEGMENTS, 40),
    "deliberate_hours": (SEGMENTS, 2),
    "price_repeats": (SEGMENTS, 2),
    "price_bound_share": (SEGMENTS, 0.3),
    "attached_share": (SEGMENTS, 0.8),
    "koc_order_days": (SEGMENTS, 2),
    "koc_referrals": (SEGMENTS, 2),
    "koc_voices": (SEGMENTS, 1),
    "koc_staff_contacts": (SEGMENTS, 1),
    "koc_signs": (SEGMENTS, 1),
    "koc_required": (SEGMENTS, (KocSign.KNOWS_STAFF,)),
    "silent_touches": (SEGMENTS, 1),
    "silent_order_days": (SEGMENTS, 3),
    "silent_days": (SEGMENTS, 400),
    "silent_cycles": (SEGMENTS, 9),
    "complaint_days": (SEGMENTS, 400),
    "likely_share": (HOPE, 0.05),
    "likely_days": (HOPE, 300),
    **{name: (SEGMENTS, value) for name, value in OF_FACTS.items()},
}

EDITS: dict[str, tuple[set[WheelKind], Policy]] = {
    **{name: (NOTHING, Policy(**{name: value})) for name, value in GOVERNOR.items()},
    **{name: (NOTHING, Policy(**{name: value})) for name, value in LEARNING.items()},
    **{name: (kinds, Policy(**{name: value})) for name, (kinds, value) in RULES.items()},
    **{
        f"segments.{name}": (kinds, Policy(segments=SegmentPolicy(**{name: value})))
        for name, (kinds, value) in OF_SEGMENTS.items()
    },
}

LESSONS: dict[str, tuple[set[WheelKind], Population]] = {
    "bgnbd": (STAGES | HOPE, replace(LEARNED, bgnbd=BgNbd(1.0, 40.0, 1.0, 2.0))),
    "no bgnbd": (STAGES | HOPE, replace(LEARNED, bgnbd=None)),
    "rhythm": (STAGES, replace(LEARNED, rhythm=PopulationRhythm(10.0, 0.8, 0.5))),
    "cuts": (SEGMENTS, replace(LEARNED, cuts=replace(CUTS, valued=5.0))),
    "no cuts": (SEGMENTS, replace(LEARNED, cuts=Cuts())),
    "season": (HOPE, replace(LEARNED, season=1.31)),
    "cut_under": (NOTHING, replace(LEARNED, cut_under="others")),
    "why": (NOTHING, replace(LEARNED, why="another reason")),
}


def moved(policy: Policy, population: Population, zone: ZoneInfo = SHANGHAI) -> set[str]:
    """Return the kinds of the wheel that have another version than under the defaults."""
    before = versions_of(Policy(), LEARNED, SHANGHAI)
    after = versions_of(policy, population, zone)
    assert before.keys() == after.keys() == {kind.value for kind in WheelKind}
    changed = {kind for kind in before if before[kind] != after[kind]}
    as_whole = version_of(policy, population, zone) != version_of(Policy(), LEARNED, SHANGHAI)
    assert as_whole == bool(changed)
    return changed


def test_every_rule_of_a_policy_is_said_here() -> None:
    """A new one goes where it is read: to facts, to kinds of the wheel, or to neither."""
    assert GOVERNOR.keys() | LEARNING.keys() | RULES.keys() == (
        Policy.model_fields.keys() - {"segments"}
    )
    assert OF_SEGMENTS.keys() == SegmentPolicy.model_fields.keys()
    assert {name.removeprefix("no ") for name in LESSONS} == vars(Population()).keys()


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_moves_what_is_told_by_it_and_nothing_else(name: str) -> None:
    kinds, edited = EDITS[name]
    assert edited != Policy()
    assert moved(edited, LEARNED) == {kind.value for kind in kinds}
    of_facts = facts_version(edited, "Asia/Shanghai") != facts_version(Policy(), "Asia/Shanghai")
    assert of_facts == (name.removeprefix("segments.") in OF_FACTS)


@pytest.mark.parametrize("name", LESSONS)
def test_what_was_learned_moves_what_is_told_by_it_and_nothing_else(name: str) -> None:
    kinds, population = LESSONS[name]
    assert moved(Policy(), population) == {kind.value for kind in kinds}


def test_another_zone_moves_facts_and_what_has_instants() -> None:
    assert moved(Policy(), LEARNED, ZoneInfo("UTC")) == {kind.value for kind in SEGMENTS}
    assert facts_version(Policy(), "UTC") != facts_version(Policy(), "Asia/Shanghai")


def test_the_same_rules_have_the_same_version() -> None:
    one, other = Policy(), Policy.model_validate(Policy().model_dump(mode="json"))
    assert versions_of(one, LEARNED, SHANGHAI) == versions_of(
        other, Population.of_json(LEARNED.as_json()), SHANGHAI
    )
    assert facts_version(one, "UTC") == facts_version(other, "UTC")


def test_the_wheel_tells_the_version_of_each_kind() -> None:
    somebody = known_facts(buyer(5, last_ago=10, ahead_on=day(-3), tags=[tag()]))
    found = judge(somebody, TODAY, SHANGHAI, Policy(), LEARNED).wheel
    versions = versions_of(Policy(), LEARNED, SHANGHAI)
    assert {kind: version for _, kind, _, version in found.rows()} == {
        kind: versions[kind] for kind in found["kind"]
    }
    assert {"ahead", "lifecycle", "evidence"} <= set(found["kind"])


@settings(max_examples=25)
@given(known_worlds(), st.sampled_from(sorted(EDITS)))
def test_what_keeps_its_version_is_as_before_an_edit(
    known: tuple[World, pl.DataFrame], name: str
) -> None:
    """Else a rebuild would leave behind what an edit has changed."""
    world, _ = known
    today, zone, _ = told(world)
    kinds, edited = EDITS[name]
    before, after = (
        facts(histories(world.lives), world.as_of, world.zone, policy)
        for policy in (Policy(), edited)
    )
    if name.removeprefix("segments.") not in OF_FACTS:
        assert before.equals(after)
    was, is_now = (
        judge(frame, today, zone, policy, LEARNED)
        for frame, policy in ((before, Policy()), (after, edited))
    )
    for kind in set(WheelKind) - kinds:
        assert {key: on for key, on in turns(was).items() if key[1] == kind} == {
            key: on for key, on in turns(is_now).items() if key[1] == kind
        }
    for dimension, by in MOVED_BY.items():
        if not kinds & (set(by) or SEGMENTS):
            assert members(was, dimension) == members(is_now, dimension)


@settings(max_examples=15)
@given(known_worlds(), st.sampled_from(sorted(LESSONS)))
def test_what_keeps_its_version_is_as_before_a_lesson(
    known: tuple[World, pl.DataFrame], name: str
) -> None:
    world, frame = known
    kinds, population = LESSONS[name]
    was, is_now = (judge(frame, *told(world), one) for one in (LEARNED, population))
    for dimension, by in MOVED_BY.items():
        if not kinds & (set(by) or SEGMENTS):
            assert members(was, dimension) == members(is_now, dimension)
