"""Publishing orders: whole, only what changed, and in the same way whether it is much or little."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.enums import Entity
from store import publication
from store.arranging import Arranged, arrange
from store.database import transaction
from store.publication import Published
from store.publish import publish
from tests import builders
from tests.builders import MORNING, built, change, rows, staged
from tests.house import at

Pull = Callable[..., Published]

_ORDERS = """
SELECT o.key, m.key AS member, o.ordered_at, o.status, o.currency, o.discount, o.total, o.store_key
FROM shop_order o JOIN member m ON m.id = o.member_id ORDER BY 1
"""
_LINES = """
SELECT o.key, l.ordinal, l.product_key, l.quantity, l.unit_price
FROM shop_order o JOIN order_line l ON l.order_id = o.id ORDER BY 1, 2
"""
_STALE = "SELECT m.key FROM stale_person JOIN member m USING (person_id) ORDER BY 1"
_PRODUCTS = "SELECT name, family FROM product"


def line(ordinal: int | None = 1, **told: Any) -> dict[str, Any]:
    return {
        "order_key": "o1",
        "ordinal": ordinal,
        "member_key": "m1",
        "ordered_at": at(1, 10),
        "status": "paid",
        "currency": "CNY",
        "product_key": f"p{ordinal}",
        "quantity": 1,
        "unit_price": 28,
        **told,
    }


@pytest.fixture
def pull(database: Engine) -> Pull:
    """Stage lines beside the members m1 to m3, and publish them."""
    builders.persons(database, 3)

    def pulled(*found: dict[str, Any]) -> Published:
        change(database, "DELETE FROM stale_person")
        stage = staged(database, Entity.ORDER_LINE, found)
        with transaction(database) as connection:
            done = publish(connection, stage, MORNING, "salt")
        assert done.published + done.unchanged == len(found)
        return done

    return pulled


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take any first load for a big one."""
    monkeypatch.setattr(publication, "MANY", 1)


def stale(database: Engine) -> list[str]:
    return [row.key for row in rows(database, _STALE)]


def ordinals(database: Engine) -> list[int]:
    return [row.ordinal for row in rows(database, _LINES)]


def test_the_same_window_twice_publishes_nothing_the_second_time(
    database: Engine, pull: Pull
) -> None:
    told = line(product_name="豆", discount=Decimal("1.00005"), total=27, store_key="s1")
    fine = line(2, unit_price=Decimal("0.33333"), discount=Decimal("1.00005"), total=27)
    found = [told, fine | {"store_key": "s1"}]
    assert pull(*found) == Published(2, 0, {})
    assert pull(*found) == Published(0, 2, {})
    assert stale(database) == []


def test_a_changed_line_counts_once_and_its_neighbours_are_unchanged(
    database: Engine, pull: Pull
) -> None:
    pull(line(1), line(2), line(3))
    assert pull(line(1), line(2, quantity=5), line(3)) == Published(1, 2, {})
    assert [row.quantity for row in rows(database, _LINES)] == [1, 5, 1]
    assert stale(database) == ["m1"]


def test_a_line_that_is_no_longer_told_goes(database: Engine, pull: Pull) -> None:
    pull(line(1), line(2), line(1, order_key="o2", member_key="m2"))
    assert pull(line(2), line(1, order_key="o2", member_key="m2")) == Published(0, 2, {})
    assert ordinals(database) == [2, 1]
    assert stale(database) == ["m1"]


def test_a_line_that_is_added_comes_alone(database: Engine, pull: Pull) -> None:
    pull(line(1))
    assert pull(line(1), line(2)) == Published(1, 1, {})
    assert ordinals(database) == [1, 2]
    assert stale(database) == ["m1"]


def test_an_order_that_is_not_told_again_keeps_its_lines(database: Engine, pull: Pull) -> None:
    pull(line(1), line(2))
    pull(line(1, order_key="o2", member_key="m2"))
    assert ordinals(database) == [1, 2, 1]
    assert stale(database) == ["m2"]


