"""Quarantined rows come in once nothing keeps them, as whole units, and never over newer ones."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from store.arranging import offer_again
from store.aside import quarantine
from store.database import transaction
from store.staging import Stage
from tests import builders
from tests.builders import MORNING, change, rows, staged
from tests.house import at

LINES = Stage("shop", Entity.ORDER_LINE)
_OPEN = "SELECT rule, row FROM quarantine WHERE settled_at IS NULL ORDER BY row, rule"
_STAGED = f"SELECT order_key, ordinal, member_key FROM {LINES.table} ORDER BY row"


def line(order: str, ordinal: int = 1, member: str = "m1", **told: Any) -> dict[str, Any]:
    return {
        "order_key": order,
        "ordinal": ordinal,
        "member_key": member,
        "ordered_at": at(1, 10),
        "status": "paid",
        "currency": "CNY",
        "product_key": "p1",
        "quantity": 1,
        "unit_price": Decimal("28.0001"),
        **told,
    }


def put_aside(database: Engine, *lines: dict[str, Any], passed: bool = True) -> int:
    """Stage lines, put the bad ones aside and return how many went."""
    staged(database, Entity.ORDER_LINE, lines)
    run = builders.run(database, flow="pull-data", occasion=str(len(rows(database, "TABLE run"))))
    rules = ["member_known", "quantity_range"]
    with transaction(database) as connection:
        return quarantine(connection, LINES, run_id=run, as_of=MORNING, broken=rules, passed=passed)


def offer(database: Engine, *sent: dict[str, Any]) -> int:
    """Stage what a source sends, and what is offered again beside it."""
    staged(database, Entity.ORDER_LINE, sent)
    with transaction(database) as connection:
        return offer_again(connection, LINES)


@pytest.fixture
def members(database: Engine) -> Engine:
    """A database that knows member m1 only."""
    change(database, "INSERT INTO person (identity, bucket) VALUES ('member:shop:m1', 1)")
    change(
        database, "INSERT INTO member (source, key, person_id) SELECT 'shop', 'm1', id FROM person"
    )
    return database


def come(database: Engine, key: str) -> None:
    change(
        database,
        "INSERT INTO member (source, key, person_id) SELECT 'shop', :key, id FROM person",
        key=key,
    )


def test_an_order_waits_for_its_member_and_comes_in_with_every_value(members: Engine) -> None:
    assert put_aside(members, line("o1", member="m2"), line("o1", 2, "m2"), line("o2")) == 2
    assert offer(members) == 0
    come(members, "m2")
    assert offer(members) == 2
    assert rows(members, _STAGED) == [("o1", 1, "m2"), ("o1", 2, "m2")]
    kept = rows(
        members, f"SELECT unit_price::text, ordered_at, row FROM {LINES.table} ORDER BY row"
    )
    assert kept == [("28.0001", at(1, 10), 1), ("28.0001", at(1, 10), 2)]


def test_good_lines_wait_for_the_bad_ones_of_their_order(members: Engine) -> None:
    assert put_aside(members, line("o1", quantity=0), line("o1", 2), line("o2")) == 2
    assert rows(members, _OPEN) == [("quantity_range", 1), ("order_whole", 2)]
    assert rows(members, _STAGED) == [("o2", 1, "m1")]


def test_nothing_of_an_order_is_offered_while_one_line_is_bad(members: Engine) -> None:
    put_aside(members, line("o1", member="m2"), line("o1", 2, "m2", quantity=0))
    come(members, "m2")
    assert offer(members) == 0


def test_a_mended_line_brings_the_lines_that_waited_for_it(members: Engine) -> None:
    put_aside(members, line("o1", quantity=0), line("o1", 2))
    change(
        members,
        "UPDATE quarantine SET rule = 'mended', content = content || '{\"quantity\": 3}'"
        " WHERE rule = 'quantity_range'",
    )
    assert offer(members) == 2
    quantities = rows(members, f"SELECT ordinal, quantity FROM {LINES.table} ORDER BY ordinal")
    assert quantities == [(1, 3), (2, 1)]


def test_what_the_source_sends_anew_counts_and_settles_what_was_kept(members: Engine) -> None:
    put_aside(members, line("o1", quantity=0), line("o1", 2))
    come(members, "m2")
    assert offer(members, line("o1", 1, "m2")) == 0
    assert put_aside(members, line("o1", 1, "m2")) == 0
    assert rows(members, _OPEN) == []


def test_a_bad_row_sent_again_is_kept_once(members: Engine) -> None:
    for _ in range(3):
        put_aside(members, line("o1", quantity=0))
    assert rows(members, _OPEN) == [("quantity_range", 1)]


def test_a_refused_window_settles_nothing_it_does_not_publish(members: Engine) -> None:
    put_aside(members, line("o1", member="m2"))
    come(members, "m2")
    assert offer(members, line("o2", quantity=0)) == 1
    run = builders.run(members, flow="pull-data", occasion="refused")
    with transaction(members) as connection:
        quarantine(
            connection, LINES, run_id=run, as_of=MORNING, broken=["quantity_range"], passed=False
        )
    assert rows(members, _OPEN) == [("member_known", 1), ("quantity_range", 1)]
    assert offer(members) == 1


def test_a_row_without_its_key_keeps_nobody_else_waiting(members: Engine) -> None:
    put_aside(members, line(None, member="m3"), line("o1", member="m2"))  # type: ignore[arg-type]
    come(members, "m2")
    assert offer(members) == 1
