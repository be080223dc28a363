"""What the rules over orders and members find, row by row."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from tests.builders import change, staged
from tests.house import at
from tests.tasks.contract_counts import known, predicates, unexpected
from tests.tasks.contract_rows import PHONES, fit_rows


def _order(key: str, **changed: Any) -> dict[str, Any]:
    (row,) = fit_rows(Entity.ORDER_LINE, 1)
    return {**row, "order_key": key, "store_key": None, **changed}


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({"total": Decimal("6.01")}, {"total_sums"}),
        ({"total": Decimal("6.009")}, set()),
        ({"total": None, "discount": None}, set()),
        ({"discount": None, "total": 7}, set()),
        ({"discount": 8, "total": -1}, {"discount_range", "total_range"}),
        ({"discount": -1, "total": 8}, set()),
        ({"discount": -8, "total": 15}, {"discount_range"}),
        ({"total": Decimal("NaN")}, {"total_sums", "total_range"}),
        ({"ordered_at": at(2, 8, 30)}, {"ordered_at_past"}),
        ({"currency": "USD"}, {"currency_expected"}),
    ],
)
def test_an_order_is_held_to_its_own_sums_and_to_the_clock(
    database: Engine, changed: dict[str, Any], broken: set[str]
) -> None:
    known(database)
    stage = staged(database, Entity.ORDER_LINE, [_order("o1"), _order("o2", **changed)])
    counts = predicates(database, stage)
    assert {rule for rule, count in counts.items() if count} == broken
    assert sum(counts.values()) == len(broken)


def test_an_order_is_of_one_member_in_one_currency_with_one_total(database: Engine) -> None:
    known(database)
    lines = [
        _order("o1", total=None, discount=None),
        _order("o1", ordinal=2, member_key="m2", currency="USD", total=3, discount=None),
        _order("o1", ordinal=3, total=4, discount=2),
    ]
    counts = predicates(database, staged(database, Entity.ORDER_LINE, lines))
    for rule in ("one_member", "one_currency", "one_total", "total_sums"):
        assert counts[rule] == 3


def test_a_currency_that_changes_in_a_first_load_is_put_aside_where_it_is_rarer(
    database: Engine,
) -> None:
    known(database)
    change(database, "DELETE FROM shop_order")
    rows = [_order(f"o{place}", currency="USD" if place < 2 else "JPY") for place in range(5)]
    stage = staged(database, Entity.ORDER_LINE, rows)
    assert predicates(database, stage)["currency_expected"] == 2


def _member(key: str, unionid: str | None, phone: str | None = PHONES[0]) -> dict[str, Any]:
    (row,) = fit_rows(Entity.MEMBER, 1)
    return {**row, "key": key, "unionid": unionid, "phone_hash": phone}


@pytest.mark.parametrize(
    ("rows", "bad"),
    [
        ([_member("a", "u8"), _member("b", "u9")], 2),
        ([_member("a", "u8"), _member("b", "u9"), _member("c", None)], 3),
        ([_member("a", "u8"), _member("b", "u8"), _member("c", None)], 0),
        ([_member("a", "u8", None), _member("b", "u9", None)], 0),
        ([_member("a", "u9", PHONES[1]), _member("b", "u8")], 1),
        ([_member("a", "u2", PHONES[1])], 0),
        ([_member("m2", "u9", PHONES[1])], 0),
    ],
    ids=["both staged", "and one untold", "the same", "no phone", "published", "known", "itself"],
)
def test_a_phone_of_two_unionids_is_nobodys(
    database: Engine, rows: list[dict[str, Any]], bad: int
) -> None:
    known(database)
    stage = staged(database, Entity.MEMBER, rows)
    assert predicates(database, stage)["one_unionid"] == bad


def test_a_phone_is_held_against_members_of_every_source(
    database: Engine, database_url: str
) -> None:
    known(database)
    change(database, "UPDATE member SET source = 'other' WHERE key = 'm2'")
    stage = staged(database, Entity.MEMBER, [_member("m2", "u9", PHONES[1]), _member("a", "u8")])
    assert predicates(database, stage)["one_unionid"] == 1
    assert unexpected(database_url, stage)["one_unionid"] == 1