def test_lines_that_change_places_arrive(database: Engine, pull: Pull) -> None:
    pull(line(1, product_key="a"), line(2, product_key="b"))
    pull(line(1, product_key="b"), line(2, product_key="a"))
    assert [row.product_key for row in rows(database, _LINES)] == ["b", "a"]


@pytest.mark.parametrize(
    "told",
    [
        {"status": "refunded"},
        {"currency": "USD"},
        {"discount": Decimal("2.0000")},
        {"total": Decimal("26.0000")},
        {"store_key": "s9"},
        {"ordered_at": at(1, 9)},
        {"ordered_at": at(1, 11)},
    ],
    ids="-".join,
)
def test_what_changes_about_an_order_is_published_with_all_its_lines(
    database: Engine, pull: Pull, told: dict[str, Any]
) -> None:
    pull(line(1, discount=1, total=27), line(2, discount=1, total=27))
    changed = {"discount": 1, "total": 27} | told
    assert pull(line(1, **changed), line(2, **changed)) == Published(2, 0, {})
    (order,) = rows(database, _ORDERS)
    assert {name: getattr(order, name) for name in told} == told
    assert ordinals(database) == [1, 2]
    assert stale(database) == ["m1"]


def test_an_order_that_moves_to_another_member_concerns_both(database: Engine, pull: Pull) -> None:
    pull(line(1), line(2), line(1, order_key="o2", member_key="m3"))
    moved = [line(1, member_key="m2"), line(2, member_key="m2")]
    assert pull(*moved, line(1, order_key="o2", member_key="m3")) == Published(2, 1, {})
    assert [row.member for row in rows(database, _ORDERS)] == ["m2", "m3"]
    assert stale(database) == ["m1", "m2"]


def test_an_order_keyed_over_minutes_begins_with_its_first_line(
    database: Engine, pull: Pull
) -> None:
    pull(line(2, ordered_at=at(1, 10, 7)), line(1, ordered_at=at(1, 10, 3)))
    assert rows(database, _ORDERS)[0].ordered_at == at(1, 10, 3)


def test_two_sources_may_call_two_orders_by_one_key(database: Engine, pull: Pull) -> None:
    pull(line(1), line(2))
    change(
        database,
        "INSERT INTO member (source, key, person_id) SELECT 'till', key, person_id FROM member",
    )
    stage = staged(database, Entity.ORDER_LINE, [line(1)], source="till")
    with transaction(database) as connection:
        assert publish(connection, stage, MORNING, "salt") == Published(1, 0, {})
    assert ordinals(database) == [1, 1, 2]


def test_a_product_bears_its_newest_name_and_keeps_it_when_unnamed(
    database: Engine, pull: Pull
) -> None:
    named = {"product_key": "p1", "ordered_at": at(1, 11), "product_name": "新名"}
    pull(line(1, product_name="旧名"), line(2, **named))
    assert rows(database, _PRODUCTS) == [("新名", None)]
    pull(line(1, order_key="o2"))
    assert rows(database, _PRODUCTS) == [("新名", None)]


def test_a_product_without_a_name_is_called_by_its_key_until_it_has_one(
    database: Engine, pull: Pull
) -> None:
    pull(line(1))
    assert rows(database, _PRODUCTS) == [("p1", None)]
    pull(line(1, order_key="o2", product_name="豆"))
    assert rows(database, _PRODUCTS) == [("豆", None)]


@pytest.mark.parametrize("known", ["family = 'f'", "launched_at = '2026-01-01Z'", "stock = 0"])
def test_a_catalogues_name_for_a_product_stays(database: Engine, pull: Pull, known: str) -> None:
    pull(line(1, product_name="豆"))
    change(database, f"UPDATE product SET name = '云南豆', {known}")
    pull(line(1, order_key="o2", product_name="豆"))
    assert rows(database, _PRODUCTS)[0].name == "云南豆"


