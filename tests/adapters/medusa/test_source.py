import asyncio
from typing import Any

import pytest

from adapters.sources.medusa.source import MedusaSource
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import COLUMNS, Page, Window
from tests.adapters.loopback import Answer, Loopback, Request
from tests.adapters.medusa.stand_in import (
    BEFORE,
    CONSENT,
    HASH,
    SINCE,
    UNTIL,
    MedusaScript,
    customer,
    line,
    order,
    payment,
    product,
    settings,
)
from tests.adapters.reading import pages_of

WINDOW = Window(SINCE, UNTIL)


@pytest.fixture
def shop(server: Loopback) -> MedusaScript:
    script = MedusaScript()
    server.script = script
    return script


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def source(server: Loopback, waits: list[float]) -> MedusaSource:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    made = settings(**CONSENT)
    return MedusaSource("medusa", server.url, "sk_secret", made, phone_hash=HASH, sleep=sleep)


def rows(entity: Entity, pages: list[Page]) -> list[dict[str, Any]]:
    assert all(page.pulled == len(page.rows) + sum(page.dropped.values()) for page in pages)
    return [dict(zip(COLUMNS[entity], row, strict=True)) for page in pages for row in page.rows]


def keys(entity: Entity, pages: list[Page]) -> list[str]:
    column = "order_key" if entity is Entity.ORDER_LINE else "key"
    return [row[column] for row in rows(entity, pages)]


def test_customers_are_paged_by_id(source: MedusaSource, shop: MedusaScript) -> None:
    shop.lists["customers"] = [customer(f"cus_{n}") for n in range(5)]
    pages = pages_of(source, Entity.MEMBER, WINDOW)
    assert keys(Entity.MEMBER, pages) == [f"cus_{n}" for n in range(5)]
    assert [page.cursor for page in pages] == ["cus_1", "cus_3", "cus_4"]
    assert [call.query.get("id[$gt]") for call in shop.calls] == [None, "cus_1", "cus_3"]


def test_little_is_asked_for_and_the_key_goes_as_basic(
    source: MedusaSource, shop: MedusaScript
) -> None:
    pages_of(source, Entity.MEMBER, WINDOW)
    pages_of(source, Entity.ORDER_LINE, WINDOW)
    asked = ",".join(call.query["fields"] for call in shop.calls)
    assert not {"email", "first_name", "address", "*"} & set(asked.replace(".", ",").split(","))
    assert {call.authorization for call in shop.calls} == {"Basic c2tfc2VjcmV0Og=="}


def test_reading_goes_on_behind_a_cursor(source: MedusaSource, shop: MedusaScript) -> None:
    shop.lists["customers"] = [customer(f"cus_{n}") for n in range(5)]
    assert keys(Entity.MEMBER, pages_of(source, Entity.MEMBER, WINDOW, "cus_2")) == [
        "cus_3",
        "cus_4",
    ]


@pytest.mark.parametrize(
    ("entity", "what", "make"),
    [(Entity.MEMBER, "customers", customer), (Entity.PRODUCT, "products", product)],
)
def test_a_record_touched_while_we_read_hides_no_other(
    source: MedusaSource, shop: MedusaScript, entity: Entity, what: str, make: Any
) -> None:
    shop.lists[what] = [make(f"id_{n}") for n in range(6)]

    def touch_after_the_first_page(_: Request) -> None:
        if len(shop.calls) == 2:
            shop.touch(what, "id_0")

    shop.instead = touch_after_the_first_page
    assert keys(entity, pages_of(source, entity, WINDOW)) == [f"id_{n}" for n in range(6)]


def test_an_order_comes_again_when_its_payment_changed(
    source: MedusaSource, shop: MedusaScript
) -> None:
    shop.lists["orders"] = [order("order_1", updated_at=BEFORE), order("order_2")]
    shop.lists["payments"] = [payment("pay_1", "order_1"), payment("pay_2", "order_2")]
    pages = pages_of(source, Entity.ORDER_LINE, WINDOW)
    assert sorted(keys(Entity.ORDER_LINE, pages)) == ["order_1", "order_2"]


def test_an_order_that_changed_with_its_payment_comes_once(
    source: MedusaSource, shop: MedusaScript
) -> None:
    shop.lists["orders"] = [order("order_1")]
    shop.lists["payments"] = [payment("pay_1", "order_1")]
    assert keys(Entity.ORDER_LINE, pages_of(source, Entity.ORDER_LINE, WINDOW)) == ["order_1"]


