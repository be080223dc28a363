import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.phones import phone_hash
from adapters.sources.medusa.source import MedusaSource
from schemas.clock import now
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import COLUMNS, Page, Window
from schemas.sources.medusa import MedusaSource as MedusaSettings
from tests.adapters.reading import pages_of
from tests.medusa.backoffice import (
    BEANS,
    DISCOUNT_PERCENT,
    GRINDER,
    PRICES,
    Backoffice,
    give_discount,
)

HASH = phone_hash("salt", "CN")
SAID_YES = {"marketing_consent": True, "marketing_consent_at": "2026-03-01T08:00:00+08:00"}


@pytest.fixture
def source(office: Backoffice) -> MedusaSource:
    return source_of(office)


def source_of(office: Backoffice, page_size: int = 2, key: str | None = None) -> MedusaSource:
    url = str(office.http.base_url)
    settings = MedusaSettings(
        type="medusa",
        base_url=url,
        page_size=page_size,
        calls_per_second=200,
        consent_metadata="marketing_consent",
        consent_at_metadata="marketing_consent_at",
    )
    return MedusaSource("medusa", url, key or office.key, settings, phone_hash=HASH)


def boundary() -> datetime:
    """An instant that is surely after what was done, and before what is done next."""
    time.sleep(0.02)
    at = now()
    time.sleep(0.02)
    return at


def rows_of(entity: Entity, pages: list[Page]) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS[entity], row, strict=True)) for page in pages for row in page.rows]


def pull(source: MedusaSource, entity: Entity, since: datetime | None) -> list[dict[str, Any]]:
    return rows_of(entity, pages_of(source, entity, Window(since, boundary())))


def dropped(pages: list[Page]) -> Counter[str]:
    return sum((Counter(page.dropped) for page in pages), Counter())


def test_the_first_pull_brings_everything_and_drops_guests(
    office: Backoffice, source: MedusaSource
) -> None:
    entered = office.add_customer("a@example.com", phone="13800000001", metadata=SAID_YES)
    registered, signed_in = office.register("b@example.com", phone="+86 139-0000-0002")
    first = office.buy("a@example.com", {BEANS: 2, GRINDER: 1})
    second = office.buy("b@example.com", {BEANS: 3}, signed_in)
    guests = office.buy("guest@example.com", {BEANS: 1})
    window = Window(None, boundary())

    products = rows_of(Entity.PRODUCT, pages_of(source, Entity.PRODUCT, window))
    assert {row["key"]: row["name"] for row in products} == {
        office.products[BEANS]: BEANS,
        office.products[GRINDER]: GRINDER,
    }

    pages = pages_of(source, Entity.MEMBER, window)
    members = {row["key"]: row for row in rows_of(Entity.MEMBER, pages)}
    assert members.keys() == {entered, registered}
    assert dropped(pages) == {"guest": 1}
    assert members[entered]["consent"] is True
    assert members[entered]["consent_at"].isoformat() == "2026-03-01T00:00:00+00:00"
    assert members[registered]["consent"] is False
    assert members[entered]["phone_hash"] == HASH("+8613800000001")
    assert members[registered]["phone_hash"] == HASH("+8613900000002")

    pages = pages_of(source, Entity.ORDER_LINE, window)
    lines = rows_of(Entity.ORDER_LINE, pages)
    assert dropped(pages) == {"guest": 1}
    assert guests not in {line["order_key"] for line in lines}
    assert {(one["order_key"], one["member_key"], one["product_name"], one["quantity"])
            for one in lines} == {
        (first, entered, BEANS, 2),
        (first, entered, GRINDER, 1),
        (second, registered, BEANS, 3),
    }  # fmt: skip
    assert {(line["status"], line["currency"]) for line in lines} == {("paid", "CNY")}
    assert {line["unit_price"] for line in lines} == {Decimal(price) for price in PRICES.values()}
    assert not any(line["defects"] for line in lines)
    assert "example.com" not in repr(pages)


def test_the_next_window_brings_exactly_what_changed(
    office: Backoffice, source: MedusaSource
) -> None:
    names = ("stays@example.com", "moves@example.com")
    stays, moves = (office.add_customer(name) for name in names)
    _, cancelled = (office.buy(name, {BEANS: 1}) for name in names)
    before = boundary()

    office.change_customer(moves, metadata=SAID_YES)
    placed = office.buy(names[0], {GRINDER: 1})
    office.cancel(cancelled)

    members = pull(source, Entity.MEMBER, before)
    assert [(row["key"], row["consent"]) for row in members] == [(moves, True)]
    assert stays not in {row["key"] for row in members}
    lines = pull(source, Entity.ORDER_LINE, before)
    assert {line["order_key"]: line["status"] for line in lines} == {
        placed: "paid",
        cancelled: "refunded",
    }
    after = boundary()
    assert pull(source, Entity.MEMBER, after) == []
    assert pull(source, Entity.ORDER_LINE, after) == []


