import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.sources.shopify.calls import Bucket
from adapters.sources.shopify.source import ShopifySource
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Page, Window
from schemas.sources.shopify import ShopifySource as ShopifySettings
from tests.adapters.loopback import Answer
from tests.adapters.reading import pages_of
from tests.adapters.shopify.stand_in import (
    TOKEN,
    Shop,
    ShopifyServer,
    error,
    order,
    product,
    source,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=1))


@pytest.fixture
def server() -> Iterator[ShopifyServer]:
    server = ShopifyServer()
    yield server
    server.close()


@pytest.fixture
def shop(server: ShopifyServer) -> Shop:
    shop = Shop(server)
    for number in range(1, 8):
        at = (DAY + timedelta(seconds=number)).isoformat()
        shop.put("products", product(number, at))
        shop.put("orders", order(number, at))
    return shop


def _products(reading: ShopifySource) -> list[str]:
    return [str(row[0]) for page in _pages(reading) for row in page.rows]


def _pages(reading: ShopifySource) -> list[Page]:
    return pages_of(reading, Entity.PRODUCT, WINDOW)


EVERYTHING = [str(number) for number in range(1, 8)]


def test_a_reading_waits_before_the_bucket_is_too_empty(server: ShopifyServer, shop: Shop) -> None:
    shop.bucket = shop.points = 12.0  # a call asks for eleven and uses nine
    shop.rate = 4.0
    assert _products(source(server, shop)) == EVERYTHING
    assert shop.throttled == 0
    assert shop.slept == [2.0, 2.25, 2.25]


def test_points_are_spared_for_others_who_use_the_app(server: ShopifyServer, shop: Shop) -> None:
    shop.bucket = shop.points = 40.0
    shop.rate = 1.0
    lowest: list[float] = []
    for call in range(1, 5):
        shop.before[call] = lambda: lowest.append(shop.points)
    assert _products(source(server, shop, spare_points=20)) == EVERYTHING
    assert min(lowest) >= 31


def test_a_throttled_call_comes_back_when_the_bucket_has_refilled(
    server: ShopifyServer, shop: Shop
) -> None:
    def drained() -> None:
        shop.points = 0.0

    shop.rate = 2.0
    shop.before[2] = drained
    assert _products(source(server, shop)) == EVERYTHING
    assert (shop.throttled, shop.slept[0]) == (1, 5.5)


def test_a_bucket_others_keep_empty_ends_in_one_sentence(server: ShopifyServer, shop: Shop) -> None:
    for call in range(1, 20):
        shop.before[call] = lambda: error("Throttled", "THROTTLED")
    with pytest.raises(SourceError, match=r"did not answer \(throttled\) after 5 attempts"):
        _products(source(server, shop))


def test_a_busy_shopify_is_asked_again(server: ShopifyServer, shop: Shop) -> None:
    shop.before[1] = lambda: Answer({"errors": "busy"}, 429, {"Retry-After": "2.0"})
    shop.before[3] = lambda: Answer(b'{"data": {"found', headers={"Content-Length": "99"})
    shop.before[5] = lambda: Answer(b'{"data": {"found"')
    shop.before[7] = lambda: error("Internal error. Request ID: 1", "INTERNAL_SERVER_ERROR")
    assert _products(source(server, shop)) == EVERYTHING
    assert (shop.slept[0], len(shop.slept)) == (2.0, 4)


def test_a_token_revoked_in_mid_run_ends_it_and_a_new_one_goes_on(
    server: ShopifyServer, shop: Shop
) -> None:
    def revoke() -> None:
        shop.token = "another"  # noqa: S105

    shop.before[3] = revoke
    reading = source(server, shop)
    read: list[Page] = []

    async def page_by_page() -> None:
        async for page in reading.pages(Entity.PRODUCT, WINDOW):
            read.append(page)  # noqa: PERF401 - what came before the error is what matters

    with pytest.raises(SourceError, match="RUNWU_SOURCES_MYSHOP_") as refused:
        asyncio.run(page_by_page())
    assert TOKEN not in str(refused.value)
    assert len(server.requests) == 3
    shop.token = TOKEN
    rest = pages_of(reading, Entity.PRODUCT, WINDOW, read[-1].cursor)
    keys = {str(row[0]) for page in (*read, *rest) for row in page.rows}
    assert keys == set(EVERYTHING)


def test_a_missing_scope_is_named(server: ShopifyServer, shop: Shop) -> None:
    shop.denied["Products"] = "read_products"
    with pytest.raises(SourceError, match="grant the app `read_products` access scope and install"):
        _products(source(server, shop))
    assert len(server.requests) == 1


def test_part_of_an_answer_is_not_taken_for_the_whole(server: ShopifyServer, shop: Shop) -> None:
    def partly() -> Answer:
        page = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
        return Answer({"data": {"found": page}, "errors": [{"message": "Something.\n odd"}]})

    shop.before[1] = partly
    with pytest.raises(SourceError, match=r"Shopify refused \(Something\. odd\); check the app"):
        _products(source(server, shop))


