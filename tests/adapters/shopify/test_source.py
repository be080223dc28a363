import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.sources.shopify import queries
from adapters.sources.shopify import source as shopify
from adapters.sources.shopify.source import ShopifySource
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import COLUMNS, Page, Window
from tests.adapters.reading import pages_of
from tests.adapters.shopify.stand_in import (
    TOKEN,
    Shop,
    ShopifyServer,
    customer,
    line,
    money,
    order,
    product,
    source,
)

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=1))
LATER = Window(DAY + timedelta(days=1), DAY + timedelta(days=2))


@pytest.fixture
def server() -> Iterator[ShopifyServer]:
    server = ShopifyServer()
    yield server
    server.close()


@pytest.fixture
def shop(server: ShopifyServer) -> Shop:
    return Shop(server)


def _at(seconds: int, day: datetime = DAY) -> str:
    return (day + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _column(pages: list[Page], entity: Entity, name: str) -> list[Any]:
    assert all(page.pulled == len(page.rows) + sum(page.dropped.values()) for page in pages)
    at = COLUMNS[entity].index(name)
    return [row[at] for page in pages for row in page.rows]


def _orders(
    reading: ShopifySource, window: Window = WINDOW, cursor: str | None = None
) -> list[Any]:
    return _column(
        pages_of(reading, Entity.ORDER_LINE, window, cursor), Entity.ORDER_LINE, "order_key"
    )


@pytest.mark.parametrize(
    ("entity", "kind", "build", "key"),
    [
        (Entity.MEMBER, "customers", customer, "key"),
        (Entity.PRODUCT, "products", product, "key"),
        (Entity.ORDER_LINE, "orders", order, "order_key"),
    ],
)
def test_a_window_is_read_page_by_page(
    server: ShopifyServer, shop: Shop, entity: Entity, kind: str, build: Any, key: str
) -> None:
    for number in range(1, 6):
        shop.put(kind, build(number, _at(number)))
    shop.put(kind, build(8, _at(-1)))
    shop.put(kind, build(9, _at(86400)))
    pages = pages_of(source(server, shop), entity, WINDOW)
    assert _column(pages, entity, key) == ["1", "2", "3", "4", "5"]
    assert [len(page.rows) for page in pages] == [2, 2, 1]
    assert [page.cursor for page in pages] == [
        "2026-03-01T00:00:01+00:00",
        "2026-03-01T00:00:03+00:00",
        None,
    ]


def test_a_call_names_the_pinned_version_and_bears_the_token_in_its_header(
    server: ShopifyServer, shop: Shop
) -> None:
    pages_of(source(server, shop, api_version="2026-07"), Entity.PRODUCT, WINDOW)
    (request,) = server.requests
    assert request.path == "/admin/api/2026-07/graphql.json"
    assert (server.tokens, request.authorization) == ([TOKEN], None)
    assert request.body["variables"] == {
        "first": 2,
        "after": None,
        "search": "updated_at:>='2026-03-01T00:00:00Z' updated_at:<'2026-03-02T00:00:00Z'",
    }


def test_a_first_load_has_no_beginning_and_broken_seconds_are_held_whole(
    server: ShopifyServer, shop: Shop
) -> None:
    until = DAY + timedelta(microseconds=1)
    pages_of(source(server, shop), Entity.PRODUCT, Window(None, until))
    asked = server.requests[0].body["variables"]["search"]
    assert asked == "updated_at:<'2026-03-01T00:00:01Z'"


def test_a_phone_number_is_asked_for_only_to_be_hashed(server: ShopifyServer, shop: Shop) -> None:
    shop.put("customers", customer(1, _at(1)))
    without = pages_of(source(server, shop), Entity.MEMBER, WINDOW)
    with_it = pages_of(source(server, shop, phone=True), Entity.MEMBER, WINDOW)
    asked = [request.body["variables"]["phone"] for request in server.requests]
    assert asked == [False, True]
    assert _column(without, Entity.MEMBER, "phone_hash") == [None]
    assert len(_column(with_it, Entity.MEMBER, "phone_hash")[0]) == 64
    assert "138" not in repr(with_it)
    query = server.requests[0].body["query"]
    assert re.findall(r".*phoneNumber.*", query) == [
        "      phone: defaultPhoneNumber @include(if: $phone) { phoneNumber }"
    ]


NEVER_ASKED = ("emailAddress", "firstName", "lastName", "displayName", "note", "address1", "city")


def test_what_is_not_asked_for_cannot_leak() -> None:
    texts = [text for name, text in vars(queries).items() if name.isupper()]
    assert len(texts) == 5
    for text in texts:
        words = re.findall(r"\$?\w+", text)
        assert not set(words) & set(NEVER_ASKED)
        assert text.count("{") == text.count("}")
        assert all(words.count(word) > 1 for word in words if word.startswith("$"))


def test_an_order_comes_with_all_its_lines(server: ShopifyServer, shop: Shop) -> None:
    lines = [line(1, "1.00", title=f"item {number}") for number in range(450)]
    shop.put("orders", order(1, _at(1), lineItems=lines, subtotalPriceSet=money("450")))
    shop.put("orders", order(2, _at(2)))
    pages = pages_of(source(server, shop, lines_per_order=10), Entity.ORDER_LINE, WINDOW)
    names = _column(pages, Entity.ORDER_LINE, "product_name")
    assert names == [f"item {number}" for number in range(450)] + ["豆"]
    assert _column(pages, Entity.ORDER_LINE, "ordinal") == [*range(1, 451), 1]
    assert shop.operations == ["Scopes", "Orders", "Lines", "Lines", "Lines"]
    assert {row[7] for row in pages[0].rows[:450]} == {450}


@pytest.mark.parametrize("gone", [False, True])
def test_an_order_that_changes_between_its_lines_is_left_to_the_next_window(
    server: ShopifyServer, shop: Shop, gone: bool
) -> None:
    lines = [line(1, "1.00") for _ in range(3)]
    shop.put("orders", order(1, _at(1), lineItems=lines))

    def edit() -> None:
        if gone:
            del shop.records["orders"]["gid://shopify/Order/1"]
        else:
            shop.put("orders", order(1, _at(5, LATER.until - timedelta(days=1)), lineItems=lines))

    shop.before[3] = edit
    reading = source(server, shop, lines_per_order=2)
    (page,) = pages_of(reading, Entity.ORDER_LINE, WINDOW)
    assert (page.rows, page.dropped, page.pulled) == ([], {"changed_meanwhile": 2}, 2)
    assert _orders(reading, LATER) == ([] if gone else ["1"] * 3)


def test_what_is_put_aside_is_counted_by_its_rule(server: ShopifyServer, shop: Shop) -> None:
    shop.put("orders", order(1, _at(1), test=True, lineItems=[line(1, "1")] * 3))
    shop.put("orders", order(2, _at(2), displayFinancialStatus="PENDING"))
    shop.put("orders", order(3, _at(3), customer=None))
    shop.put("orders", order(4, _at(4)))
    pages = pages_of(
        source(server, shop, order_page_size=9, lines_per_order=2), Entity.ORDER_LINE, WINDOW
    )
    assert pages[0].dropped == {"test_order": 2, "unpaid": 1, "no_member": 1}
    assert _column(pages, Entity.ORDER_LINE, "order_key") == ["4"]
    assert "Lines" not in shop.operations


def test_a_window_beyond_the_cap_is_read_by_several_queries(
    server: ShopifyServer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify, "PAGED_AT_MOST", 6)
    shop.paged_at_most = 6
    for number in range(1, 24):
        shop.put("orders", order(number, _at(number // 2)))
    pages = pages_of(source(server, shop), Entity.ORDER_LINE, WINDOW)
    keys = _column(pages, Entity.ORDER_LINE, "order_key")
    assert keys == [str(number) for number in range(1, 24)], "each once, in order"
    assert sum(page.dropped.get("repeated", 0) for page in pages) > 0


def test_more_changes_in_one_second_than_can_be_paged_are_an_error(
    server: ShopifyServer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shopify, "PAGED_AT_MOST", 6)
    shop.paged_at_most = 6
    for number in range(1, 24):
        shop.put("products", product(number, _at(0)))
    with pytest.raises(SourceError, match="more than 6 records bear one time of change"):
        pages_of(source(server, shop), Entity.PRODUCT, WINDOW)


def test_reading_goes_on_from_any_page_without_a_gap(server: ShopifyServer, shop: Shop) -> None:
    for number in range(1, 12):
        shop.put("orders", order(number, _at(number // 3)))
    reading = source(server, shop)
    pages = pages_of(reading, Entity.ORDER_LINE, WINDOW)
    everything = {str(number) for number in range(1, 12)}
    for done, page in enumerate(pages[:-1], 1):
        kept = set(_column(pages[:done], Entity.ORDER_LINE, "order_key"))
        assert kept | set(_orders(reading, WINDOW, page.cursor)) == everything


def test_a_record_ahead_of_its_place_does_not_hide_those_behind_it(
    server: ShopifyServer, shop: Shop
) -> None:
    for number in range(1, 8):
        shop.put("orders", order(number, _at(number)))
    shop.put("orders", order(2, _at(90_000)), found=False)
    reading = source(server, shop)
    pages = pages_of(reading, Entity.ORDER_LINE, WINDOW)
    assert set(_orders(reading, WINDOW, pages[0].cursor)) >= {"3", "4", "5", "6", "7"}


@pytest.mark.parametrize("cursor", ["eyJsYXN0X2lkIjoxfQ==", "2026-03-01", "2026-03-01T00:00:00"])
def test_a_cursor_that_is_not_ours_is_refused(
    server: ShopifyServer, shop: Shop, cursor: str
) -> None:
    with pytest.raises(SourceError, match="is no time"):
        _orders(source(server, shop), WINDOW, cursor)


def test_an_entity_shopify_does_not_have_is_a_mistake_of_the_caller(
    server: ShopifyServer, shop: Shop
) -> None:
    with pytest.raises(ValueError, match="has no benefit"):
        pages_of(source(server, shop), Entity.BENEFIT, WINDOW)