def test_an_order_whose_record_stays_comes_when_its_payment_is_taken(
    office: Backoffice, source: MedusaSource
) -> None:
    customer = office.add_customer("phone-order@example.com")
    order = office.write_order(customer, "phone-order@example.com", BEANS, "0.1")
    written = boundary()
    pages = pages_of(source, Entity.ORDER_LINE, Window(None, written))
    assert order not in {line["order_key"] for line in rows_of(Entity.ORDER_LINE, pages)}
    assert dropped(pages)["unpaid"] == 1

    touched = office.order(order)["updated_at"]
    office.mark_paid(order)
    assert office.order(order)["updated_at"] == touched  # else the second reading is needless
    lines = pull(source, Entity.ORDER_LINE, written)
    assert [(line["order_key"], line["status"]) for line in lines] == [(order, "paid")]
    assert lines[0]["unit_price"] == Decimal("0.1")


def test_an_order_that_is_edited_before_its_money_is_taken_follows(
    office: Backoffice, source: MedusaSource
) -> None:
    office.add_customer("edits@example.com")
    order = office.buy("edits@example.com", {BEANS: 3})
    before = boundary()
    office.change_quantity(order, 1)
    (line,) = pull(source, Entity.ORDER_LINE, before)
    assert (line["order_key"], line["status"], line["quantity"]) == (order, "paid", 1)
    office.cancel(order)
    (line,) = pull(source, Entity.ORDER_LINE, before)
    assert (line["order_key"], line["status"]) == (order, "refunded")


def test_a_refund_comes_whole_or_leaves_the_order_paid(
    office: Backoffice, source: MedusaSource
) -> None:
    office.add_customer("returns@example.com")
    some, all_of_it = (office.buy("returns@example.com", {BEANS: 2}) for _ in range(2))
    office.capture(some)
    office.capture(all_of_it)
    before = boundary()
    office.refund(some, 10)
    office.refund(all_of_it)
    lines = pull(source, Entity.ORDER_LINE, before)
    assert {line["order_key"]: line["status"] for line in lines} == {
        some: "paid",
        all_of_it: "refunded",
    }


def test_what_is_touched_while_pages_are_read_moves_nobody_out_of_sight(
    office: Backoffice,
) -> None:
    before = boundary()
    keys = [office.add_customer(f"crowd{n}@example.com") for n in range(5)]
    orders = [office.buy(f"crowd{n}@example.com", {BEANS: 1}) for n in range(5)]
    window = Window(before, boundary())

    def touch_customer() -> None:
        office.change_customer(keys[0], first_name="Other")

    def touch_order() -> None:
        office.cancel(orders[0])

    source = source_of(office, page_size=2)
    members = asyncio.run(read_while(source, Entity.MEMBER, window, touch_customer))
    assert {row["key"] for row in members} == set(keys)
    lines = asyncio.run(read_while(source, Entity.ORDER_LINE, window, touch_order))
    assert {row["order_key"] for row in lines} == set(orders)


async def read_while(
    source: MedusaSource, entity: Entity, window: Window, change: Callable[[], None]
) -> list[dict[str, Any]]:
    pages: list[Page] = []
    async for page in source.pages(entity, window):
        if not pages:
            change()
        pages.append(page)
    return rows_of(entity, pages)


def test_reading_goes_on_behind_a_cursor(office: Backoffice, source: MedusaSource) -> None:
    before = boundary()
    keys = [office.add_customer(f"queue{n}@example.com") for n in range(4)]
    window = Window(before, boundary())
    first, *_ = pages_of(source, Entity.MEMBER, window)
    rest = pages_of(source, Entity.MEMBER, window, first.cursor)
    found = [row["key"] for row in rows_of(Entity.MEMBER, [first, *rest])]
    assert sorted(found) == sorted(keys)


def test_a_key_that_was_made_up_is_refused(office: Backoffice) -> None:
    with pytest.raises(SourceError, match="refuses our credentials"):
        asyncio.run(source_of(office, key="sk_nothing").probe(now()))


def test_probing_finds_nothing_wrong(source: MedusaSource) -> None:
    asyncio.run(source.probe(now()))


# Last: the discount holds from then on.
def test_an_order_adds_up_although_its_discount_does_not_divide(
    office: Backoffice, source: MedusaSource
) -> None:
    office.add_customer("sums@example.com")
    before = boundary()
    full = office.buy("sums@example.com", {BEANS: 3, GRINDER: 1})
    give_discount(office)
    cheaper, kept = (office.buy("sums@example.com", {BEANS: 3, GRINDER: 1}) for _ in range(2))
    office.take_back(kept, {BEANS: 2, GRINDER: 1})
    lines = pull(source, Entity.ORDER_LINE, before)
    bean, grinder = Decimal(PRICES[BEANS]), Decimal(PRICES[GRINDER])
    for order, goods, off in (
        (full, 3 * bean + grinder, 0),
        (cheaper, 3 * bean + grinder, DISCOUNT_PERCENT),
        (kept, bean, DISCOUNT_PERCENT),
    ):
        mine = [line for line in lines if line["order_key"] == order]
        assert sum(line["quantity"] * line["unit_price"] for line in mine) == goods
        assert {line["discount"] for line in mine} == {goods * off / 100}
        assert {line["total"] for line in mine} == {goods * (100 - off) / 100}
