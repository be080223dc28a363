"""What all buyers teach, whether that is enough, and when a season is no season any more."""

import json
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bgnbd import Groups, expected_after
from rules.population import (
    NEEDS,
    Population,
    Season,
    closed,
    cut_anew,
    in_season,
    is_cut_by,
    learn,
)
from rules.segments.cuts import cuts_of, cuts_version
from schemas.policy import Policy, PopulationTerms
from schemas.segments import SegmentPolicy
from tests.rules.facts_builder import TODAY, buyer, day, facts
from tests.rules.judged import CDNOW, LEARNED, populations

POLICY = Policy(population=PopulationTerms(repeat_buyers=30, history_days=90))


def shop(repeat: int = 40, once: int = 60, oldest: int = 200) -> pl.DataFrame:
    """Return the facts of buyers of whom the first ordered so many days ago."""
    again = [
        buyer(2 + n % 6, last_ago=n % 50, every=5 + n % 20, person_id=n, worth=float(n))
        for n in range(1, repeat + 1)
    ]
    single = [buyer(1, last_ago=oldest, person_id=1_000 + n, worth=1.0) for n in range(once)]
    return facts(*again, *single, {"person_id": 9_999})


def test_a_long_history_teaches_a_model_a_rhythm_and_cuts() -> None:
    lesson = learn(shop(), TODAY, POLICY)
    learned = lesson.population
    assert (lesson.upto, learned.season) == (TODAY, 1.0)
    assert learned.bgnbd is not None
    assert learned.rhythm is not None
    assert 5 <= learned.rhythm.typical <= 25
    assert learned.cuts.valued is not None
    assert lesson.groups.n.sum() == 100
    assert learned.why == "40 repeat buyers in 200 days"


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ({"repeat": 29}, "29 repeat buyers in 200 days; a model needs 30 in 90"),
        ({"oldest": 160}, "40 repeat buyers in 160 days"),
    ],
)
def test_too_few_repeat_buyers_teach_no_model_and_it_says_so(
    sizes: dict[str, int], why: str
) -> None:
    learned = learn(shop(**sizes), TODAY, POLICY).population
    assert (learned.bgnbd is None) == ("needs" in why)
    assert learned.why == why
    assert learned.rhythm is not None


@pytest.mark.parametrize(("first_ago", "enough"), [(89, False), (90, True)])
def test_days_are_told_from_the_first_order_of_all(first_ago: int, enough: bool) -> None:
    people = [
        buyer(2, last_ago=0, every=first_ago if n == 1 else 3, person_id=n) for n in range(1, 31)
    ]
    learned = learn(facts(*people), TODAY, POLICY).population
    assert (learned.bgnbd is not None) == enough
    assert learned.why.startswith(f"30 repeat buyers in {first_ago} days")


@pytest.mark.parametrize("frame", [facts().clear(), facts({})], ids=["nobody", "a prospect"])
def test_a_shop_without_orders_teaches_nothing(frame: pl.DataFrame) -> None:
    lesson = learn(frame, TODAY, POLICY)
    why = "0 repeat buyers in 0 days; a model needs 30 in 90"
    assert lesson.population == Population(cut_under=cuts_version(POLICY.segments), why=why)
    assert not len(lesson.groups.n)


def test_little_is_enough_where_the_policy_says_so() -> None:
    policy = Policy(population=PopulationTerms(repeat_buyers=1, history_days=1))
    learned = learn(facts(buyer(2, last_ago=0, every=1)), TODAY, policy).population
    assert learned.bgnbd is not None
    assert learned.rhythm is None


def test_all_it_needs_is_what_it_says_it_needs() -> None:
    narrow = shop().select("person_id", *NEEDS)
    assert learn(narrow, TODAY, POLICY).population == learn(shop(), TODAY, POLICY).population


def test_neither_the_order_nor_the_names_of_buyers_matter() -> None:
    turned = shop().reverse().with_columns(person_id=pl.int_range(pl.len(), dtype=pl.Int64))
    one, other = (learn(frame, TODAY, POLICY).population for frame in (turned, shop()))
    assert (one.bgnbd, one.cuts, one.why) == (other.bgnbd, other.cuts, other.why)
    assert one.as_json()["rhythm"] == pytest.approx(other.as_json()["rhythm"])


@given(populations, st.floats(0.01, 100).map(lambda factor: round(factor, 2)))
def test_what_is_stored_as_json_comes_back_as_it_was(population: Population, season: float) -> None:
    whole = replace(population, season=season)
    assert Population.of_json(json.loads(json.dumps(whole.as_json()))) == whole


def test_what_was_learned_comes_back_from_json_to_the_last_digit() -> None:
    learned = learn(shop(), TODAY, POLICY).population
    assert Population.of_json(json.loads(json.dumps(learned.as_json()))) == learned


GROUPS = Groups.of(shop(), TODAY)


