"""Publishing benefits and events: only what changed, and everybody concerned is looked at anew."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from store.database import transaction
from store.publication import Published
from store.publish import publish
from tests import builders
from tests.builders import MORNING, change, rows, staged
from tests.house import at

Pull = Callable[..., Published]
BOTH = (Entity.BENEFIT, Entity.MEMBER_EVENT)

_STALE = "SELECT m.key FROM stale_person JOIN member m USING (person_id) ORDER BY 1"
_HOLDERS = "SELECT b.key, m.key AS member FROM {0} b LEFT JOIN member m ON m.id = b.member_id"


@pytest.fixture
def pull(database: Engine) -> Pull:
    """Stage rows of an entity beside the members m1 to m3, and publish them."""
    builders.persons(database, 3)

    def pulled(entity: Entity, *found: dict[str, Any]) -> Published:
        change(database, "DELETE FROM stale_person")
        stage = staged(database, entity, found)
        with transaction(database) as connection:
            done = publish(connection, stage, MORNING, "salt")
        assert done.published + done.unchanged + sum(done.dropped.values()) == len(found)
        return done

    return pulled


def coupon(**told: Any) -> dict[str, Any]:
    return {
        "key": "c1",
        "kind": "coupon",
        "member_key": "m1",
        "name": "满五十减十",
        "code": "TEN",
        "face_value": Decimal(10),
        "threshold": Decimal(50),
        "currency": "CNY",
        "remaining": 1,
        "valid_from": at(1, 0),
        "valid_until": at(9, 0),
        "store_keys": ["s1", "s2"],
        **told,
    }


def event(**told: Any) -> dict[str, Any]:
    named = {"key": "e1", "kind": "review", "member_key": "m1", "at": at(1, 9), "subject": "p1"}
    return {**named, **told}


MADE = {Entity.BENEFIT: coupon, Entity.MEMBER_EVENT: event}


def stale(database: Engine) -> list[str]:
    return [row.key for row in rows(database, _STALE)]


WHOLE = [
    (Entity.BENEFIT, coupon()),
    (Entity.BENEFIT, {"key": "bare", "kind": "points", "name": "积分"}),
    (Entity.BENEFIT, coupon(key="fine", face_value=Decimal("9.99999"))),
    (Entity.MEMBER_EVENT, event()),
    (Entity.MEMBER_EVENT, event(key="bare", subject=None)),
]
CHANGES: dict[Entity, list[tuple[str, Any]]] = {
    Entity.BENEFIT: [
        ("kind", "points"),
        ("name", "生日礼"),
        ("code", None),
        ("face_value", Decimal("10.5")),
        ("threshold", None),
        ("currency", "HKD"),
        ("remaining", 0),
        ("valid_from", None),
        ("valid_until", at(10, 0)),
        ("store_keys", None),
        ("store_keys", ["s2"]),
        ("redeemable_for", "手冲一杯"),
    ],
    Entity.MEMBER_EVENT: [("kind", "complaint"), ("at", at(1, 10)), ("subject", None)],
}


def test_the_same_window_twice_publishes_and_marks_nothing_the_second_time(
    database: Engine, pull: Pull
) -> None:
    for entity, row in WHOLE:
        assert pull(entity, row) == Published(1, 0, {})
        assert pull(entity, row) == Published(0, 1, {})
        assert stale(database) == []


@pytest.mark.parametrize("entity", BOTH)
def test_one_value_changed_is_published_and_only_its_member_marked(
    database: Engine, pull: Pull, entity: Entity
) -> None:
    row = MADE[entity]()
    other = {**row, "key": "other", "member_key": "m2"}
    for column, value in CHANGES[entity]:
        pull(entity, row, other)
        assert pull(entity, {**row, column: value}, other) == Published(1, 1, {})
        found = rows(database, f"SELECT key, {column} AS value FROM {entity.value}")
        assert dict(map(tuple, found)) == {row["key"]: value, "other": row.get(column)}
        assert stale(database) == ["m1"]


@pytest.mark.parametrize("entity", BOTH)
def test_one_that_moves_to_another_member_marks_both(
    database: Engine, pull: Pull, entity: Entity
) -> None:
    row = MADE[entity]()
    pull(entity, row)
    assert pull(entity, {**row, "member_key": "m2"}) == Published(1, 0, {})
    assert rows(database, _HOLDERS.format(entity.value)) == [(row["key"], "m2")]
    assert stale(database) == ["m1", "m2"]


def test_a_benefit_for_all_marks_nobody_but_who_held_it_alone(database: Engine, pull: Pull) -> None:
    pull(Entity.BENEFIT, coupon(member_key=None))
    assert stale(database) == []
    assert pull(Entity.BENEFIT, coupon()) == Published(1, 0, {})
    assert stale(database) == ["m1"]
    assert pull(Entity.BENEFIT, coupon(member_key=None)) == Published(1, 0, {})
    assert stale(database) == ["m1"]


@pytest.mark.parametrize("entity", BOTH)
def test_one_of_somebody_unknown_is_put_aside_and_never_becomes_everybodys(
    database: Engine, pull: Pull, entity: Entity
) -> None:
    stranger = {**MADE[entity](), "member_key": "m9"}
    assert pull(entity, stranger) == Published(0, 0, {"not_a_member": 1})
    assert rows(database, _HOLDERS.format(entity.value)) == []
