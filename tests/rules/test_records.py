"""What is kept with a decision is all that the governor went by."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from hypothesis import given
from hypothesis import strategies as st

from rules.governor import Governor
from rules.records import (
    Found,
    case_record,
    contender_record,
    recorded_case,
    recorded_contender,
)
from schemas.enums import Category
from schemas.planning import Case, Contact, Contender, Slot, Span
from schemas.policy import Policy
from tests.rules.builders import case, contender, shanghai, slot

_ZONES = ["Asia/Shanghai", "Asia/Kolkata", "Pacific/Kiritimati", "America/Havana"]
_instants = st.integers(0, 500_000).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
_words = st.text(max_size=6)
_contenders = st.builds(
    Contender,
    st.integers(1, 99),
    _words,
    st.sampled_from(Category),
    _words,
    _words,
    st.floats(0, 1),
    _instants,
    st.integers(1, 99),
)
_slots = st.builds(
    lambda number, start, hours, zone, *told: Slot(
        number, Span(start, start + timedelta(hours=hours)), ZoneInfo(zone), *told
    ),
    st.integers(-99, 99),
    _instants,
    st.integers(0, 99),
    st.sampled_from(_ZONES),
    st.sampled_from(Category),
    _words,
    _words,
    st.none() | _words,
    st.none() | st.booleans(),
    st.booleans(),
)
_cases = st.builds(
    lambda contenders, zone, slots, **told: Case(
        7, contenders, ZoneInfo(zone), zone, slots, **told
    ),
    st.lists(_contenders, max_size=3).map(tuple),
    st.sampled_from(_ZONES),
    st.lists(_slots, max_size=3).map(tuple),
    contact=st.none() | st.builds(Contact, _words, _words),
    suppressed=st.none() | _words,
    consent=st.none() | st.booleans(),
    personalised=st.none() | st.booleans(),
    minor=st.none() | st.booleans(),
    city=st.none() | _words,
    bucket=st.integers(0, 9_999),
    unanswered=st.integers(0, 9),
    ordered_at=st.none() | _instants,
    complained_at=st.none() | _instants,
    open_scenes=st.frozensets(_words, max_size=3),
)


def _again(kept: Case) -> Case:
    """Return a case as it comes back from what was written of it as JSON."""
    contenders = [
        recorded_contender(
            Found(one.candidate_id, one.scene, one.wording_key, one.value, one.window_until),
            orjson.loads(orjson.dumps(contender_record(one))),
        )
        for one in kept.contenders
    ]
    return recorded_case(kept.person_id, orjson.loads(orjson.dumps(case_record(kept))), contenders)


@given(_cases)
def test_a_case_comes_back_as_it_was_decided(kept: Case) -> None:
    assert _again(kept) == kept


def test_what_is_decided_again_by_the_same_rules_comes_out_the_same() -> None:
    morning = shanghai("2026-03-02 07:30")
    earlier = slot(shanghai("2026-02-25 10:00"), candidate=-3, scene=None)
    kept = case(
        contender(1, morning + timedelta(hours=20), value=0.9),
        contender(2, morning + timedelta(hours=90), value=0.3),
        slots=(earlier,),
    )
    governor = Governor(Policy(), morning)
    rulings = governor.decide(kept)
    assert {ruling.verdict.value for ruling in rulings} == {"won", "outcompeted"}
    assert governor.decide(_again(kept)) == rulings


def test_a_zone_that_is_none_stays_none_and_is_still_told() -> None:
    kept = case(zone=None)
    assert _again(kept) == kept
    assert _again(kept).zone_name == "Mars/Base"


def test_what_is_unknown_is_left_out() -> None:
    assert case_record(case()) == {
        "bucket": 9_999,
        "zone": "Asia/Shanghai",
        "contact": ["external-1", "ChenYu"],
        "consent": True,
    }
