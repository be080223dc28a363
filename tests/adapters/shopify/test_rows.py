from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.phones import phone_hash
from adapters.sources.shopify.rows import member_rows, order_rows, product_rows
from schemas.enums import Entity
from schemas.incoming import COLUMNS
from tests.adapters.shopify.stand_in import customer, line, money, order, product

AT = "2026-03-01T10:00:00Z"


def _rows(entity: Entity, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS[entity], row, strict=True)) for row in rows]


def _order(**changed: Any) -> tuple[list[dict[str, Any]], str | None]:
    told = order(1, AT, **changed)
    told["lineItems"] = {"nodes": told["lineItems"]}
    rows, rule = order_rows(told)
    return _rows(Entity.ORDER_LINE, rows), rule


def _member(consent: str = "email", **changed: Any) -> dict[str, Any]:
    hashed = phone_hash("salt", "CN")
    rows, _ = member_rows(consent, hashed)(customer(1, AT, **changed))
    return _rows(Entity.MEMBER, rows)[0]


def _product(**changed: Any) -> dict[str, Any]:
    rows, _ = product_rows(product(1, AT, **changed))
    return _rows(Entity.PRODUCT, rows)[0]


def test_an_order_gives_a_row_per_line() -> None:
    (first, second), rule = _order(
        id="gid://shopify/Order/9007199254740993",
        lineItems=[line(2, "28.00"), line(1, "0.1", product=None, title="刻字")],
        subtotalPriceSet=money("50.05"),
    )
    assert rule is None
    assert first == {
        "order_key": "9007199254740993",
        "ordinal": 1,
        "member_key": "7",
        "ordered_at": datetime(2026, 3, 1, 1, tzinfo=UTC),
        "status": "paid",
        "currency": "CNY",
        "discount": Decimal("6.05"),
        "total": Decimal("50.05"),
        "store_key": None,
        "product_key": "3",
        "product_name": "豆",
        "quantity": 2,
        "unit_price": Decimal("28.00"),
        "defects": None,
    }
    assert (second["ordinal"], second["product_key"]) == (2, None)
    assert (second["product_name"], second["defects"]) == ("刻字", None)


AMOUNTS = st.decimals(0, 10**9, places=4, allow_nan=False)


@given(
    lines=st.lists(st.tuples(st.integers(1, 10**6), AMOUNTS), min_size=1, max_size=5),
    subtotal=AMOUNTS,
)
def test_the_sums_hold_exactly_or_are_not_told(
    lines: list[tuple[int, Decimal]], subtotal: Decimal
) -> None:
    rows, _ = _order(
        lineItems=[line(quantity, str(price)) for quantity, price in lines],
        subtotalPriceSet=money(str(subtotal)),
    )
    goods = sum(row["quantity"] * row["unit_price"] for row in rows)
    for row in rows:
        assert (row["total"] is None) == (row["discount"] is None) == (goods < subtotal)
        if row["total"] is not None:
            assert goods - row["discount"] == row["total"] == subtotal
            assert row["discount"] >= 0


@pytest.mark.parametrize(
    "changed",
    [
        {"edited": True},
        {"edited": None},
        {"subtotalPriceSet": None},
        {"subtotalPriceSet": money("56.01")},
        {"lineItems": [line(2, "NaN")]},
        {"lineItems": [{**line(2, "28"), "quantity": None}]},
    ],
)
def test_sums_of_different_moments_are_not_told(changed: dict[str, Any]) -> None:
    (row,), _ = _order(**changed)
    assert (row["total"], row["discount"]) == (None, None)


@pytest.mark.parametrize(
    ("changed", "status", "rule"),
    [
        ({}, "paid", None),
        ({"displayFinancialStatus": "PARTIALLY_PAID"}, "paid", None),
        ({"displayFinancialStatus": "PARTIALLY_REFUNDED"}, "paid", None),
        ({"displayFinancialStatus": "REFUNDED"}, "refunded", None),
        ({"cancelledAt": AT}, "refunded", None),
        ({"cancelledAt": AT, "displayFinancialStatus": "VOIDED"}, "refunded", None),
        ({"displayFinancialStatus": "PENDING"}, None, "unpaid"),
        ({"displayFinancialStatus": "AUTHORIZED"}, None, "unpaid"),
        ({"displayFinancialStatus": "VOIDED"}, None, "unpaid"),
        ({"displayFinancialStatus": "EXPIRED"}, None, "unpaid"),
        ({"test": True}, None, "test_order"),
        ({"customer": None}, "paid", "no_member"),
        ({"test": True, "customer": None}, None, "test_order"),
    ],
)
def test_an_order_is_paid_refunded_or_put_aside(
    changed: dict[str, Any], status: str | None, rule: str | None
) -> None:
    (row,), told = _order(**changed)
    assert (row["status"], told) == (status, rule)


