import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import SourceError
from schemas.incoming import Window
from tests.adapters.loopback import Answer, Loopback, Request
from tests.adapters.woocommerce.reading import (
    SINCE,
    Made,
    member_keys,
    members,
    order_keys,
    orders,
)
from tests.adapters.woocommerce.stand_in import (
    AT,
    CUT_SHORT,
    WooCommerceShop,
    customer,
)


def test_a_window_is_asked_for_without_its_ends(source: Made, shop: WooCommerceShop) -> None:
    shop.put(1, SINCE - timedelta(seconds=1))
    shop.put(2, SINCE)
    shop.put(3, AT - timedelta(milliseconds=1))
    shop.put(4, AT)
    assert order_keys(orders(source())) == {"2", "3"}
    assert shop.asked == [
        {
            "_fields": shop.asked[0]["_fields"],
            "modified_after": "2026-02-28T23:59:59",
            "modified_before": "2026-03-02T00:00:00",
            "dates_are_gmt": "true",
            "orderby": "id",
            "order": "asc",
            "page": "1",
            "per_page": "100",
        }
    ]
    assert "billing" not in shop.asked[0]["_fields"]


def test_a_first_load_begins_with_woocommerce_itself(source: Made, shop: WooCommerceShop) -> None:
    shop.put(1, datetime(2012, 1, 1, tzinfo=UTC))
    shop.put(2, SINCE)
    assert order_keys(orders(source(), Window(None, AT))) == {"1", "2"}
    assert shop.asked[0]["modified_after"] == "2011-09-26T23:59:59"


def test_an_order_that_changes_while_pages_are_read_takes_none_with_it(
    source: Made, shop: WooCommerceShop
) -> None:
    for number in range(1, 21):
        shop.put(number, SINCE + timedelta(minutes=number))

    def change(shop: WooCommerceShop, _: Request) -> None:
        if shop.asked:
            shop.touch(len(shop.asked), AT + timedelta(minutes=5))

    shop.before = change
    found = order_keys(orders(source(page_size=2)))
    stayed = {str(number) for number, (at, _) in shop.orders.items() if at < AT}
    assert len(stayed) == 10
    assert stayed <= found
    later = order_keys(orders(source(), Window(AT, AT + timedelta(hours=1))))
    assert later | found == {str(number) for number in shop.orders}


def test_many_orders_are_read_in_slices_that_a_database_can_count_off(
    source: Made, shop: WooCommerceShop
) -> None:
    for number in range(1, 301):
        shop.put(number, SINCE + timedelta(minutes=number))
    assert len(order_keys(orders(source(page_size=3)))) == 300
    assert max(int(asked["page"]) for asked in shop.asked) <= 50


def test_orders_of_one_second_are_read_however_many(source: Made, shop: WooCommerceShop) -> None:
    for number in range(1, 61):
        shop.put(number, SINCE)
    assert len(order_keys(orders(source(page_size=1)))) == 60


def test_reading_goes_on_behind_any_page(source: Made, shop: WooCommerceShop) -> None:
    for number in range(1, 31):
        shop.put(number, SINCE + timedelta(minutes=number))
    pages = orders(source(page_size=4))
    assert pages[-1].cursor is None
    for number, page in enumerate(pages[:-1], 1):
        rest = orders(source(page_size=4), cursor=page.cursor)
        assert order_keys(pages[:number]) | order_keys(rest) == {str(n) for n in shop.orders}


def test_customers_who_come_and_go_meanwhile_take_none_with_them(
    source: Made, shop: WooCommerceShop
) -> None:
    shop.customers = {number: customer(number) for number in range(1, 21)}

    def change(shop: WooCommerceShop, _: Request) -> None:
        if shop.asked:
            shop.customers.pop(len(shop.asked))
            shop.customers[100 + len(shop.asked)] = customer(100 + len(shop.asked))

    shop.before = change
    found = member_keys(members(source(page_size=2)))
    assert {str(number) for number in shop.customers if number <= 20} <= found


def test_a_scan_of_customers_goes_on_behind_any_page(source: Made, shop: WooCommerceShop) -> None:
    shop.customers = {number: customer(number) for number in range(1, 12)}
    pages = members(source(page_size=3))
    assert [page.cursor for page in pages] == ["3", "2", "1", None]
    assert member_keys(pages[:2]) | member_keys(members(source(page_size=3), "2")) == {
        str(number) for number in shop.customers
    }
    with pytest.raises(SourceError, match="another kind"):
        members(source(), "1:2:3:4")


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Answer(status=429, headers={"Retry-After": "7"}), 7.0),
        (CUT_SHORT, None),
        (Answer(status=503), None),
    ],
)
def test_what_passes_is_asked_again(
    source: Made, shop: WooCommerceShop, waits: list[float], fault: Answer, wait: float | None
) -> None:
    shop.put(1, SINCE)
    shop.faults = [fault]
    assert order_keys(orders(source())) == {"1"}
    assert len(waits) == 1
    assert wait is None or waits == [wait]


def test_a_key_that_is_revoked_in_mid_run_is_an_error(
    source: Made, shop: WooCommerceShop, server: Loopback
) -> None:
    for number in range(1, 11):
        shop.put(number, SINCE)

    def revoke(shop: WooCommerceShop, _: Request) -> None:
        if len(shop.asked) == 2:
            shop.faults = [Answer(status=401)]

    shop.before = revoke
    with pytest.raises(SourceError, match="RUNWU_SOURCES_WOO_"):
        orders(source(page_size=2))
    assert len(server.requests) == 4


def test_wrong_credentials_are_not_told(source: Made, shop: WooCommerceShop) -> None:
    shop.put(1, SINCE)
    with pytest.raises(SourceError, match="RUNWU_SOURCES_WOO_") as told:
        orders(source(secret="wr0ng"))
    assert "wr0ng" not in str(told.value)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer({"code": "x"}, headers={"X-WP-Total": "1"}), "no list"),
        (Answer([]), "X-WP-Total"),
        (Answer([], headers={"X-WP-Total": "-1"}), "X-WP-Total"),
        (Answer({"code": "rest_invalid_param"}, status=400), "HTTP 400"),
        (Answer(b"<html>"), "no JSON"),
    ],
)
def test_a_malformed_answer_is_a_source_error(
    source: Made, shop: WooCommerceShop, answer: Answer, told: str
) -> None:
    shop.faults = [answer]
    with pytest.raises(SourceError, match=told):
        orders(source())


def test_a_probe_asks_for_next_to_nothing_and_tries_once(
    source: Made, shop: WooCommerceShop, server: Loopback
) -> None:
    asyncio.run(source().probe(AT))
    assert server.paths() == ["customers", "orders"]
    shop.faults = [Answer(status=503)]
    with pytest.raises(SourceError, match="503"):
        asyncio.run(source().probe(AT))
    assert len(server.requests) == 3
