"""What holds of the segments and the wheel, whatever the facts."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.segments.definition import Terms
from rules.segments.memberships import DEFINITIONS, memberships, turns
from schemas.dimensions import KocSign
from schemas.facts_frame import FACTS
from schemas.segments import Cuts, SegmentPolicy
from tests.rules.builders import LONDON, NEW_YORK, SHANGHAI
from tests.rules.facts_builder import TODAY, arbitrary_people, buyer, facts, tag
from tests.rules.segment_rows import NO_CUTS, POLICY, due, rows

# Which segments a kind of the wheel is about; of the rest only facts can change anything.
KINDS = {
    "super_user": "value",
    "top": "value",
    "valued": "value",
    "active": "shopper",
    "cart_abandoner": "cart",
    "silent_buyer": "voice",
    "complaint_open": "complaint",
}

sometimes = settings(max_examples=30)

_DAYS = st.integers(min_value=1, max_value=60)
POLICIES = st.builds(
    SegmentPolicy,
    half_life_days=_DAYS,
    shopper_days=st.just(2),
    active_days=_DAYS,
    cart_days=_DAYS,
    carts_left=st.just(2),
    silent_touches=st.just(1),
    silent_days=_DAYS,
    complaint_days=_DAYS,
    free_shipping_from=st.sampled_from([None, 99]),
    koc_signs=st.integers(min_value=1, max_value=4),
    koc_required=st.sampled_from([(), (KocSign.BUYS_AGAIN,)]),
)
CUTS = st.one_of(
    st.just(NO_CUTS),
    st.builds(
        Cuts,
        super_user=st.floats(min_value=50, max_value=100),
        top=st.none() | st.floats(min_value=10, max_value=50),
        valued=st.floats(min_value=0.5, max_value=10),
        unit_price_low=st.just(1.0),
        unit_price_high=st.just(30.0),
        order_rate=st.floats(min_value=0.1, max_value=2),
    ),
)
ZONES = st.sampled_from([SHANGHAI, LONDON, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])


def _of_kind(found: Iterable[tuple[Any, ...]], person: int, kind: str) -> list[tuple[Any, ...]]:
    return [row for row in found if row[0] == person and KINDS.get(row[2], "evidence") == kind]


def _timeless(found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row for row in found if row[2] not in KINDS and row[1] not in ("taste", "trait")]


@sometimes
@given(arbitrary_people(most=3), POLICIES, CUTS, ZONES, st.integers(-100, 100))
def test_between_two_turns_nothing_changes_and_on_a_turn_something_of_its_kind_does(
    people: list[dict[str, Any]], policy: SegmentPolicy, cuts: Cuts, zone: ZoneInfo, later: int
) -> None:
    frame, today = facts(*people), TODAY + timedelta(days=max(later, 0))
    before = rows(frame, today, policy, cuts, zone)
    for (person, kind), on in due(frame, today, policy, cuts, zone).items():
        assert on > today
        eve = rows(frame, on - timedelta(days=1), policy, cuts, zone)
        day_itself = rows(frame, on, policy, cuts, zone)
        assert _of_kind(eve, person, kind) == _of_kind(before, person, kind)
        assert _of_kind(day_itself, person, kind) != _of_kind(before, person, kind)
        assert _timeless(eve) == _timeless(day_itself) == _timeless(before)


@sometimes
@given(arbitrary_people(most=3), POLICIES, CUTS, ZONES, st.integers(1, 400))
def test_what_no_turn_announces_stays(
    people: list[dict[str, Any]], policy: SegmentPolicy, cuts: Cuts, zone: ZoneInfo, days: int
) -> None:
    frame, then = facts(*people), TODAY + timedelta(days=days)
    before, after = (rows(frame, today, policy, cuts, zone) for today in (TODAY, then))
    announced = due(frame, TODAY, policy, cuts, zone)
    for person in range(1, len(people) + 1):
        for kind in {*KINDS.values(), "evidence"}:
            if announced.get((person, kind), date.max) > then:
                assert _of_kind(before, person, kind) == _of_kind(after, person, kind)
    assert _timeless(before) == _timeless(after)


@sometimes
@given(arbitrary_people(), POLICIES, CUTS, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_anybody_else_matters(
    people: list[dict[str, Any]], policy: SegmentPolicy, cuts: Cuts, random: Any
) -> None:
    shuffled = random.sample(people, len(people))
    whole = facts(*people)
    assert rows(whole, TODAY, policy, cuts) == rows(facts(*shuffled), TODAY, policy, cuts)
    alone = [row for one in people for row in rows(facts(one), TODAY, policy, cuts)]
    assert sorted(alone, key=repr) == rows(whole, TODAY, policy, cuts)
    wheel = due(whole, TODAY, policy, cuts)
    assert wheel == due(facts(*shuffled), TODAY, policy, cuts)
    assert wheel == {
        key: on for one in people for key, on in due(facts(one), TODAY, policy, cuts).items()
    }


@sometimes
@given(arbitrary_people(), POLICIES, CUTS)
def test_every_row_is_one_segment_with_evidence_of_its_own(
    people: list[dict[str, Any]], policy: SegmentPolicy, cuts: Cuts
) -> None:
    found = memberships(facts(*people), TODAY, policy, cuts, SHANGHAI)
    assert found.select("person_id", "dimension", "segment").is_unique().all()
    assert found.drop("since").null_count().sum_horizontal().item() == 0
    assert all(isinstance(json.loads(text), dict) for text in found["evidence"])


def test_an_empty_frame_has_no_segments_and_no_turns() -> None:
    found = memberships(facts(), TODAY, POLICY, NO_CUTS, SHANGHAI)
    wheel = turns(facts(), TODAY, POLICY, NO_CUTS, SHANGHAI)
    assert found.is_empty()
    assert wheel.is_empty()
    assert found.schema == {
        "person_id": pl.Int64(),
        "dimension": pl.String(),
        "segment": pl.String(),
        "since": pl.Date(),
        "spell": pl.Boolean(),
        "evidence": pl.String(),
    }
    assert wheel.schema == {"person_id": pl.Int64(), "kind": pl.String(), "due_on": pl.Date()}


def test_of_somebody_of_whom_nothing_is_known_nothing_is_said() -> None:
    cuts = Cuts(super_user=1.0, unit_price_low=1.0, unit_price_high=2.0, order_rate=1.0)
    nothing = facts({**dict.fromkeys(FACTS), "person_id": 1})
    assert rows(nothing, cuts=cuts) == []
    assert due(nothing, cuts=cuts) == {}


def test_a_full_frame_has_the_schema_of_an_empty_one() -> None:
    full = facts(buyer(worth=5.0, tags=[tag()], complaint_at=None))
    found = memberships(full, TODAY, POLICY, Cuts(valued=1.0), SHANGHAI)
    assert len(found) == 2
    assert found.schema == memberships(facts(), TODAY, POLICY, NO_CUTS, SHANGHAI).schema


def test_every_definition_says_why_and_reads_only_facts() -> None:
    terms = Terms(TODAY, POLICY, NO_CUTS, SHANGHAI)
    for one in DEFINITIONS:
        assert one.rationale.endswith(".")
        assert one.needs(terms) <= FACTS.keys()


def test_each_segment_is_defined_once() -> None:
    names = [(one.dimension, one.segment) for one in DEFINITIONS]
    assert len(names) == len(set(names)) == 17
