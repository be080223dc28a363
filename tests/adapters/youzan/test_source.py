import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from adapters.sources.youzan.source import YouzanSource
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Window
from schemas.sources.youzan import YouzanSource as YouzanSettings
from tests.adapters.loopback import Loopback, Request
from tests.adapters.reading import rows
from tests.adapters.youzan.reading import (
    SINCE,
    Made,
    keys,
    members,
    orders,
)
from tests.adapters.youzan.stand_in import (
    AT,
    YouzanShop,
    customer,
    gateway_error,
)


def test_a_window_is_asked_for_in_seconds_of_shanghai(
    source: Made, shop: YouzanShop, server: Loopback
) -> None:
    half = timedelta(milliseconds=500)
    orders(source(), Window(SINCE + half, AT + half))
    token, asked = server.requests
    assert token.path == "/auth/token"
    assert token.body["authorize_type"] == "silent"
    assert asked.path == "/api/youzan.trades.sold.get/4.0.4"
    assert asked.query == {"access_token": "token1"}
    assert shop.asked == [
        {
            "start_update": "2026-03-01 08:00:00",
            "end_update": "2026-03-02 08:00:01",
            "page_no": 1,
            "page_size": 100,
        }
    ]


def test_a_first_load_goes_from_the_beginning_of_the_business(
    source: Made, shop: YouzanShop
) -> None:
    shop.put(1, datetime(2026, 1, 1, tzinfo=UTC))
    assert keys(orders(source(), Window(None, AT))) == {"E2026000001"}
    assert shop.asked[0]["start_update"] == "2026-01-01 00:00:00"
    assert len(shop.asked) == 3  # slices of four weeks: a question may span three months
    assert shop.asked[-1]["end_update"] == "2026-03-02 08:00:00"


@pytest.mark.parametrize("included", [True, False])
def test_a_slice_is_cut_until_youzan_lists_it(
    source: Made, shop: YouzanShop, *, included: bool
) -> None:
    shop.ends_included = included
    for number in range(220):
        shop.put(number, SINCE + timedelta(seconds=number))
    pages = orders(source(page_size=1))
    assert len(keys(pages)) == 220
    assert max(asked["page_no"] for asked in shop.asked) <= 100


def test_more_orders_in_a_second_than_youzan_lists_is_an_error(
    source: Made, shop: YouzanShop
) -> None:
    for number in range(150):
        shop.put(number, SINCE)
    with pytest.raises(SourceError, match="one second"):
        orders(source(page_size=1))


def test_an_order_that_changes_while_pages_are_read_takes_none_with_it(
    source: Made, shop: YouzanShop
) -> None:
    for number in range(20):
        shop.put(number, SINCE + timedelta(minutes=number))
    newest_first = [f"E2026{number:06}" for number in range(19, -1, -1)]

    def change(shop: YouzanShop, _: Request) -> None:
        if len(shop.asked) >= 1:
            shop.touch(newest_first.pop(0), AT + timedelta(minutes=5))

    shop.before = change
    found = keys(orders(source(page_size=2)))
    stayed = {tid for tid, (at, _) in shop.orders.items() if at < AT.timestamp()}
    assert len(stayed) == 10
    assert stayed <= found
    shop.before = lambda _, __: None
    later = orders(source(), Window(AT, AT + timedelta(hours=1)))
    assert keys(later) | found == set(shop.orders)


def test_reading_goes_on_behind_any_page(source: Made, shop: YouzanShop) -> None:
    for number in range(30):
        shop.put(number, SINCE + timedelta(minutes=number))
    pages = orders(source(page_size=4))
    assert pages[-1].cursor is None
    for number, page in enumerate(pages[:-1], 1):
        rest = orders(source(page_size=4), cursor=page.cursor)
        assert keys(pages[:number]) | keys(rest) == set(shop.orders)
        assert len(rest) == len(pages) - number


@pytest.mark.parametrize("unit", [1, 1000])
def test_customers_are_found_in_whichever_unit_of_time_they_are_listed(
    source: Made, shop: YouzanShop, unit: int
) -> None:
    shop.customer_unit = unit
    shop.customers = [customer(number, SINCE) for number in range(120)]
    assert len(keys(members(source()), Entity.MEMBER)) == 120


def test_a_shop_without_customers_has_none(source: Made) -> None:
    assert rows(members(source()), Entity.MEMBER) == []


def test_the_older_search_is_asked_its_own_way(source: Made, shop: YouzanShop) -> None:
    shop.customer_unit = 1
    shop.customers = [customer(1, SINCE)]
    assert keys(members(source(customers="search")), Entity.MEMBER) == {"yz1"}
    assert shop.asked[0]["page"] == 1


def test_customers_too_many_to_list_are_read_in_slices(source: Made, shop: YouzanShop) -> None:
    shop.customer_limit = 100
    shop.customers = [customer(number, SINCE + timedelta(minutes=number)) for number in range(350)]
    assert len(keys(members(source()), Entity.MEMBER)) == 350


def test_customers_of_late_are_read_again_and_all_of_them_when_due(
    source: Made, shop: YouzanShop
) -> None:
    shop.customers = [
        customer(1, AT - timedelta(days=50)),
        customer(2, AT - timedelta(days=9)),
        customer(3, AT - timedelta(hours=1)),
    ]
    # 2026-03-01 and 2026-03-02 lie in one span of 7 days; the next begins on 2026-03-08.
    of_late = source(member_rescan_days=10, member_scan_days=7)
    spans = {day: _scanned(of_late, AT + timedelta(days=day)) for day in range(7)}
    everybody = [day for day, found in spans.items() if "yz1" in found]
    assert len(everybody) == 1
    assert spans[0] == {"yz2", "yz3"}


def _scanned(source: YouzanSource, until: datetime) -> set[str]:
    return keys(members(source, Window(until - timedelta(days=1), until)), Entity.MEMBER)


def test_a_probe_asks_for_next_to_nothing_and_tries_once(
    source: Made, shop: YouzanShop, server: Loopback
) -> None:
    shop.put(1, AT)
    asyncio.run(source().probe(AT))
    assert [request.path.split("/")[-2] for request in server.requests] == [
        "auth",
        "youzan.trades.sold.get",
        "youzan.scrm.customer.list",
    ]
    shop.faults = [gateway_error(4101)]
    with pytest.raises(SourceError, match="4101"):
        asyncio.run(source().probe(AT))


def test_old_orders_need_the_version_that_lists_them() -> None:
    told = {"type": "youzan", "kdt_id": "1", "begin": date(2019, 1, 1)}
    with pytest.raises(ValidationError, match=r"4\.0\.0"):
        YouzanSettings.model_validate(told)
    YouzanSettings.model_validate({**told, "orders_version": "4.0.0"})
