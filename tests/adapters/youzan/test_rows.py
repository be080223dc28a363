from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.enums import Entity
from tests.adapters.loopback import Answer
from tests.adapters.reading import rows
from tests.adapters.youzan.reading import HASH, SINCE, Made, members, orders
from tests.adapters.youzan.stand_in import (
    BIG,
    YouzanShop,
    customer,
    order,
)


def test_an_order_is_read_whole(source: Made, shop: YouzanShop) -> None:
    lines = [
        {"oid": "12", "item_id": 7, "title": "杯", "num": 2, "price": "1.50", "is_present": True},
        {"oid": "11", "item_id": BIG, "title": "豆", "num": 1, "price": "10.00"},
    ]
    shop.put(1, SINCE, orders=lines)
    first, second = rows(orders(source()))
    assert {name: first[name] for name in first if first[name] is not None} == {
        "order_key": "E2026000001",
        "ordinal": 1,
        "member_key": "yz1",
        "ordered_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "status": "paid",
        "currency": "CNY",
        "discount": Decimal("5.18"),
        "total": Decimal("7.82"),
        "product_key": str(BIG),
        "product_name": "豆",
        "quantity": 1,
        "unit_price": Decimal("10.00"),
    }
    assert (second["ordinal"], second["product_key"], second["quantity"]) == (2, "7", 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"pay_info": {"payment": "9.82", "post_fee": "11.00"}},
        {"pay_info": {"post_fee": "2.00"}},
        {"info": {"order_tags": {"is_purchase_order": True}}},
        {"orders": [{"num": 1, "price": "13.00", "is_cross_border": "1"}]},
        {"orders": [{"num": 1}]},
    ],
)
def test_sums_that_do_not_hold_are_not_told(
    source: Made, shop: YouzanShop, changed: dict[str, Any]
) -> None:
    shop.put(1, SINCE, **changed)
    (row,) = rows(orders(source()))
    assert (row["discount"], row["total"]) == (None, None)


@pytest.mark.parametrize(
    ("info", "status"),
    [
        ({"status": "WAIT_SELLER_SEND_GOODS"}, "paid"),
        ({"status": "TRADE_SUCCESS", "refund_state": 2}, "paid"),
        ({"status": "TRADE_SUCCESS", "refund_state": 12}, "refunded"),
        ({"status": "TRADE_CLOSED"}, "refunded"),
        ({"status": "TRADE_CLOSED", "pay_time": "", "pay_type": 9}, "refunded"),
        ({"status": "SOMETHING_NEW"}, "SOMETHING_NEW"),
    ],
)
def test_a_status_becomes_one_of_ours(
    source: Made, shop: YouzanShop, info: dict[str, Any], status: str
) -> None:
    shop.put(1, SINCE, info=info)
    (row,) = rows(orders(source()))
    assert row["status"] == status


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"info": {"status": "WAIT_BUYER_PAY", "pay_time": ""}}, "unpaid"),
        ({"info": {"status": "TRADE_CLOSED", "pay_time": ""}}, "unpaid"),
        ({"buyer_info": {"yz_open_id": ""}}, "no_member"),
        ({"buyer_info": None}, "no_member"),
    ],
)
def test_orders_that_are_none_of_our_business_are_counted(
    source: Made, shop: YouzanShop, changed: dict[str, Any], rule: str
) -> None:
    shop.put(1, SINCE, **changed)
    (page,) = orders(source())
    assert (page.rows, page.dropped, page.pulled) == ([], {rule: 1}, 1)


@pytest.mark.parametrize(
    ("record", "defects"),
    [
        ("x", "order: x; order_info: None"),
        (order(1, orders=[]), "orders: []"),
        (order(1, info={"created": "2026-02-30 00:00:00"}), "ordered_at: 2026-02-30 00:00:00"),
        (order(1, pay_info={"payment": "NaN"}), "total: NaN"),
        (order(1, orders=[None]), "line: None"),
    ],
)
def test_what_cannot_be_read_is_a_row_with_a_defect(
    source: Made, shop: YouzanShop, record: Any, defects: str
) -> None:
    data = {"total_results": 1, "full_order_info_list": [record]}
    shop.faults = [Answer({"code": 200, "success": True, "data": data})]
    (row,) = rows(orders(source()))
    assert row["defects"] == defects


def test_a_customers_phone_leaves_as_its_hash_only(source: Made, shop: YouzanShop) -> None:
    joined = SINCE + timedelta(seconds=9)
    stamped = int(joined.timestamp())
    shop.customers = [
        customer(1, SINCE, mobile="13800138000", created_member_at=stamped),
        customer(2, SINCE, mobile="$uhqbqg15Dn5slYolRHAzZw==$1$", created_member_at=0),
        customer(3, SINCE, mobile=""),
    ]
    found = {row["key"]: row for row in rows(members(source()), Entity.MEMBER)}
    assert found["yz1"]["phone_hash"] == HASH("13800138000")
    assert found["yz1"]["joined_at"] == joined
    assert found["yz2"]["phone_hash"] is None
    assert found["yz2"]["joined_at"] == SINCE
    assert [found[key]["consent"] for key in found] == [False] * 3
    assert [found[key]["defects"] for key in found] == [None] * 3