def test_a_call_that_would_cost_too_much_says_what_to_lower(
    server: ShopifyServer, shop: Shop
) -> None:
    reading = source(server, shop, order_page_size=50, lines_per_order=50)
    with pytest.raises(SourceError, match=r"Query cost is .* lower sources.myshop.page_size"):
        pages_of(reading, Entity.ORDER_LINE, WINDOW)


def test_the_preset_pages_stay_below_the_cost_of_one_call(
    server: ShopifyServer, shop: Shop
) -> None:
    sizes = ("page_size", "order_page_size", "lines_per_order")
    preset = {name: ShopifySettings.model_fields[name].default for name in sizes}
    reading = source(server, shop, **preset)
    for entity in reading.entities:
        pages_of(reading, entity, WINDOW)
    assert shop.throttled == 0


def test_a_cursor_shopify_forgot_ends_in_one_sentence(server: ShopifyServer, shop: Shop) -> None:
    shop.before[2] = lambda: error("Invalid cursor for current pagination sort.")
    with pytest.raises(SourceError) as refused:
        _products(source(server, shop))
    assert str(refused.value) == (
        "sources.myshop: Shopify refused (Invalid cursor for current pagination sort); "
        "the next run goes on from the last page that was kept"
    )


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"hasNextPage": True, "endCursor": "same"}, "repeats a cursor after 0 records"),
        ({"hasNextPage": True, "endCursor": None}, "not where it is"),
        ({"hasNextPage": None}, "lacks nodes or pageInfo"),
        (None, "lacks nodes or pageInfo"),
    ],
)
def test_pages_that_would_never_end_are_refused(
    server: ShopifyServer, shop: Shop, info: object, told: str
) -> None:
    for call in (1, 2):
        shop.before[call] = lambda: Answer({"data": {"found": {"nodes": [], "pageInfo": info}}})
    with pytest.raises(SourceError, match=told):
        _products(source(server, shop))


@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": []}, "text", None])
def test_an_answer_of_another_kind_is_refused(
    server: ShopifyServer, shop: Shop, body: object
) -> None:
    shop.before[1] = lambda: Answer(body)
    with pytest.raises(SourceError, match="neither data nor errors"):
        _products(source(server, shop))


def test_orders_older_than_sixty_days_are_not_missed_in_silence(
    server: ShopifyServer, shop: Shop
) -> None:
    shop.scopes.remove("read_all_orders")
    with pytest.raises(SourceError, match=r"last 60 days.*sources.myshop.all_orders = false"):
        pages_of(source(server, shop), Entity.ORDER_LINE, WINDOW)
    assert "Orders" not in shop.operations
    assert len(pages_of(source(server, shop, all_orders=False), Entity.ORDER_LINE, WINDOW)) == 4
    assert _products(source(server, shop)) == EVERYTHING


def test_a_probe_reads_next_to_nothing(server: ShopifyServer, shop: Shop) -> None:
    asyncio.run(source(server, shop).probe(DAY))
    assert shop.operations == ["Scopes", "Customers", "Orders", "Products"]
    assert {request.body["variables"].get("first") for request in server.requests} == {None, 1}


def test_a_probe_ends_as_reading_would_and_tries_once(server: ShopifyServer, shop: Shop) -> None:
    shop.denied["Customers"] = "read_customers"
    with pytest.raises(SourceError, match="read_customers"):
        asyncio.run(source(server, shop).probe(DAY))
    for call in range(1, 20):
        shop.before[call] = lambda: error("Throttled", "THROTTLED")
    del shop.denied["Customers"]
    shop.operations.clear()
    with pytest.raises(SourceError, match="throttled"):
        asyncio.run(source(server, shop).probe(DAY))
    assert len(shop.operations) == 1


def test_another_version_than_ours_is_told_once(
    server: ShopifyServer, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    _products(source(server, shop, api_version="2025-07"))
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["shopify.version asked=2025-07 served=2026-10"]


@pytest.mark.parametrize(
    "cost",
    [
        None,
        "x",
        {"requestedQueryCost": 5},
        {"requestedQueryCost": "5", "throttleStatus": {}},
        {
            "requestedQueryCost": 5,
            "throttleStatus": {
                "maximumAvailable": 9,
                "currentlyAvailable": 0,
                "restoreRate": 0,
            },
        },
    ],
)
def test_a_bucket_nothing_is_told_of_makes_nobody_wait(cost: object) -> None:
    bucket = Bucket(0)
    bucket.note("query", cost)
    assert bucket.wait("query") is None


def test_nobody_waits_for_more_than_the_bucket_holds() -> None:
    bucket = Bucket(5000)
    status = {"maximumAvailable": Decimal("100.0"), "currentlyAvailable": 20, "restoreRate": 10}
    bucket.note("query", {"requestedQueryCost": 5, "throttleStatus": status})
    assert bucket.wait("query") == 8.0
    assert bucket.wait("another query") is None