@pytest.mark.usefixtures("many")
def test_a_first_load_leaves_every_key_and_index_as_it_was(database: Engine, pull: Pull) -> None:
    before = built(database)
    assert pull(line(1), line(2), line(1, order_key="o2", member_key="m2")) == Published(3, 0, {})
    assert built(database) == before
    assert len(before) > 8
    assert ordinals(database) == [1, 2, 1]
    assert stale(database) == ["m1", "m2"]


@pytest.mark.usefixtures("many")
def test_what_follows_a_first_load_is_compared_with_it(database: Engine, pull: Pull) -> None:
    pull(line(1), line(2))
    assert pull(line(1), line(2, quantity=3)) == Published(1, 1, {})
    assert [row.quantity for row in rows(database, _LINES)] == [1, 3]


@pytest.mark.parametrize(
    ("told", "numbered"),
    [
        pytest.param([("o1", None), ("o1", None)], [1, 2], id="alike, and two lines"),
        pytest.param([("o1", None), ("o2", None), ("o1", None)], [1, 1, 2], id="per order"),
        pytest.param([("o1", 3), ("o1", None)], [3, None], id="half numbered is a gap"),
        pytest.param([("o1", 3), ("o2", None)], [3, 1], id="another order numbers its own"),
    ],
)
def test_lines_without_numbers_get_them_in_the_order_they_came_in(
    database: Engine, told: list[tuple[str, int | None]], numbered: list[int | None]
) -> None:
    bare = [line(ordinal, order_key=key, product_key="p") for key, ordinal in told]
    stage = staged(database, Entity.ORDER_LINE, bare)
    with transaction(database) as connection:
        assert arrange(connection, stage, newest=False) == Arranged({}, 0)
    found = rows(database, f"SELECT ordinal FROM {stage.table} ORDER BY row")
    assert [row.ordinal for row in found] == numbered


def test_numbered_lines_that_came_twice_are_dropped(database: Engine) -> None:
    stage = staged(database, Entity.ORDER_LINE, [line(1), line(1), line(2)])
    with transaction(database) as connection:
        assert arrange(connection, stage, newest=False) == Arranged({"repeated_row": 1}, 0)


_TOLD = st.dictionaries(
    st.tuples(st.sampled_from(["o1", "o2", "o3"]), st.integers(1, 3)),
    st.tuples(st.sampled_from(["p1", "p2"]), st.integers(1, 2)),
)
_WINDOW = st.tuples(
    _TOLD, st.lists(st.sampled_from(["m1", "m2", "m3"]), min_size=3, max_size=3), st.booleans()
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=st.lists(_WINDOW, min_size=1, max_size=4), first=st.booleans())
def test_whatever_was_told_the_last_word_on_each_order_stands(
    database: Engine, pull: Pull, monkeypatch: pytest.MonkeyPatch, windows: Any, first: bool
) -> None:
    monkeypatch.setattr(publication, "MANY", 1 if first else 50)
    change(database, "TRUNCATE shop_order, order_line")
    expected: dict[str, Any] = {}
    for told, members, refunded in windows:
        owners = dict(zip(("o1", "o2", "o3"), members, strict=True))
        status = "refunded" if refunded else "paid"
        whole: dict[str, Any] = {}
        for (key, ordinal), bought in told.items():
            whole.setdefault(key, {"of": (owners[key], status)})[ordinal] = bought
        pull(
            *(
                line(
                    ordinal,
                    order_key=key,
                    member_key=owners[key],
                    status=status,
                    product_key=product,
                    quantity=quantity,
                )
                for (key, ordinal), (product, quantity) in told.items()
            )
        )
        expected |= whole
    assert _stored(database) == expected


def _stored(database: Engine) -> dict[str, Any]:
    found: dict[str, Any] = {
        row.key: {"of": (row.member, row.status)} for row in rows(database, _ORDERS)
    }
    for row in rows(database, _LINES):
        found[row.key][row.ordinal] = (row.product_key, row.quantity)
    return found
