"""Evidence tags: what is inferred of a person, from which orders, how surely, and until when."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.staples import coded, families
from rules.traits import declared_trait, likes, tags, travels
from schemas.histories import LINES, ORDERS
from schemas.segments import DeclaredTrait, SegmentPolicy

MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""Noon in Shanghai."""

ZONE = "Asia/Shanghai"
POLICY = SegmentPolicy()
CHILD = DeclaredTrait(
    name="child", value="yes", families=("Baby Care",), products=("纸尿裤", "diaper"), keep_days=90
)


def order(days: int = 0, order_id: int = 1, city: str | None = None, **known: Any) -> Any:
    """Return a paid order so many days after MONDAY."""
    whole = {"person_id": 1, "source": "shop", "key": str(order_id), "status": "paid", "paid": 0}
    at = MONDAY + timedelta(days=days)
    return {**whole, "order_id": order_id, "at": at, "store_city": city, **known}


def line(
    order_id: int = 1, family: str | None = "coffee", name: str | None = "latte", **known: Any
) -> Any:
    whole = {"person_id": 1, "product_key": name, "units": 1, "amount": 10_000}
    return {**whole, "order_id": order_id, "family": family, "name": name, **known}


def orders(*rows: Any, zone: str = ZONE) -> pl.DataFrame:
    columns: dict[str, Any] = {**ORDERS}
    told = pl.DataFrame(rows, schema=columns, orient="row")
    return told.with_columns(on=pl.col("at").dt.convert_time_zone(zone).dt.date())


def lines(*rows: Any) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=LINES, orient="row")


def lives_in(city: str | None, person_id: int = 1) -> pl.DataFrame:
    return pl.DataFrame({"person_id": [person_id], "city": pl.Series([city], dtype=pl.String)})


def on(days: int) -> date:
    return (MONDAY + timedelta(days=days)).date()


def loved(family: str = "coffee", days: int = 3, last: int = 9, **known: Any) -> pl.DataFrame:
    """Return the favourite families of a person who has one."""
    whole = {"person_id": 1, "family": family, "days": days, "last_on": on(last), "event": "shop:9"}
    return pl.DataFrame([{**whole, **known}])


def weekly(count: int) -> pl.DataFrame:
    return orders(*(order(7 * n, n) for n in range(count)))


def test_a_family_bought_often_is_liked_until_long_after_the_last_time() -> None:
    found = likes(weekly(4), loved(days=3, last=21), POLICY)
    assert found.rows() == [
        (1, "likes", "coffee", "shop:9", 0.5, on(21) + timedelta(days=POLICY.trait_days))
    ]


@pytest.mark.parametrize(
    ("days", "order_days", "confidence"),
    [
        (2, 2, None),
        (3, 3, 0.5),
        (3, 10, 0.5),
        (3, 11, None),
        (6, 6, 0.75),
        (9, 9, 0.875),
        (60, 60, 1.0),
    ],
)
def test_a_taste_needs_days_and_a_share_of_all_days_and_grows_surer(
    days: int, order_days: int, confidence: float | None
) -> None:
    found = likes(weekly(order_days), loved(days=days), POLICY)["confidence"].to_list()
    assert found == ([] if confidence is None else [confidence])


def test_two_orders_on_one_local_day_are_one_day() -> None:
    early = order(0, 1, at=datetime(2026, 3, 1, 16, 30, tzinfo=UTC))
    late = order(0, 2, at=datetime(2026, 3, 2, 15, 30, tzinfo=UTC))
    told = (early, late, order(2, 3), order(5, 4))
    always = SegmentPolicy(taste_share=1)
    assert len(likes(orders(*told), loved(days=3), always)) == 1
    assert likes(orders(*told, zone="UTC"), loved(days=3), always).is_empty()


def test_another_persons_orders_are_not_counted_in_a_share() -> None:
    others = [order(n, 100 + n, person_id=2) for n in range(50)]
    told = pl.concat([weekly(3), orders(*others)])
    assert len(likes(told, loved(days=3), POLICY)) == 1


