"""What a window was like, in numbers that JSON can hold."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from store.database import transaction
from store.window_metrics import window_metrics
from tests.builders import staged


def metrics(database: Engine, entity: Entity, rows: list[dict[str, Any]]) -> dict[str, Any]:
    stage = staged(database, entity, rows)
    with transaction(database) as connection:
        found = window_metrics(connection, stage)
    return dict(json.loads(json.dumps(found, allow_nan=False)))


@pytest.mark.parametrize("entity", Entity)
def test_a_window_of_nothing_has_no_shares_and_no_means(database: Engine, entity: Entity) -> None:
    found = metrics(database, entity, [])
    assert (found["rows"], found["shares"], found.get("means", {})) == (0, {}, {})


def test_members_are_told_by_what_is_known_of_them(database: Engine) -> None:
    rows: list[dict[str, Any]] = [
        {"consent": True, "unionid": "u1"},
        {"consent": None},
        {"consent": False},
        {},
    ]
    found = metrics(database, Entity.MEMBER, rows)
    assert found == {"rows": 4, "shares": {"consent": 0.25, "unionid": 0.25, "phone": 0.0}}


def _line(order: str | None, price: Any, **changed: Any) -> dict[str, Any]:
    line = {"order_key": order, "currency": "CNY", "status": "paid", "quantity": 2}
    return {**line, "unit_price": price, **changed}


def test_orders_are_told_by_currency_and_what_is_unfit_is_left_out_of_sums(
    database: Engine,
) -> None:
    rows = [
        _line("o1", 3),
        _line("o1", Decimal("1.5")),
        _line("o2", 1, status="refunded"),
        _line("o3", 5, currency="USD"),
        _line("o4", Decimal("NaN")),
        _line("o5", Decimal("Infinity"), quantity=None),
        _line("o6", 1, currency="13800138000"),
        _line(None, 1),
    ]
    found = metrics(database, Entity.ORDER_LINE, rows)
    assert found["shares"] == {"refunded": pytest.approx(1 / 6), "in_store": 0.0}
    assert (found["rows"], found["orders"]) == (8, 6)
    assert found["sums"] == {"CNY": 11.0, "USD": 10.0}
    assert found["means"] == {"CNY": 5.5, "USD": 10.0}