@pytest.mark.parametrize("unheard_of", [None, "PAID_IN_KIND", 7])
def test_a_status_nobody_has_heard_of_is_a_defect(unheard_of: object) -> None:
    (row,), rule = _order(displayFinancialStatus=unheard_of)
    assert (row["status"], rule) == (None, None)
    assert "status: " in row["defects"]


@pytest.mark.parametrize("lines", [[], None, "none"])
def test_an_order_without_lines_is_not_lost(lines: object) -> None:
    (row,), rule = _order(lineItems=lines)
    assert (row["order_key"], row["ordinal"], rule) == ("1", None, None)
    assert row["defects"] == f"lines: {lines}"


def test_what_cannot_be_read_is_told() -> None:
    (row,), _ = _order(
        id="17", lineItems=[line(2, "1e9", product={"id": True})], subtotalPriceSet=money("soon")
    )
    assert row["defects"] == "order_key: 17; total: soon; product_key: True; unit_price: 1e9"
    (row,), _ = _order(lineItems=["x"])
    assert row["defects"].startswith("line: x")
    (row,), rule = _order(customer="x")
    assert (row["member_key"], row["defects"], rule) == (None, "customer: x", None)
    (nothing,), rule = order_rows("x")
    assert (nothing[-1], rule) == ("order: x; status: None; lines: None", None)


def test_a_member_has_the_consent_that_counts() -> None:
    by_email, by_sms = _member("email"), _member("sms")
    assert (by_email["consent"], by_email["consent_at"]) == (True, datetime(2026, 2, 3, tzinfo=UTC))
    assert (by_sms["consent"], by_sms["consent_at"]) == (False, datetime(2026, 2, 4, tzinfo=UTC))
    assert by_email["key"] == "1"
    assert by_email["joined_at"] == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("email", "consent"),
    [
        (None, False),
        ({"marketingState": "PENDING"}, False),
        ({"marketingState": "NOT_SUBSCRIBED"}, False),
        ({"marketingState": "INVALID"}, False),
        ({"marketingState": None}, False),
        ({"marketingState": "PERHAPS"}, None),
        ({"marketingState": 7}, None),
        ("x", None),
    ],
)
def test_only_who_subscribed_agreed(email: object, consent: bool | None) -> None:
    row = _member(email=email)
    assert row["consent"] is consent
    assert (row["defects"] is None) == (consent is False)


def test_a_phone_number_is_told_by_its_hash_alone() -> None:
    row = _member()
    assert row["phone_hash"] == phone_hash("salt", "CN")("13812345678")
    assert _member(phone={"phoneNumber": "not a number"})["phone_hash"] is None
    assert _member(phone={"phoneNumber": "not a number"})["defects"] is None
    assert _member(phone=None)["phone_hash"] is None


def test_a_product_is_read_whole() -> None:
    assert _product() == {
        "key": "1",
        "name": "豆",
        "family": "咖啡",
        "launched_at": datetime(2026, 1, 5, tzinfo=UTC),
        "stock": 12,
        "defects": None,
    }


@pytest.mark.parametrize(
    ("changed", "stock"),
    [
        ({"totalInventory": -3}, 0),
        ({"tracksInventory": False}, None),
        ({"status": "ARCHIVED"}, 0),
        ({"status": "DRAFT", "tracksInventory": False}, 0),
        ({"status": "UNLISTED"}, 12),
        ({"totalInventory": "many"}, None),
    ],
)
def test_stock_is_what_can_still_be_bought(changed: dict[str, Any], stock: int | None) -> None:
    assert _product(**changed)["stock"] == stock


def test_what_was_never_published_was_launched_only_if_it_is_on_sale() -> None:
    assert _product(publishedAt=None)["launched_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert _product(publishedAt=None, status="DRAFT")["launched_at"] is None