def test_who_buys_in_another_city_on_weekdays_travels_then() -> None:
    away = orders(
        order(0, 1, "北京"), order(8, 2, "杭州"), order(9, 3, "上海"), order(12, 4, "北京")
    )
    assert travels(away, lives_in("上海"), POLICY).rows() == [
        (1, "travels", "weekdays", "shop:2", 0.5, on(8) + timedelta(days=POLICY.trait_days))
    ]


def test_weekends_begin_on_saturday_by_local_time() -> None:
    late = order(4, 1, "北京", at=datetime(2026, 3, 6, 16, 0, tzinfo=UTC))
    away = (late, order(6, 2, "北京"))
    found = travels(orders(*away), lives_in("上海"), POLICY)
    assert found["value"].to_list() == ["weekends"]
    assert travels(orders(*away, zone="UTC"), lives_in("上海"), POLICY).is_empty()


def test_a_person_may_travel_on_weekdays_and_at_weekends() -> None:
    away = orders(*(order(days, days, "北京") for days in (0, 1, 5, 6)))
    found = travels(away, lives_in("上海"), POLICY)
    assert sorted(found["value"]) == ["weekdays", "weekends"]


@pytest.mark.parametrize(
    ("home", "stores"),
    [
        ("上海", ["上海", "上海"]),
        ("上海", ["上海市", " 上海 "]),
        (" 上海市", ["上海", "上海"]),
        ("上海", [None, None]),
        (None, ["北京", "北京"]),
        ("上海", ["北京"]),
        ("上海", ["北京", "上海"]),
    ],
)
def test_at_home_in_an_unknown_city_or_once_nobody_travels(
    home: str | None, stores: list[str | None]
) -> None:
    away = orders(*(order(day, day, city) for day, city in enumerate(stores)))
    assert travels(away, lives_in(home), POLICY).is_empty()


def test_two_orders_away_on_one_day_are_one_journey() -> None:
    away = orders(order(0, 1, "北京"), order(0, 2, "北京"))
    assert travels(away, lives_in("上海"), POLICY).is_empty()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"family": "baby care"}, {"family": "BABY CARE"}),
        ({"name": "超薄纸尿裤 L"}, {"family": "Baby Care"}),
        ({"name": "Night DIAPERS"}, {"name": "diaper"}),
        ({"name": None, "family": "Baby Care"}, {"family": None, "name": "Diaper"}),
    ],
)
def test_a_declared_trait_is_told_by_families_or_parts_of_names_in_any_case(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    told = orders(order(0, 1), order(5, 2), order(9, 3))
    bought = lines(line(1, **first), line(2, **second), line(3))
    assert declared_trait(told, bought, CHILD).rows() == [
        (1, "child", "yes", "shop:2", 0.5, on(5) + timedelta(days=90))
    ]


@pytest.mark.parametrize(
    "bought",
    [
        [line(1, name="diaper")],
        [line(1, name="diaper"), line(2, family="Baby Care Books")],
        [line(1, name="diaper"), line(1, name="diaper XL"), line(2)],
        [line(1, name="diaper"), line(3, name="diaper")],
        [line(1, name="diaper"), line(99, name="diaper")],
        [line(1, name="diaper"), line(2, name=None, family=None)],
    ],
)
def test_one_day_another_product_or_an_order_that_does_not_count_tells_nothing(
    bought: list[Any],
) -> None:
    told = orders(order(0, 1), order(5, 2), order(0, 3))
    assert declared_trait(told, lines(*bought), CHILD).is_empty()


def test_of_orders_at_one_instant_the_last_by_id_is_the_source() -> None:
    told = orders(order(1, 20), order(0, 3), order(1, 100))
    bought = lines(*(line(order_id, name="diaper") for order_id in (3, 20, 100)))
    assert declared_trait(told, bought, CHILD)["event"].to_list() == ["shop:100"]


def test_all_tags_come_in_one_frame() -> None:
    policy = SegmentPolicy(traits=(CHILD, CHILD.model_copy(update={"name": "parent"})))
    told = orders(*(order(7 * n, n, "北京") for n in range(3)))
    bought = lines(*(line(n, name="diaper") for n in range(3)))
    found = tags(told, bought, lives_in("上海"), loved(days=3), policy)
    assert sorted(found["trait"]) == ["child", "likes", "parent", "travels"]


def test_nobody_has_no_tags() -> None:
    policy = SegmentPolicy(traits=(CHILD,))
    found = tags(orders(), lines(), lives_in("上海").clear(), loved().clear(), policy)
    assert found.is_empty()
    assert found.schema == {
        "person_id": pl.Int64(),
        "trait": pl.String(),
        "value": pl.String(),
        "event": pl.String(),
        "confidence": pl.Float64(),
        "expires_on": pl.Date(),
    }


_BOUGHT = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=2),
        st.integers(min_value=0, max_value=24 * 12),
        st.sampled_from(["北京", "上海", None]),
        st.lists(st.sampled_from(["coffee", "tea", "diaper"]), max_size=2),
    ),
    max_size=14,
)