def test_the_second_reading_goes_on_behind_its_own_cursor(
    source: MedusaSource, shop: MedusaScript
) -> None:
    shop.lists["orders"] = [order(f"order_{n}", updated_at=BEFORE) for n in (1, 2)]
    shop.lists["payments"] = [payment(f"pay_{n}", f"order_{n}") for n in (1, 2)]
    pages = pages_of(source, Entity.ORDER_LINE, WINDOW, "payments order_1")
    assert keys(Entity.ORDER_LINE, pages) == ["order_2"]
    assert pages[-1].cursor == "payments order_2"


def test_the_first_pull_asks_for_no_payments(source: MedusaSource, shop: MedusaScript) -> None:
    shop.lists["orders"] = [order("order_1")]
    assert keys(Entity.ORDER_LINE, pages_of(source, Entity.ORDER_LINE, Window(None, UNTIL)))
    assert {call.path for call in shop.calls} == {"/admin/orders"}


@pytest.mark.parametrize(
    ("trouble", "waited"),
    [
        (Answer({"message": "slow down"}, 429, {"Retry-After": "7"}), [7.0]),
        (Answer({"type": "unknown_error"}, 500, {"Retry-After": "1"}), [1.0]),
    ],
)
def test_a_busy_shop_is_asked_again_when_it_wishes(
    source: MedusaSource,
    shop: MedusaScript,
    waits: list[float],
    trouble: Answer,
    waited: list[float],
) -> None:
    shop.lists["customers"] = [customer(f"cus_{n}") for n in range(4)]
    shop.instead = lambda _: trouble if len(shop.calls) == 2 else None
    assert len(keys(Entity.MEMBER, pages_of(source, Entity.MEMBER, WINDOW))) == 4
    assert waits == waited


def test_a_body_cut_short_is_read_again(source: MedusaSource, shop: MedusaScript) -> None:
    shop.lists["customers"] = [customer("cus_1")]
    cut = Answer(b'{"customers": [{"id": "cus_', headers={"Content-Length": "900"})
    shop.instead = lambda _: cut if len(shop.calls) == 1 else None
    assert keys(Entity.MEMBER, pages_of(source, Entity.MEMBER, WINDOW)) == ["cus_1"]


def test_a_key_revoked_in_mid_run_ends_it_and_stays_secret(
    source: MedusaSource, shop: MedusaScript
) -> None:
    shop.lists["customers"] = [customer(f"cus_{n}") for n in range(4)]
    shop.instead = lambda _: (
        Answer({"message": "Unauthorized"}, 401) if len(shop.calls) > 1 else None
    )
    with pytest.raises(SourceError, match=r"/admin/customers refuses our credentials") as caught:
        pages_of(source, Entity.MEMBER, WINDOW)
    assert "sk_secret" not in str(caught.value)


@pytest.mark.parametrize("body", [[], {"customers": None, "count": 1}, {"customers": []}])
def test_nonsense_is_told_as_one(source: MedusaSource, shop: MedusaScript, body: object) -> None:
    shop.instead = lambda _: Answer(body)
    with pytest.raises(SourceError, match="lacks a list 'customers' or a count"):
        pages_of(source, Entity.MEMBER, WINDOW)


def test_a_shop_that_repeats_its_page_is_left(source: MedusaSource, shop: MedusaScript) -> None:
    again = Answer({"customers": [customer("cus_1")], "count": 9})
    shop.instead = lambda _: again
    with pytest.raises(SourceError, match="would never end"):
        pages_of(source, Entity.MEMBER, WINDOW)


def test_a_probe_asks_each_list_once(source: MedusaSource, shop: MedusaScript) -> None:
    asyncio.run(source.probe(UNTIL))
    paths = [call.path for call in shop.calls]
    assert paths == [f"/admin/{what}" for what in ("products", "customers", "orders", "payments")]


def test_what_is_dropped_is_counted_in_lines(source: MedusaSource, shop: MedusaScript) -> None:
    two = [line("ordli_1"), line("ordli_2")]
    shop.lists["orders"] = [order("order_1", items=two, customer=None), order("order_2")]
    (page,) = pages_of(source, Entity.ORDER_LINE, Window(None, UNTIL))
    assert (page.pulled, page.dropped, len(page.rows)) == (3, {"guest": 2}, 1)


def test_a_product_that_is_not_for_sale_is_dropped(
    source: MedusaSource, shop: MedusaScript
) -> None:
    shop.lists["products"] = [product("prod_1"), product("prod_2", status="draft")]
    (page,) = pages_of(source, Entity.PRODUCT, WINDOW)
    (row,) = rows(Entity.PRODUCT, [page])
    assert (row["key"], row["name"], row["family"]) == ("prod_1", "豆", "咖啡")
    assert page.dropped == {"unpublished": 1}
