"""Value tiers are relative to the shop, and end on the day on which money has faded below them."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.segments.cuts import cuts_of
from rules.segments.value import decayed, falls_on
from schemas.segments import Cuts, SegmentPolicy
from tests.rules.builders import thoroughly
from tests.rules.facts_builder import TODAY, buyer, day, facts
from tests.rules.segment_rows import POLICY, due, evidence, segments

CUTS = Cuts(super_user=1000.0, top=400.0, valued=100.0)
HALF_LIFE = POLICY.half_life_days


@pytest.mark.parametrize(
    ("worth", "last_ago", "tiers"),
    [
        (1000.0, 0, {"super_user"}),
        (1000.0, 1, {"top"}),
        (999.9999, 0, {"top"}),
        (400.0, 0, {"top"}),
        (100.0, 0, {"valued"}),
        (99.9999, 0, set()),
        (200.0, HALF_LIFE, {"valued"}),
        (200.0, HALF_LIFE + 1, set()),
        (0.0, 0, set()),
    ],
)
def test_a_person_is_in_the_highest_tier_that_faded_money_reaches(
    worth: float, last_ago: int, tiers: set[str]
) -> None:
    person = facts(buyer(worth=worth, last_ago=last_ago))
    assert segments(person, cuts=CUTS) == tiers


def test_without_a_model_nobody_is_above_the_ordinary() -> None:
    person = facts(buyer(worth=1e9))
    assert segments(person) == set()
    assert due(person) == {}


def test_a_tier_that_is_unknown_is_nobodys() -> None:
    person = facts(buyer(worth=1e9, last_ago=0))
    assert segments(person, cuts=Cuts(top=400.0)) == {"top"}


def test_the_evidence_is_what_the_money_was_worth_on_the_last_day() -> None:
    person = facts(buyer(worth=1234.5678, last_ago=3))
    assert evidence(person, "super_user", cuts=CUTS) == {
        "worth": 1234.5678,
        "last_on": "2026-02-27",
        "at_least": 1000.0,
    }


def test_the_evidence_stays_the_same_while_time_passes() -> None:
    person = facts(buyer(worth=1600.0, last_ago=0))
    late = due(person, cuts=CUTS)[1, "value"] - timedelta(days=1)
    assert evidence(person, "super_user", cuts=CUTS) == {
        "worth": 1600.0,
        "last_on": TODAY.isoformat(),
        "at_least": 1000.0,
    }
    assert segments(person, late, cuts=CUTS) == {"super_user"}


def test_a_tier_ends_a_half_life_after_twice_its_cut() -> None:
    person = facts(buyer(worth=800.0, last_ago=0))
    assert due(person, cuts=CUTS) == {(1, "value"): day(-HALF_LIFE - 1)}


def test_the_ordinary_value_does_not_end() -> None:
    assert due(facts(buyer(worth=99.0)), cuts=CUTS) == {}


@thoroughly
@given(
    st.floats(min_value=0.01, max_value=1e6),
    st.lists(st.floats(min_value=1, max_value=1e5), max_size=40),
    st.integers(min_value=1, max_value=3650),
)
@example(0.1, [], 180)
@example(237.9722, [2.0 ** (days / 7) for days in range(50)], 7)
@example(0.7, [2.0 ** (days / 7) for days in range(50)], 7)
def test_a_tier_holds_until_the_very_day_it_ends(
    cut: float, fades: list[float], half_life: int
) -> None:
    halves = [2.0**times for times in range(13)]
    tier = pl.DataFrame({"worth": [cut * times for times in fades + halves], "last_on": TODAY})
    ends = (falls_on(cut, half_life) - pl.col("last_on")).dt.total_days()
    still, below = tier.select(
        still=decayed(ends - 1, half_life) >= cut, below=decayed(ends, half_life) < cut
    )
    assert still.all()
    assert below.all()


@pytest.mark.parametrize("worth", [100.0, 100.0001, 100.0 * 2 ** (1 / HALF_LIFE), 300.0, 399.9999])
def test_a_member_leaves_a_tier_on_the_day_the_wheel_names(worth: float) -> None:
    person = facts(buyer(worth=worth, last_ago=0))
    ends = due(person, cuts=CUTS)[1, "value"]
    assert segments(person, ends - timedelta(days=1), cuts=CUTS) == {"valued"}
    assert segments(person, ends, cuts=CUTS) == set()


def _shop(*worths: float) -> pl.DataFrame:
    return facts(*(buyer(person_id=n, last_ago=0, worth=worth) for n, worth in enumerate(worths)))


def test_tiers_are_cut_by_their_shares_of_all_buyers() -> None:
    cuts = cuts_of(_shop(*range(1, 101)), TODAY, POLICY)
    assert (cuts.super_user, cuts.top, cuts.valued) == (100.0, 96.0, 81.0)


def test_a_share_is_not_lost_to_floating_point() -> None:
    policy = SegmentPolicy(valued_share=0.29)
    assert cuts_of(_shop(*range(1, 101)), TODAY, policy).valued == 72.0


def test_equals_are_in_a_tier_together_or_not_at_all() -> None:
    assert cuts_of(_shop(*[5.0] * 30, *[1.0] * 70), TODAY, POLICY).valued is None
    assert cuts_of(_shop(*[5.0] * 20, *[1.0] * 80), TODAY, POLICY).valued == 5.0


def test_a_shop_too_small_for_a_tier_has_none() -> None:
    cuts = cuts_of(_shop(*range(1, 6)), TODAY, POLICY)
    assert (cuts.super_user, cuts.top, cuts.valued) == (None, None, 5.0)


def test_worth_is_compared_as_of_one_day_among_those_who_are_worth_anything() -> None:
    shop = facts(
        *(buyer(last_ago=0, worth=10.0) for _ in range(4)),
        buyer(last_ago=HALF_LIFE, worth=19.0),
        *(buyer(last_ago=0, worth=0.0) for _ in range(25)),
        *({} for _ in range(25)),
    )
    policy = SegmentPolicy(valued_share=0.8)
    assert cuts_of(shop, TODAY, policy).valued == 10.0


def test_nobody_has_no_cuts() -> None:
    assert cuts_of(facts(), TODAY, POLICY) == Cuts()


def test_types_are_cut_among_those_who_have_bought_often_enough() -> None:
    regulars = [
        buyer(order_days=n, every=30, unit_price=float(n), basket_units=float(2 * n))
        for n in range(3, 13)
    ]
    once = [buyer(order_days=1, unit_price=500.0, basket_units=90.0) for _ in range(20)]
    cuts = cuts_of(facts(*regulars, *once), TODAY, POLICY)
    assert (cuts.unit_price_low, cuts.unit_price_high, cuts.basket_units) == (4.0, 11.0, 22.0)


def test_buying_often_is_order_days_a_month() -> None:
    rates = [buyer(order_days=31, every=every) for every in (1, 2, 3, 5, 6)]
    assert cuts_of(facts(*rates), TODAY, POLICY).order_rate == 30.0