def _slow_tags(told: Sequence[Any], bought: Sequence[Any], home: dict[int, str]) -> set[Any]:
    """Return every tag by plain counting; local days are eight hours ahead."""
    support: defaultdict[Any, list[Any]] = defaultdict(list)
    days: defaultdict[int, set[date]] = defaultdict(set)
    for one in sorted(told, key=lambda one: (one["at"], one["order_id"])):
        person, day = one["person_id"], (one["at"] + timedelta(hours=8)).date()
        days[person].add(day)
        things = {each["name"] for each in bought if each["order_id"] == one["order_id"]}
        for thing in things:
            support[person, "likes", thing].append((day, one["key"]))
        if "diaper" in things:
            support[person, "child", "yes"].append((day, one["key"]))
        if one["store_city"] not in (None, home[person]):
            value = "weekdays" if day.isoweekday() <= 5 else "weekends"
            support[person, "travels", value].append((day, one["key"]))
    asked = {"likes": 3, "child": 2, "travels": 2}
    kept = {"likes": 180, "child": 90, "travels": 180}
    found = set()
    for (person, trait, value), seen in support.items():
        distinct = len({day for day, _ in seen})
        share = distinct / len(days[person])
        if distinct >= asked[trait] and (trait != "likes" or share >= POLICY.taste_share):
            last, key = seen[-1]
            sure = round(1 - 0.5 ** (distinct / asked[trait]), 4)
            ends = last + timedelta(days=kept[trait])
            found.add((person, trait, value, f"shop:{key}", sure, ends))
    return found


@settings(max_examples=100)
@given(_BOUGHT, st.randoms(use_true_random=False))
def test_tags_are_what_plain_counting_finds_in_any_order_of_rows(
    purchases: list[Any], random: Any
) -> None:
    told, bought = [], []
    for order_id, (person, hours, city, things) in enumerate(purchases):
        at = MONDAY + timedelta(hours=hours)
        told.append(order(0, order_id, city, person_id=person, at=at))
        bought += [line(order_id, thing, thing, person_id=person) for thing in things]
    home = {1: "上海", 2: "北京"}
    persons = pl.concat([lives_in(city, person) for person, city in home.items()])
    policy = SegmentPolicy(traits=(CHILD,))
    expected = _slow_tags(told, bought, home)
    random.shuffle(told)
    random.shuffle(bought)
    counted = orders(*told)
    local = counted.select("order_id", "on", "at", "source", "key")
    favourites = families(coded(lines(*bought).join(local, on="order_id")))
    found = tags(counted, lines(*bought), persons, favourites, policy)
    assert sorted(found.rows()) == sorted(expected)
