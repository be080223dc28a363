"""What happened to persons, told of a few or of a range, and how much is read for it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, Engine

from schemas import histories as shapes
from schemas.facts_frame import FACTS
from schemas.histories import Histories
from store import facts, memberships, populations
from store.database import transaction
from store.histories import Persons, histories
from tests import builders
from tests.builders import change, rows
from tests.store.town import PERSONS, SOME, read_more_than, settle

AT = datetime(2026, 2, 1, 8, 30, 0, 123_456, tzinfo=UTC)
_SHAPES = (
    *(shapes.PERSONS, shapes.ORDERS, shapes.LINES),
    *(shapes.EVENTS, shapes.BENEFITS, shapes.TOUCHES),
)


def told(database: Engine, persons: Persons) -> Histories:
    with transaction(database) as connection:
        return histories(connection, persons)


def sorted_rows(frame: pl.DataFrame) -> list[Any]:
    return sorted(frame.rows(), key=repr)


def order(database: Engine, member: str = "m1", key: str = "o1", **columns: Any) -> None:
    """Place an order, paid at AT unless told otherwise."""
    known = {"discount": None, "total": None, "store_key": None, "status": "paid", **columns}
    change(
        database,
        "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency, discount,"
        " total, store_key) SELECT source, :key, id, :at, :status, 'CNY',"
        " CAST(:discount AS numeric), CAST(:total AS numeric), :store_key"
        " FROM member WHERE member.key = :member",
        member=member,
        key=key,
        at=AT,
        **known,
    )


def line(database: Engine, key: str = "o1", product: str = "p1", units: int = 2) -> None:
    change(
        database,
        "INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)"
        " SELECT o.id, 1 + (SELECT count(*) FROM order_line l WHERE l.order_id = o.id), :product,"
        " :units, 12.3456 FROM shop_order o WHERE o.key = :key",
        key=key,
        product=product,
        units=units,
    )


def product(database: Engine, source: str = "shop", family: str | None = "coffee") -> None:
    change(
        database,
        "INSERT INTO product (source, key, name, family) VALUES (:source, 'p1', :name, :family)",
        source=source,
        name=f"latte of {source}",
        family=family,
    )


def delivery(database: Engine, person: int, scene: str, status: str = "delivered") -> None:
    (message,) = builders.messages(database, [person], scene=scene)
    change(
        database,
        "INSERT INTO delivery (message_id, person_id, status, at, answer_until, answered)"
        " VALUES (:message, :person, :status, :at, :at, false)",
        message=message,
        person=person,
        status=status,
        at=AT,
    )


@pytest.fixture
def shop(database: Engine) -> Engine:
    """Five persons, a product and a store."""
    builders.persons(database, 5)
    product(database)
    change(
        database, "INSERT INTO store (source, key, name, city) VALUES ('shop', 's1', 's', '上海')"
    )
    return database


def test_all_that_happened_is_told_to_the_microsecond_and_the_cent(shop: Engine) -> None:
    order(shop, total="99999999.9999", discount="0.0001", store_key="s1")
    line(shop)
    (row,) = told(shop, [1]).orders.rows(named=True)
    assert row == {
        "person_id": 1,
        "order_id": row["order_id"],
        "at": AT,
        "status": "paid",
        "paid": 999_999_999_999,
        "discount": 1,
        "source": "shop",
        "key": "o1",
        "store_key": "s1",
        "store_city": "上海",
    }
    expected = (1, row["order_id"], "p1", "latte of shop", "coffee", 2, 246_912)
    assert told(shop, [1]).lines.rows() == [expected]


@pytest.mark.parametrize(
    ("total", "discount", "paid"),
    [
        ("50", "3", 500_000),
        ("0", None, 0),
        (None, None, 370_368),
        (None, "7.0368", 300_000),
        (None, "1000", 0),
    ],
)
def test_where_no_total_is_told_lines_less_discount_were_paid(
    shop: Engine, total: str | None, discount: str | None, paid: int
) -> None:
    order(shop, total=total, discount=discount)
    for units in (2, 1):
        line(shop, units=units)
    assert told(shop, [1]).orders["paid"].to_list() == [paid]


def test_an_order_without_lines_and_total_cost_nothing(shop: Engine) -> None:
    order(shop)
    assert told(shop, [1]).orders["paid"].to_list() == [0]
    assert told(shop, [1]).lines.is_empty()


@pytest.mark.parametrize(
    ("source", "family", "expected"),
    [
        ("other", "tea", [("p1", "latte of shop", "coffee")]),
        ("other", None, [("p1", "latte of shop", "coffee")]),
    ],
)
def test_a_key_that_two_sources_share_is_two_products(
    shop: Engine, source: str, family: str | None, expected: list[Any]
) -> None:
    product(shop, source, family)
    order(shop)
    line(shop)
    assert told(shop, [1]).lines.select("product_key", "name", "family").rows() == expected


def test_a_product_without_a_family_is_one_and_an_unknown_one_is_called_by_its_key(
    shop: Engine,
) -> None:
    change(shop, "UPDATE product SET family = NULL")
    order(shop)
    line(shop)
    line(shop, product="gone")
    assert sorted_rows(told(shop, [1]).lines.select("product_key", "name", "family")) == [
        ("gone", "gone", "gone"),
        ("p1", "latte of shop", "p1"),
    ]


def test_refunds_and_what_lies_ahead_are_told_as_they_are(shop: Engine) -> None:
    order(shop, status="refunded")
    change(shop, "UPDATE shop_order SET ordered_at = '2099-01-01Z'")
    (row,) = told(shop, [1]).orders.rows(named=True)
    assert (row["status"], row["at"]) == ("refunded", datetime(2099, 1, 1, tzinfo=UTC))


def test_a_person_lives_where_their_first_member_with_a_city_does(shop: Engine) -> None:
    change(
        shop,
        "INSERT INTO member (source, key, person_id, city) VALUES ('shop', 'x', 1, NULL),"
        " ('shop', 'y', 1, '杭州'), ('shop', 'z', 1, '上海')",
    )
    assert told(shop, [1, 2]).persons.rows() == [(1, "杭州"), (2, None)]


def test_what_all_members_of_a_person_did_that_person_did(shop: Engine) -> None:
    change(shop, "INSERT INTO member (source, key, person_id) VALUES ('other', 'x', 1)")
    order(shop)
    order(shop, member="x", key="o2")
    found = told(shop, [1]).orders.sort("key").select("person_id", "source", "key")
    assert found.rows() == [(1, "shop", "o1"), (1, "other", "o2")]


def test_benefits_that_all_may_use_are_nobodys(shop: Engine) -> None:
    change(
        shop,
        "INSERT INTO benefit (source, key, kind, member_id, name, remaining, valid_until) VALUES"
        " ('shop', 'b1', 'coupon', NULL, 'b', NULL, NULL),"
        " ('shop', 'b2', 'points', 1, 'b', 7, '1969-12-31 23:59:59.5Z')",
    )
    until = datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)
    assert told(shop, range(1, 100)).benefits.rows() == [(1, "points", 7, None, until)]


@pytest.mark.parametrize(
    ("status", "reached"),
    [("delivered", True), ("unknown_settled", True), ("failed", False), ("unreachable", False)],
)
def test_only_who_was_reached_was_touched(shop: Engine, status: str, reached: bool) -> None:
    delivery(shop, 1, "welcome", status)
    assert told(shop, [1]).touches.rows() == [(1, AT, False)] * reached


@pytest.mark.parametrize("persons", [[1], [1, 2], range(1, 2), range(1, 3)])
def test_what_they_got_who_are_taken_for_a_person_that_person_got(
    shop: Engine, persons: Persons
) -> None:
    for person in (1, 2, 3):
        delivery(shop, person, f"scene{person}")
    change(shop, "UPDATE person SET merged_into = 1 WHERE id = 2")
    change(shop, "UPDATE member SET person_id = 1 WHERE person_id = 2")
    assert told(shop, persons).touches.filter(person_id=1).rows() == [(1, AT, False)] * 2
    assert told(shop, persons).persons["person_id"].to_list() == [1]


def test_whoever_is_taken_for_another_has_no_history(shop: Engine) -> None:
    change(shop, "UPDATE person SET merged_into = 1 WHERE id = 2")
    change(shop, "UPDATE member SET person_id = 1 WHERE person_id = 2")
    order(shop, member="m2")
    assert told(shop, [2]).persons.is_empty()
    assert told(shop, [2]).orders.is_empty()
    assert told(shop, [1]).orders["person_id"].to_list() == [1]


@pytest.mark.parametrize("persons", [[], [99], range(0), range(90, 99)])
def test_of_nobody_there_are_frames_of_the_same_columns(shop: Engine, persons: Persons) -> None:
    found = told(shop, persons)
    for part, shape in zip(fields(found), _SHAPES, strict=True):
        frame = getattr(found, part.name)
        assert frame.is_empty()
        assert frame.schema == pl.Schema(shape)


@pytest.fixture
def town(database: Engine) -> Engine:
    return settle(database)


def test_a_few_persons_are_told_of_as_in_a_range(town: Engine) -> None:
    """Persons 8 to 12, of whom the tenth is taken for the ninth."""
    few, many = told(town, [12, 8, 11, 9]), told(town, range(8, 13))
    for part, shape in zip(fields(few), _SHAPES, strict=True):
        one, other = getattr(few, part.name), getattr(many, part.name)
        assert one.schema == other.schema == pl.Schema(shape)
        assert len(one)
        assert sorted_rows(one) == sorted_rows(other)


def _as_they_are(connection: Connection, persons: Sequence[int]) -> None:
    """Write again all that is known of persons, after a change to each part of it."""
    known = facts.read_facts(connection, persons)
    assert set(known.columns) == set(FACTS)
    populations.order_days(connection, persons, date(2026, 2, 1))
    facts.write_facts(connection, persons, known.head(2))
    schema = {"person_id": pl.Int64, "dimension": pl.String, "segment": pl.String}
    judged = pl.DataFrame(
        [
            row
            for person in persons[:2]
            for row in ((person, "lifecycle", "due"), (person, "shopper", "active"))
        ],
        schema,
        orient="row",
    ).with_columns(since=pl.lit(None, pl.Date), spell=False, evidence=pl.lit('{"n":1}'))
    memberships.write_memberships(connection, persons, judged, date(2026, 3, 2))
    turns = pl.DataFrame(
        [(person, "need", date(2026, 4, 1), "v") for person in persons],
        {"person_id": pl.Int64, "kind": pl.String, "due_on": pl.Date, "version": pl.String},
        orient="row",
    )
    memberships.write_wheel(connection, persons, turns)


def test_for_a_few_of_many_a_few_rows_are_read(town: Engine) -> None:
    with transaction(town) as connection:
        found = histories(connection, SOME)
        assert [len(getattr(found, part.name)) > 0 for part in fields(found)] == [True] * 6
        assert found.touches.filter(person_id=9).height == 2
        assert read_more_than(connection, 100) == {}
        _as_they_are(connection, SOME)
        assert read_more_than(connection, 100) == {}


def test_who_is_due_is_read_from_one_stretch_of_an_index(town: Engine) -> None:
    with transaction(town) as connection:
        due = facts.due(connection, date(2026, 3, 3), ["lifecycle", "need"], 10)
        assert due == list(range(1, 10_000, 1_000))
        facts.mark_due(connection, date(2026, 3, 3), ["ahead"])
        assert read_more_than(connection, 400) == {}


def test_what_counts_rows_read_sees_a_walk_through_all(town: Engine) -> None:
    with transaction(town) as connection:
        found = histories(connection, range(1, PERSONS + 1))
        walked = read_more_than(connection, 100).keys()
    assert found.persons.height == PERSONS * 9 // 10
    assert {"member", "shop_order", "order_line", "member_event", "benefit", "delivery"} <= walked
    assert rows(town, "SELECT count(*) FROM delivery") == [(found.touches.height,)]
