from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.sources.woocommerce.rows import order as read_order
from schemas.enums import Entity
from schemas.incoming import COLUMNS
from schemas.sources.woocommerce import WooCommerceSource as WooCommerceSettings
from tests.adapters.loopback import Answer
from tests.adapters.reading import pages_of, rows
from tests.adapters.woocommerce.reading import (
    HASH,
    SINCE,
    WINDOW,
    Made,
    members,
    orders,
)
from tests.adapters.woocommerce.stand_in import (
    AT,
    BIG,
    WooCommerceShop,
    customer,
    line,
    order,
    product,
)


def test_an_order_is_read_whole(source: Made, shop: WooCommerceShop) -> None:
    lines = [line(12, product_id=8, quantity=1, subtotal="5.5", total="5.50"), line(9)]
    shop.put(BIG, SINCE, line_items=lines)
    first, second = rows(orders(source()))
    assert {name: first[name] for name in first if first[name] is not None} == {
        "order_key": str(BIG),
        "ordinal": 1,
        "member_key": "5",
        "ordered_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "status": "paid",
        "currency": "EUR",
        "discount": Decimal("2.00"),
        "total": Decimal("23.50"),
        "product_key": "7",
        "product_name": "Beans",
        "quantity": 2,
        "unit_price": Decimal(10),
    }
    assert (second["ordinal"], second["product_key"]) == (2, "8")


@given(
    st.lists(
        st.tuples(
            st.decimals(0, 10**6, places=2), st.integers(1, 999), st.decimals(0, 10**6, places=2)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_sum_of_an_order_is_exact_even_where_a_price_is_not(
    told: list[tuple[Decimal, int, Decimal]],
) -> None:
    lines = [
        line(number, subtotal=str(subtotal), quantity=quantity, total=str(total))
        for number, (subtotal, quantity, total) in enumerate(told)
    ]
    kept, rule = read_order(order(1, line_items=lines))
    found = [dict(zip(COLUMNS[Entity.ORDER_LINE], row, strict=True)) for row in kept]
    goods = sum(row["quantity"] * row["unit_price"] for row in found)
    assert rule is None
    assert goods - found[0]["discount"] == found[0]["total"] == sum(total for *_, total in told)
    for row, (subtotal, quantity, _) in zip(found, told, strict=True):
        assert row["unit_price"] == round(row["unit_price"], 4)
        assert 0 <= row["unit_price"] * quantity - subtotal < Decimal("0.0001") * quantity


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"status": "completed", "date_paid_gmt": None}, "paid"),
        ({"status": "on-hold"}, "paid"),
        ({"status": "shipped"}, "paid"),
        ({"status": "shipped", "date_paid_gmt": None}, "shipped"),
        ({"status": "refunded"}, "refunded"),
        ({"status": "cancelled"}, "refunded"),
        ({"status": "failed", "date_paid_gmt": None, "payment_method": "cod"}, "refunded"),
    ],
)
def test_a_status_becomes_one_of_ours(
    source: Made, shop: WooCommerceShop, changed: dict[str, Any], status: str
) -> None:
    shop.put(1, SINCE, **changed)
    (row,) = rows(orders(source()))
    assert row["status"] == status


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"status": "pending", "date_paid_gmt": None}, "unpaid"),
        ({"status": "on-hold", "date_paid_gmt": None}, "unpaid"),
        ({"status": "cancelled", "date_paid_gmt": None}, "unpaid"),
        (
            {"status": "checkout-draft", "date_paid_gmt": None, "payment_method": "cod"},
            "unpaid",
        ),
        ({"customer_id": 0}, "no_member"),
    ],
)
def test_orders_that_are_none_of_our_business_are_counted(
    source: Made, shop: WooCommerceShop, changed: dict[str, Any], rule: str
) -> None:
    shop.put(1, SINCE, line_items=[line(1), line(2)], **changed)
    (page,) = orders(source())
    assert (page.rows, page.dropped, page.pulled) == ([], {rule: 2}, 2)


