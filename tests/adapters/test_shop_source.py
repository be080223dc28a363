from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.sources.shop import order_rows
from schemas.enums import Entity
from schemas.incoming import Window
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.shops import LINE, MEMBER, ORDER, SINCE, answers, page, read, shop, told


def test_a_window_is_asked_for_page_by_page(server: Loopback) -> None:
    server.script = answers(
        page("members", MEMBER, cursor="c1"), page("members", {**MEMBER, "id": "m2"})
    )
    assert [row["key"] for row in read(shop(server), Entity.MEMBER)] == ["m1", "m2"]
    first, second = server.requests
    assert first.path == "/members"
    assert first.authorization == "Bearer t0ken"
    assert first.query == {
        "updated_from": "2026-03-01T00:00:00+00:00",
        "updated_until": "2026-03-02T00:00:00+00:00",
        "limit": "50",
    }
    assert second.query == {**first.query, "cursor": "c1"}


def test_a_first_load_has_no_beginning(server: Loopback) -> None:
    server.script = answers(page("orders"))
    assert read(shop(server), Entity.ORDER_LINE, Window(None, SINCE)) == []
    assert "updated_from" not in server.requests[0].query


def test_a_member_is_read_whole(server: Loopback) -> None:
    server.script = answers(page("members", MEMBER))
    assert [told(row) for row in read(shop(server), Entity.MEMBER)] == [
        {
            "key": "m1",
            "unionid": None,
            "city": "杭州",
            "joined_at": datetime(2026, 2, 1, tzinfo=UTC),
            "consent": True,
            "consent_at": datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC),
            "personalised": None,
            "minor": None,
            "defects": None,
        }
    ]


def test_an_order_gives_a_row_per_line(server: Loopback) -> None:
    server.script = answers(page("orders", ORDER))
    first, second = read(shop(server), Entity.ORDER_LINE)
    assert told(first) == {
        "order_key": "o1",
        "ordinal": 1,
        "member_key": "m1",
        "ordered_at": datetime(2026, 3, 1, 1, tzinfo=UTC),
        "status": "paid",
        "currency": "CNY",
        "product_key": "p1",
        "product_name": "豆",
        "quantity": 2,
        "unit_price": Decimal("28.00"),
        "defects": None,
    }
    assert (second["ordinal"], second["product_key"]) == (2, "p2")


@pytest.mark.parametrize("lines", [[], None, "none"])
def test_an_order_without_lines_is_not_lost(lines: object) -> None:
    (row,) = order_rows({**ORDER, "lines": lines})
    assert row[:3] == ("o1", None, "m1")
    assert row[6:10] == (None,) * 4
    assert row[-1] == f"lines: {lines}"


UNREADABLE: dict[str, tuple[object, ...]] = {
    "quantity": ("two", 1.5, True, 2**63, "1_000", [1], "1e3"),
    "unit_price": ("NaN", "Infinity", "1_0", "1e9", "¥28", True, {}),
    "product_name": (7, ["x"], "half \ud83d", "nul\x00"),
    "product_id": (True, 1.5, {}),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in UNREADABLE.items() for value in values]
)
def test_an_unreadable_value_costs_no_row(server: Loopback, field: str, value: object) -> None:
    server.script = answers(page("orders", {**ORDER, "lines": [{**LINE, field: value}]}))
    (row,) = read(shop(server), Entity.ORDER_LINE)
    column = {"product_id": "product_key"}.get(field, field)
    assert row["defects"].startswith(f"{column}: ")
    assert row["order_key"] == "o1"
    row["defects"].encode()
    if field != "product_name":
        assert row[column] is None


@pytest.mark.parametrize(
    "value", ["31/02/2026", "2026-02-30T00:00:00Z", "2026-02-01T00:00:00", "17", 17, "yesterday"]
)
def test_a_time_is_aware_and_exists_or_is_a_defect(server: Loopback, value: object) -> None:
    server.script = answers(page("members", {**MEMBER, "joined_at": value}))
    (row,) = read(shop(server), Entity.MEMBER)
    assert (row["joined_at"], row["defects"]) == (None, f"joined_at: {value}")


def test_numbers_are_exact_however_the_shop_writes_them(server: Loopback) -> None:
    raw = b'{"orders": [{"id": 9007199254740993, "lines": [{"quantity": 2.0, "unit_price": 28.1}]}]'
    server.script = answers(Answer(raw + b', "next_cursor": null}'))
    (row,) = read(shop(server), Entity.ORDER_LINE)
    assert row["order_key"] == "9007199254740993"
    assert (row["quantity"], row["unit_price"]) == (2, Decimal("28.1"))


def test_what_is_no_record_is_a_row_with_a_defect(server: Loopback) -> None:
    server.script = answers(page("orders", "x", {**ORDER, "lines": [None]}))
    first, second = read(shop(server), Entity.ORDER_LINE)
    assert first["defects"] == "order: x; lines: None"
    assert (second["order_key"], second["defects"]) == ("o1", "line: None")