def test_a_window_expects_what_the_model_adds_between_its_ends() -> None:
    season = closed(GROUPS, CDNOW, 30, 60, 7)
    upto_30, upto_60 = (expected_after(GROUPS, CDNOW, days) for days in (30, 60))
    assert season == Season(upto_60 - upto_30, 7)
    assert 0 < season.expected < upto_30


def test_windows_in_a_row_expect_together_what_one_does() -> None:
    whole = closed(GROUPS, CDNOW, 0, 90, 0).expected
    parts = [closed(GROUPS, CDNOW, since, since + 30, 0).expected for since in (0, 30, 60)]
    assert sum(parts) == pytest.approx(whole)


def test_a_window_that_took_back_more_than_it_brought_brought_none() -> None:
    assert closed(GROUPS, CDNOW, 0, 30, -60) == closed(GROUPS, CDNOW, 0, 30, 0)


@pytest.mark.parametrize(
    ("expected", "observed", "drift"),
    [
        (1_000.0, 1_000, False),  # nothing missed
        (20.0, 32, False),  # chance
        (0.0, 3, False),  # chance, where nothing was expected
        (10_000.0, 11_500, False),  # no chance, but a season
        (10_000.0, 8_500, False),
        (1_000.0, 1_320, True),  # another shop
        (1_000.0, 740, True),
        (200.0, 0, True),
        (0.0, 500, True),
    ],
)
def test_drift_is_more_than_chance_and_more_than_a_season(
    expected: float, observed: int, drift: bool
) -> None:
    assert Season(expected, observed).is_drift(POLICY) == drift


def test_how_much_is_drift_is_the_policys_word() -> None:
    busy = Season(10_000.0, 14_000)
    assert busy.is_drift(POLICY)
    patient = PopulationTerms(drift_ratio=1.5)
    assert not busy.is_drift(Policy(population=patient))


@given(st.floats(0, 1e6), st.integers(0, 1_000_000))
def test_what_chance_explains_is_never_drift(expected: float, observed: int) -> None:
    season = Season(expected, observed)
    if abs(observed - expected) <= 3 * sqrt(max(expected, 1)):
        assert not season.is_drift(POLICY)


@given(st.floats(0, 1e6), st.integers(0, 1_000_000))
def test_a_season_is_busy_where_more_came_than_was_expected(expected: float, observed: int) -> None:
    factor = Season(expected, observed).factor
    assert factor > 0
    assert (factor > 1) == (observed > expected)
    bare = observed / expected if expected else None
    if bare is not None:
        assert min(1, bare) <= factor <= max(1, bare) or factor == pytest.approx(bare)


def test_a_season_changes_nothing_but_the_factor_and_that_in_whole_percents() -> None:
    busy = in_season(LEARNED, Season(1_000.0, 1_234))
    assert busy == replace(LEARNED, season=1.22)
    assert in_season(LEARNED, Season(1_000.0, 1_235)).season == 1.22


@pytest.mark.parametrize(
    "edit",
    [
        {"half_life_days": 90},
        {"super_user_share": 0.02},
        {"top_share": 0.1},
        {"valued_share": 0.3},
        {"shopper_days": 90},
        {"active_share": 0.25},
        {"batch_share": 0.25},
        {"price_share": 0.25},
    ],
)
def test_another_share_asks_for_other_cuts_and_nothing_else(edit: dict[str, Any]) -> None:
    learned = learn(shop(), TODAY, POLICY).population
    edited = POLICY.model_copy(update={"segments": SegmentPolicy(**edit)})
    assert is_cut_by(learned, POLICY)
    assert not is_cut_by(learned, edited)
    cut = cut_anew(learned, shop(), TODAY, edited)
    assert is_cut_by(cut, edited)
    assert cut.cuts == cuts_of(shop(), TODAY, edited.segments)
    assert replace(cut, cuts=learned.cuts, cut_under=learned.cut_under) == learned


def test_what_cuts_are_not_taken_by_asks_for_no_others() -> None:
    edited = POLICY.model_copy(update={"segments": SegmentPolicy(likely_days=60, cart_days=3)})
    assert is_cut_by(learn(shop(), TODAY, POLICY).population, edited)
    assert not is_cut_by(Population(), POLICY)


def test_before_anything_was_learned_nothing_is_known() -> None:
    unknown: dict[str, Any] = Population().as_json()
    assert (unknown["bgnbd"], unknown["rhythm"], unknown["season"]) == (None, None, 1.0)
    assert set(unknown["cuts"].values()) == {None}


def test_a_lesson_ends_on_its_day() -> None:
    """Who ordered after it is no part of what is expected from it on."""
    yesterday: date = TODAY - timedelta(days=1)
    lesson = learn(facts(buyer(3, 0), buyer(3, 5, person_id=2)), yesterday, POLICY)
    assert lesson.groups.n.sum() == 1
    assert lesson.groups.age.tolist() == [(yesterday - day(5 + 40)).days]