@pytest.mark.parametrize(
    ("record", "defects"),
    [
        ("x", "order: x"),
        (order(1, line_items=[]), "line_items: []"),
        (order(1, date_created_gmt="2026-02-30T00:00:00"), "ordered_at: 2026-02-30T00:00:00"),
        (order(1, line_items=[line(1, subtotal="NaN")]), "unit_price: NaN"),
        (order(1, line_items=[line(1, quantity=0.5)]), "quantity: 0.5"),
        (order(1, line_items=[None]), "line: None"),
    ],
)
def test_what_cannot_be_read_is_a_row_with_a_defect(
    source: Made, shop: WooCommerceShop, record: Any, defects: str
) -> None:
    shop.faults = [Answer([record], headers={"X-WP-Total": "1"})]
    (row,) = rows(orders(source()))
    assert row["defects"] == defects


def test_a_deleted_product_has_no_key(source: Made, shop: WooCommerceShop) -> None:
    shop.put(1, SINCE, line_items=[line(1, product_id=0)])
    (row,) = rows(orders(source()))
    assert (row["product_key"], row["product_name"], row["defects"]) == (None, "Beans", None)


def test_products_are_the_catalogue(source: Made, shop: WooCommerceShop) -> None:
    shop.products = {
        1: (SINCE, product(1)),
        2: (SINCE, product(2, stock_quantity=None, categories=[])),
        3: (SINCE, product(3, stock_quantity=None, stock_status="outofstock")),
        4: (SINCE, product(4, status="draft", date_created_gmt=None)),
        5: (SINCE, product(5, stock_quantity=-3, stock_status="onbackorder")),
        6: (AT, product(6)),
    }
    found = rows(pages_of(source(), Entity.PRODUCT, WINDOW), Entity.PRODUCT)
    assert [(row["key"], row["family"], row["stock"], row["defects"]) for row in found] == [
        ("1", "Coffee", 12, None),
        ("2", None, None, None),
        ("3", "Coffee", 0, None),
        ("4", "Coffee", 0, None),
        ("5", "Coffee", 0, None),
    ]
    assert found[0]["launched_at"] == datetime(2025, 1, 1, tzinfo=UTC)
    assert (found[0]["name"], found[3]["launched_at"]) == ("Beans", None)


def test_every_user_is_a_member_and_none_is_asked_for_more_than_we_need(
    source: Made, shop: WooCommerceShop
) -> None:
    billing = {"phone": "030 901820", "city": "Berlin", "address_1": "Street 1"}
    shop.customers = {
        1: customer(1, role="administrator"),
        BIG: customer(BIG, billing=billing),
    }
    first, second = rows(members(source()), Entity.MEMBER)
    assert first["key"] == "1"
    assert {name: second[name] for name in second if second[name] is not None} == {
        "key": str(BIG),
        "phone_hash": HASH("+49 30 901820"),
        "city": "Berlin",
        "joined_at": datetime(2025, 5, 1, 8, tzinfo=UTC),
        "consent": False,
    }
    assert {asked["_fields"] for asked in shop.asked} == {
        "id,date_created_gmt,billing.phone,billing.city"
    }


@pytest.mark.parametrize(
    ("value", "consent"),
    [("yes", True), (True, True), ("1", True), ("no", False), ("", False), ({"a": 1}, False)],
)
def test_consent_is_what_the_shop_keeps_in_its_meta_data(
    source: Made, shop: WooCommerceShop, value: object, *, consent: bool
) -> None:
    entries = [
        {"id": 1, "key": "agreed", "value": value},
        {"id": 2, "key": "agreed_at", "value": "2026-01-01T00:00:00+01:00"},
        "odd",
    ]
    shop.customers = {1: customer(1, meta_data=entries), 2: customer(2)}
    asking = source(consent_meta="agreed", consent_at_meta="agreed_at")
    first, second = rows(members(asking), Entity.MEMBER)
    at = datetime(2025, 12, 31, 23, tzinfo=UTC) if consent else None
    assert (first["consent"], first["consent_at"], first["defects"]) == (consent, at, None)
    assert (second["consent"], second["consent_at"]) == (False, None)


def test_one_consent_setting_without_the_other_is_refused() -> None:
    told = {"type": "woocommerce", "base_url": "http://shop", "consent_meta": "agreed"}
    with pytest.raises(ValidationError, match="both"):
        WooCommerceSettings.model_validate(told)
