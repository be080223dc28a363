"""Facts held against the slow reference, and one life at a time."""

from datetime import datetime
from typing import Any

import pytest

from rules.facts import facts
from schemas.policy import Policy
from tests.rules.builders import shanghai
from tests.rules.lives import Life, Line, Order, histories
from tests.rules.slow_facts import slow_facts

SHOP = "Asia/Shanghai"
NOON = shanghai("2026-06-01 12:00")
LATTE = Line("latte", "拿铁", "咖啡", 1, 120_000)


def same(fast: dict[str, Any], slow: dict[str, Any]) -> None:
    """Compare what two tell of a person; what is rounded may differ by its last digit."""
    told = {name: value for name, value in fast.items() if name != "tags"}
    assert told.keys() == slow.keys()
    worth = pytest.approx(slow["worth"], rel=1e-9, abs=1e-4 * (slow["orders"] + 1))
    assert told["worth"] == worth
    for name in told.keys() - {"worth", "families"}:
        assert (name, told[name]) == (name, close(slow[name]))
    assert [
        {name: close(value) for name, value in family.items()} for family in slow["families"]
    ] == told["families"]


def close(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-4) if isinstance(value, float) else value


def order(number: int, at: datetime, **changed: Any) -> Order:
    told: dict[str, Any] = {"status": "paid", "paid": 120_000, "discount": None, "source": "shop"}
    told |= {"store": "s1", "store_city": "上海", "lines": (LATTE,), **changed}
    return Order(order_id=number, at=at, key=f"o{number}", **told)


def known(*orders: Order, as_of: datetime = NOON, zone: str = SHOP, **life: Any) -> dict[str, Any]:
    """Return what is known of one person, and hold it against the reference."""
    policy = Policy()
    one = Life(1, orders=orders, **life)
    (row,) = facts(histories([one]), as_of, zone, policy).to_dicts()
    same(row, slow_facts(one, as_of, zone, policy.segments))
    return row


def part(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)
