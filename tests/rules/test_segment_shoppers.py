"""The nine shopper types: who is one, who is just not, and on what evidence it is said."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.segments import Cuts, SegmentPolicy
from tests.rules.facts_builder import TODAY, buyer, day, facts, noon
from tests.rules.segment_rows import POLICY, due, evidence, rows, segments

POLICY_99 = SegmentPolicy(free_shipping_from=Decimal(99))
CUTS = Cuts(unit_price_low=10.0, unit_price_high=50.0, order_rate=3.0, basket_units=8.0)
UTC = ZoneInfo("UTC")

HUNTS: dict[str, Any] = {"orders": 6, "over_threshold": 3}
ABANDONS: dict[str, Any] = {"carts": 4, "carts_left": 2}
HASTY: dict[str, Any] = {"cart_orders": 3, "cart_hours": 1.0}
SLOW: dict[str, Any] = {"cart_orders": 3, "cart_hours": 72.0}
WEEKLY = {"order_days": 5, "every": 7, "last_ago": 5}

TYPES: list[tuple[str, dict[str, Any]]] = [
    ("active", WEEKLY),
    ("batch_buyer", {"basket_units": 8.0}),
    ("free_shipping_hunter", HUNTS),
    ("points_keeper", {"points": 1000}),
    ("impatient", HASTY),
    ("cart_abandoner", ABANDONS),
    ("thrifty", {"unit_price": 10.0}),
    ("premium", {"unit_price": 50.0}),
    ("deliberate", SLOW),
]
ONE_DAY: dict[str, Any] = {
    "order_days": 1,
    "orders": 1000,
    "over_threshold": 1000,
    "points": 9999,
    "unit_price": 99.0,
}
JUST_NOT: list[dict[str, Any]] = [
    {},
    {**WEEKLY, "every": 11},
    {**WEEKLY, "last_ago": 91},
    {"order_days": 3, "every": 1},
    {"basket_units": 7.9},
    {"orders": 7, "over_threshold": 3},
    {"orders": 2, "over_threshold": 2},
    {"points": 999},
    {**HASTY, "cart_orders": 2},
    {**HASTY, "cart_hours": 1.0001},
    {**SLOW, "cart_hours": 71.9},
    {"carts": 5, "carts_left": 2},
    {"carts": 2, "carts_left": 1},
    {"unit_price": 10.0001},
    {"unit_price": 49.9999},
]


@pytest.mark.parametrize(("segment", "known"), TYPES)
def test_a_type_is_told_by_its_signs_alone(segment: str, known: dict[str, Any]) -> None:
    person = facts(buyer(**known))
    assert segments(person, policy=POLICY_99, cuts=CUTS) == {segment}


@pytest.mark.parametrize("known", JUST_NOT)
def test_just_short_of_a_sign_there_is_no_type(known: dict[str, Any]) -> None:
    assert segments(facts(buyer(**known)), policy=POLICY_99, cuts=CUTS) == set()


@pytest.mark.parametrize("known", [known for _, known in TYPES])
def test_no_type_is_told_from_two_order_days(known: dict[str, Any]) -> None:
    person = facts(buyer(**{**known, "order_days": 2}))
    assert segments(person, policy=POLICY_99, cuts=CUTS) == set()


def test_a_thousand_orders_on_one_day_are_one_visit() -> None:
    assert segments(facts(buyer(**ONE_DAY)), policy=POLICY_99, cuts=CUTS) == set()


def test_several_types_may_hold_of_one_person() -> None:
    person = facts(buyer(**ABANDONS, **SLOW, unit_price=60.0))
    assert segments(person, cuts=CUTS) == {"cart_abandoner", "deliberate", "premium"}


def test_without_cuts_nothing_is_relative() -> None:
    person = facts(buyer(**WEEKLY, unit_price=60.0), buyer(unit_price=0.1))
    assert segments(person) == set()


def test_without_cuts_the_policy_alone_says_what_a_large_order_is() -> None:
    assert segments(facts(buyer(basket_units=5.0))) == {"batch_buyer"}
    assert segments(facts(buyer(basket_units=4.9))) == set()


def test_a_low_cut_does_not_undercut_the_policy() -> None:
    cuts = Cuts(basket_units=1.5)
    assert segments(facts(buyer(basket_units=4.9)), cuts=cuts) == set()


def test_where_shipping_is_never_free_nobody_hunts_for_it() -> None:
    assert segments(facts(buyer(**HUNTS))) == set()


def test_a_share_is_held_against_its_bound_exactly() -> None:
    policy = POLICY_99.model_copy(update={"hunter_share": 0.55})
    person = facts(buyer(orders=20, over_threshold=11))
    assert segments(person, policy=policy) == {"free_shipping_hunter"}


@pytest.mark.parametrize(
    ("segment", "known", "told"),
    [
        (
            "active",
            WEEKLY,
            {
                "order_days": 5,
                "first_on": "2026-01-28",
                "last_on": "2026-02-25",
                "per_30_days": 4.0,
                "at_least": 3.0,
            },
        ),
        (
            "batch_buyer",
            {"orders": 3, "units": 25, "basket_units": 25 / 3},
            {"orders": 3, "units": 25, "per_order": 8.3333},
        ),
        ("free_shipping_hunter", HUNTS, HUNTS),
        ("points_keeper", {"points": 1200}, {"order_days": 5, "points": 1200}),
        ("impatient", {**HASTY, "cart_hours": 1 / 3}, {"cart_orders": 3, "cart_hours": 0.3333}),
        ("cart_abandoner", ABANDONS, {"carts": 4, "left": 2, "open_since": None}),
        ("thrifty", {"unit_price": 9.5}, {"order_days": 5, "unit_price": 9.5, "at_most": 10.0}),
        ("premium", {"unit_price": 51.0}, {"order_days": 5, "unit_price": 51, "at_least": 50.0}),
        ("deliberate", SLOW, SLOW),
    ],
)
def test_the_evidence_is_what_the_type_was_told_from(
    segment: str, known: dict[str, Any], told: dict[str, Any]
) -> None:
    assert evidence(facts(buyer(**known)), segment, POLICY_99, CUTS) == told


def test_a_type_has_held_since_nobody_knows_when() -> None:
    (row,) = rows(facts(buyer(points=1000)))
    assert row[:5] == (1, "shopper", "points_keeper", None, False)


def test_an_active_shopper_is_one_until_long_after_the_last_order() -> None:
    person = facts(buyer(**WEEKLY))
    ends = day(5) + timedelta(days=91)
    assert due(person, cuts=CUTS) == {(1, "shopper"): ends}
    assert segments(person, ends - timedelta(days=1), cuts=CUTS) == {"active"}
    assert segments(person, ends, cuts=CUTS) == set()


def test_an_open_cart_counts_as_left_once_it_is_older_than_the_policy_says() -> None:
    person = facts(buyer(carts=2, carts_left=1, open_cart_at=noon(day(1))))
    given_up = day(1) + timedelta(days=POLICY.cart_days + 1)
    assert due(person) == {(1, "cart"): given_up}
    assert segments(person, given_up - timedelta(days=1)) == set()
    assert segments(person, given_up) == {"cart_abandoner"}
    assert due(person, given_up) == {}


def test_an_open_cart_that_makes_no_difference_turns_nothing() -> None:
    once = facts(buyer(carts=1, open_cart_at=noon(day(1))))
    new = facts(buyer(order_days=2, carts=2, carts_left=1, open_cart_at=noon(day(1))))
    assert due(once) == due(new) == {}


def test_one_more_cart_left_is_one_more_in_the_evidence() -> None:
    person = facts(buyer(carts=4, carts_left=2, open_cart_at=noon(day(4))))
    assert evidence(person, "cart_abandoner") == {
        "carts": 4,
        "left": 3,
        "open_since": day(4).isoformat(),
    }


def test_a_carts_age_is_counted_in_local_days() -> None:
    late_in_london = noon(day(1)).replace(hour=20)
    person = facts(buyer(carts=2, carts_left=1, open_cart_at=late_in_london))
    assert due(person, zone=UTC) == {(1, "cart"): TODAY + timedelta(days=3)}
    assert due(person) == {(1, "cart"): TODAY + timedelta(days=4)}
