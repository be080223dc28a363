"""Publishing stores, employees and products: only what changed, nothing twice."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from store.database import transaction
from store.publication import Published
from store.publish import publish
from tests.builders import MORNING, change, rows, staged
from tests.house import at

Pull = Callable[..., Published]

STORE = {"key": "s1", "name": "西湖店", "city": "杭州", "timezone": "Asia/Shanghai"}
EMPLOYEE = {"key": "yi", "name": "易", "store_key": "s1", "active": True}
PRODUCT = {"key": "p1", "name": "云南豆", "family": "豆", "launched_at": at(1, 9), "stock": 5}

_EMPLOYEES = "SELECT id, source, name, store_key, active FROM employee ORDER BY id"
_PRODUCTS = "SELECT key, name, family, launched_at, stock FROM product ORDER BY key"


@pytest.fixture
def pull(database: Engine) -> Pull:
    """Stage rows of an entity and publish them."""

    def pulled(entity: Entity, *found: dict[str, Any], source: str = "shop") -> Published:
        stage = staged(database, entity, found, source)
        with transaction(database) as connection:
            done = publish(connection, stage, MORNING, "salt")
        assert done.published + done.unchanged + sum(done.dropped.values()) == len(found)
        return done

    return pulled


WHOLE = [(Entity.STORE, STORE), (Entity.EMPLOYEE, EMPLOYEE), (Entity.PRODUCT, PRODUCT)]
BARE = [
    (Entity.STORE, {"key": "bare", "name": "总店"}),
    (Entity.EMPLOYEE, {"key": "bare"}),
    (Entity.PRODUCT, {"key": "bare", "name": "豆"}),
]
CHANGES: list[tuple[Entity, dict[str, Any], str, Any]] = [
    (Entity.STORE, STORE, "name", "断桥店"),
    (Entity.STORE, STORE, "city", None),
    (Entity.STORE, STORE, "timezone", "Asia/Urumqi"),
    (Entity.EMPLOYEE, EMPLOYEE, "name", "易安"),
    (Entity.EMPLOYEE, EMPLOYEE, "store_key", "s2"),
    (Entity.EMPLOYEE, EMPLOYEE, "active", False),
    (Entity.PRODUCT, PRODUCT, "name", "云南豆二号"),
    (Entity.PRODUCT, PRODUCT, "family", None),
    (Entity.PRODUCT, PRODUCT, "launched_at", at(2, 9)),
    (Entity.PRODUCT, PRODUCT, "stock", 0),
]


def test_the_same_window_twice_publishes_nothing_the_second_time(pull: Pull) -> None:
    for entity, row in WHOLE + BARE:
        assert pull(entity, row) == Published(1, 0, {})
        assert pull(entity, row) == Published(0, 1, {})


def test_one_value_changed_is_published_alone(database: Engine, pull: Pull) -> None:
    for entity, row, column, value in CHANGES:
        other = {**row, "key": "other"}
        pull(entity, row, other)
        assert pull(entity, {**row, column: value}, other) == Published(1, 1, {})
        key = "id" if entity is Entity.EMPLOYEE else "key"
        found = rows(database, f"SELECT {key}, {column} AS value FROM {entity.value}")
        assert dict(map(tuple, found)) == {row["key"]: value, "other": row[column]}


@pytest.mark.parametrize(("entity", "row"), [WHOLE[0], WHOLE[2]])
def test_two_sources_may_call_two_things_by_one_key(
    database: Engine, pull: Pull, entity: Entity, row: dict[str, Any]
) -> None:
    pull(entity, row)
    assert pull(entity, {**row, "name": "别名"}, source="till") == Published(1, 0, {})
    found = rows(database, f"SELECT source, name FROM {entity.value}")
    assert dict(map(tuple, found)) == {"shop": row["name"], "till": "别名"}


def test_an_employee_known_from_contacts_gets_a_name_and_a_store(
    database: Engine, pull: Pull
) -> None:
    change(database, "INSERT INTO employee (id, active) VALUES ('yi', true)")
    assert pull(Entity.EMPLOYEE, {"key": "yi"}) == Published(1, 0, {})
    assert rows(database, _EMPLOYEES) == [("yi", "shop", None, None, True)]
    assert pull(Entity.EMPLOYEE, EMPLOYEE) == Published(1, 0, {})
    assert rows(database, _EMPLOYEES) == [("yi", "shop", "易", "s1", True)]


def test_what_a_source_does_not_tell_of_an_employee_stays(database: Engine, pull: Pull) -> None:
    pull(Entity.EMPLOYEE, {**EMPLOYEE, "active": False})
    assert pull(Entity.EMPLOYEE, {"key": "yi"}, source="hr") == Published(0, 1, {})
    assert pull(Entity.EMPLOYEE, {"key": "yi", "name": "安"}, source="hr") == Published(1, 0, {})
    assert rows(database, _EMPLOYEES) == [("yi", "hr", "安", "s1", False)]
    pull(Entity.EMPLOYEE, {"key": "yi", "store_key": "s2"}, source="hr")
    assert rows(database, _EMPLOYEES) == [("yi", "hr", "安", "s2", False)]


def test_an_employee_of_whom_nothing_else_is_told_serves(database: Engine, pull: Pull) -> None:
    pull(Entity.EMPLOYEE, {"key": "yi"})
    assert rows(database, _EMPLOYEES) == [("yi", "shop", None, None, True)]


def test_a_product_known_from_orders_gets_what_the_catalogue_knows(
    database: Engine, pull: Pull
) -> None:
    change(database, "INSERT INTO product (source, key, name) VALUES ('shop', 'p1', 'p1')")
    assert pull(Entity.PRODUCT, PRODUCT) == Published(1, 0, {})
    assert rows(database, _PRODUCTS) == [("p1", "云南豆", "豆", at(1, 9), 5)]
