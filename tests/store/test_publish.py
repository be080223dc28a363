"""Publishing: only what changed, nothing twice, nothing lost."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from store.database import transaction
from store.publication import Published
from store.publish import publish
from tests.builders import MORNING, rows, staged
from tests.house import at

Pull = Callable[..., Published]

_CONSENT = "SELECT granted, at FROM consent"


@pytest.fixture
def pull(database: Engine) -> Pull:
    """Stage rows of an entity and publish them."""

    def pulled(entity: Entity, *found: dict[str, Any], as_of: datetime = MORNING) -> Published:
        stage = staged(database, entity, found)
        with transaction(database) as connection:
            done = publish(connection, stage, as_of, "salt")
        assert done.published + done.unchanged + sum(done.dropped.values()) == len(found)
        return done

    return pulled


def member(key: str = "m1", **told: Any) -> dict[str, Any]:
    return {"key": key, "unionid": "u1", "consent": True, "consent_at": at(1, 9), **told}


def line(ordinal: int = 1, **told: Any) -> dict[str, Any]:
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


def contact(unionid: str | None = "u1", **told: Any) -> dict[str, Any]:
    names = {"channel": "wecom", "address": f"wm-{unionid}", "employee_id": "yi"}
    return {**names, "unionid": unionid, "since": at(1, 9), **told}


@pytest.mark.parametrize(
    ("entity", "row"),
    [
        (Entity.MEMBER, member()),
        (Entity.MEMBER, member(unionid=None, city="上海", joined_at=at(1, 9))),
        (Entity.MEMBER, member(consent=False, consent_at=None)),
        (Entity.ORDER_LINE, line(product_name="云南日晒咖啡豆")),
        (Entity.CONTACT, contact()),
    ],
)
def test_the_same_window_twice_publishes_nothing_the_second_time(
    pull: Pull, entity: Entity, row: dict[str, Any]
) -> None:
    if entity is not Entity.MEMBER:
        pull(Entity.MEMBER, member())
    assert pull(entity, row) == Published(1, 0, {})
    assert pull(entity, row, as_of=at(3, 9)) == Published(0, 1, {})


def test_members_sharing_a_unionid_are_one_person(database: Engine, pull: Pull) -> None:
    pull(Entity.MEMBER, member("m1"), member("m2"))
    pull(Entity.MEMBER, member("m3"))
    assert len(rows(database, "SELECT DISTINCT person_id FROM member")) == 1
    assert len(rows(database, "SELECT id FROM person")) == 1


def test_members_without_a_unionid_are_persons_of_their_own(database: Engine, pull: Pull) -> None:
    pull(Entity.MEMBER, member("m1", unionid=None), member("m2", unionid=None))
    assert len(rows(database, "SELECT DISTINCT person_id FROM member")) == 2


def test_a_member_who_shares_a_unionid_later_joins_that_person(
    database: Engine, pull: Pull
) -> None:
    pull(Entity.MEMBER, member("m1", unionid=None))
    pull(Entity.ORDER_LINE, line())
    pull(Entity.MEMBER, member("m1", unionid="u1"))
    pull(Entity.CONTACT, contact("u1"))
    reached = rows(database, "SELECT m.key FROM contact JOIN member m USING (person_id)")
    assert reached == [("m1",)]


def test_joining_is_dated_by_the_earliest_word(database: Engine, pull: Pull) -> None:
    for day in (4, 3, 5):
        pull(Entity.MEMBER, member(joined_at=at(day, 9)))
    assert rows(database, "SELECT joined_at FROM member") == [(at(3, 9),)]


def test_a_strangers_contact_is_counted_as_not_a_member(database: Engine, pull: Pull) -> None:
    pull(Entity.MEMBER, member())
    found = [contact("u1"), contact("u2"), contact(None)]
    assert pull(Entity.CONTACT, *found) == Published(1, 0, {"not_a_member": 2})
    assert [row.address for row in rows(database, "SELECT address FROM contact")] == ["wm-u1"]


def test_a_stranger_who_becomes_a_member_can_be_reached(pull: Pull) -> None:
    pull(Entity.CONTACT, contact())
    pull(Entity.MEMBER, member())
    assert pull(Entity.CONTACT, contact()) == Published(1, 0, {})


Word = tuple[str, bool, datetime | None]


@pytest.mark.parametrize(
    ("said", "granted"),
    [
        pytest.param([("m1", False, at(1, 9)), ("m1", True, at(2, 9))], True, id="newer yes"),
        pytest.param([("m1", True, at(1, 9)), ("m1", False, at(2, 9))], False, id="newer no"),
        pytest.param([("m1", False, at(2, 9)), ("m2", True, at(1, 9))], False, id="older yes"),
        pytest.param([("m1", True, at(2, 9)), ("m2", False, at(1, 9))], True, id="older no"),
        pytest.param([("m1", True, at(1, 9)), ("m1", False, None)], False, id="undated no"),
        pytest.param([("m1", False, None), ("m2", True, at(1, 9))], False, id="undated no first"),
        pytest.param(
            [("m1", False, at(1, 9)), ("m1", False, at(3, 9)), ("m2", True, at(2, 9))],
            False,
            id="a no said again, then a yes from in between",
        ),
        pytest.param(
            [("m1", True, at(1, 9)), ("m1", True, at(3, 9)), ("m2", False, at(2, 9))],
            True,
            id="a yes said again, then a no from in between",
        ),
    ],
)
def test_of_a_persons_words_on_consent_the_newest_counts(
    database: Engine, pull: Pull, said: list[Word], granted: bool
) -> None:
    for key, consent, when in said:
        pull(Entity.MEMBER, member(key, consent=consent, consent_at=when), as_of=at(4, 9))
    assert rows(database, _CONSENT)[0].granted is granted


@pytest.mark.parametrize(
    ("first", "second", "granted"),
    [(at(1, 9), at(2, 9), False), (at(2, 9), at(1, 9), True), (at(1, 9), at(1, 9), False)],
    ids=["newer no", "older no", "both at once"],
)
def test_of_two_words_in_one_window_the_newest_counts_and_a_no_in_a_tie(
    database: Engine, pull: Pull, first: datetime, second: datetime, granted: bool
) -> None:
    no = member("m2", consent=False, consent_at=second)
    pull(Entity.MEMBER, member("m1", consent_at=first), no)
    assert rows(database, _CONSENT)[0].granted is granted


def test_a_repeated_window_never_turns_a_refusal_into_consent(database: Engine, pull: Pull) -> None:
    both = [member("m1"), member("m2", consent=False)]
    for _ in range(3):
        pull(Entity.MEMBER, *both)
        assert rows(database, _CONSENT)[0].granted is False


def test_an_undated_refusal_is_dated_by_the_window_that_brought_it(
    database: Engine, pull: Pull
) -> None:
    pull(Entity.MEMBER, member(consent=False, consent_at=None), as_of=at(4, 9))
    assert rows(database, _CONSENT) == [(False, at(4, 9))]
