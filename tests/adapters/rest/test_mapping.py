"""From what an interface tells to staged rows: mapped, translated and exact."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.sources.rest.fields import kinds
from adapters.sources.rest.source import RestSource
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from schemas.incoming import COLUMNS
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.reading import pages_of
from tests.adapters.rest.builders import (
    HASHED,
    MEMBER,
    ORDER,
    PERSON,
    crm,
    example,
    mapped,
    member,
    row_of,
    secrets,
    settings,
    told,
)
from tests.adapters.shops import WINDOW

ORDER_OF_LINES = b'[{"id": 9007199254740993, "member": {"id": 1}, "lines": [%s]}]'


def test_the_example_declares_what_it_says() -> None:
    source = RestSource("corner", example().base_url, secrets, example())
    assert source.entities == (
        Entity.MEMBER,
        Entity.ORDER_LINE,
        Entity.BENEFIT,
        Entity.MEMBER_EVENT,
    )


def test_a_member_is_read_as_mapped() -> None:
    assert told(row_of(Entity.MEMBER, PERSON)) == {
        "key": "m1",
        "phone_hash": HASHED("13800138000"),
        "city": "杭州",
        "joined_at": datetime(2026, 2, 1, tzinfo=UTC),
        "consent": True,
        "consent_at": datetime(2026, 2, 1, tzinfo=UTC),
    }


def test_an_order_gives_a_row_per_line_and_keeps_its_ordinals() -> None:
    found = mapped(Entity.ORDER_LINE, ORDER)
    first, second = (dict(zip(COLUMNS[Entity.ORDER_LINE], row, strict=True)) for row in found.rows)
    assert told(first) == {
        "order_key": "9007199254740993",
        "ordinal": 1,
        "member_key": "m1",
        "ordered_at": datetime(2026, 3, 1, 1, tzinfo=UTC),
        "status": "paid",
        "currency": "CNY",
        "discount": Decimal("1.00"),
        "total": Decimal("55.00"),
        "product_key": "p1",
        "product_name": "豆",
        "quantity": 2,
        "unit_price": Decimal("28.00"),
    }
    assert (second["ordinal"], second["product_key"], second["unit_price"]) == (3, "p2", 0)
    assert (found.pulled, found.dropped) == (3, {"not_goods": 1})


def test_a_dropped_order_counts_as_many_rows_as_it_has_lines() -> None:
    found = mapped(
        Entity.ORDER_LINE,
        {**ORDER, "state": "draft"},
        {**ORDER, "member": None},
        {"state": "pending"},
    )
    assert found.rows == []
    assert (found.pulled, found.dropped) == (7, {"unpaid": 4, "no_member": 3})


def test_a_coupon_and_an_event_are_read_as_mapped() -> None:
    coupon = {
        "code": 77,
        "title": "十元券",
        "amount": "10",
        "begins_on": "2026-03-01",
        "stores": [{"id": 1}, {"id": "s2"}],
    }
    row = row_of(Entity.BENEFIT, coupon)
    assert (row["key"], row["kind"], row["face_value"]) == ("77", "coupon", Decimal(10))
    assert row["valid_from"] == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert row["store_keys"] == ["1", "s2"]
    assert row["defects"] is None
    event = row_of(Entity.MEMBER_EVENT, {"id": 1, "category": "praise"})
    assert event["kind"] == "review"


def test_numbers_are_exact_on_their_way_through_the_wire(server: Loopback) -> None:
    line = (
        '{"sku": "p", "quantity": 2.0, "price": 0.1}, {"sku": "p", "quantity": 1, "price": "0.1"}'
    )
    server.script = lambda _: Answer(ORDER_OF_LINES % line.encode())
    declared = example().entities.order_line
    assert declared is not None
    config = declared.model_dump() | {"amount_scale": 0, "records": "@", "path": "orders"}
    (page,) = pages_of(crm(server.url, {"order_line": config}), Entity.ORDER_LINE, WINDOW)
    price = COLUMNS[Entity.ORDER_LINE].index("unit_price")
    assert [row[price] for row in page.rows] == [Decimal("0.1")] * 2
    assert page.rows[0][0] == "9007199254740993"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-29 01:30:00", None),  # clocks skip it
        ("2026-10-25 01:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the earlier of two
        ("2026-10-25T01:30:00+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        *((unread, None) for unread in ("2026-02-30", "31/02/2026", "17", 17, True, "0001-01-01Z")),
    ],
)
def test_naive_times_are_of_the_declared_zone(written: object, read: datetime | None) -> None:
    config = settings(
        {"member": {**MEMBER, "columns": {**MEMBER["columns"], "joined_at": "at"}}},
        timezone="Europe/London",
    )
    row = row_of(Entity.MEMBER, {"id": 1, "at": written}, config)
    assert row["joined_at"] == read
    assert (row["defects"] is None) == (read is not None)


@pytest.mark.parametrize(
    ("times", "written"),
    [
        ("epoch_seconds", 1772323200),
        ("epoch_milliseconds", "1772323200000"),
        ("%d.%m.%Y %H:%M %z", "01.03.2026 08:00 +0800"),
        ("iso8601", "2026-03-01T08:00:00+08:00"),
    ],
)
def test_times_are_read_as_declared_or_are_a_defect(times: str, written: object) -> None:
    config = member(times=times, columns={**MEMBER["columns"], "joined_at": "at"})
    row = row_of(Entity.MEMBER, {"id": 1, "at": written}, config)
    assert row["joined_at"] == datetime(2026, 3, 1, tzinfo=UTC)
    unreadable: tuple[object, ...] = (
        "soon",
        -1,
        10**30,
        False,
        "2026-03-01T08:00:00",
        [],
        {"a": 1},
    )
    for unread in unreadable:
        row = row_of(Entity.MEMBER, {"id": 1, "at": unread}, config)
        assert row["joined_at"] is None
        assert row["defects"].startswith("joined_at: ")


def test_a_translation_may_start_from_any_plain_value() -> None:
    values = {"consent": {"1": True, "0": False, "true": True, "2.5": False}}
    config = member(values=values)
    for said, meant in [(1, True), ("0", False), (True, True), (Decimal("2.5"), False)]:
        assert row_of(Entity.MEMBER, {"id": 1, "opted_in": said}, config)["consent"] is meant
    unknown = row_of(Entity.MEMBER, {"id": 1, "opted_in": "perhaps"}, config)
    assert (unknown["consent"], unknown["defects"]) == (None, "consent: perhaps")


def test_functions_keep_amounts_exact() -> None:
    columns = {"key": "id", "name": "to_string(price)", "stock": "to_number(left)"}
    config = settings({"product": {"path": "p", "columns": columns}})
    row = row_of(Entity.PRODUCT, {"id": 1, "price": Decimal("0.10"), "left": "12"}, config)
    assert (row["name"], row["stock"]) == ("0.10", 12)
    row = row_of(Entity.PRODUCT, {"id": 1, "price": 7, "left": "1_0"}, config)
    assert (row["name"], row["stock"]) == ("7", None)


@pytest.mark.parametrize(
    ("constants", "told"),
    [
        ({"consent_at": "soon"}, "consent_at: soon"),
        ({"consent_at": "2026-03-01T00:00:00"}, "consent_at"),
        ({"joined_at": 7}, "joined_at: 7"),
    ],
)
def test_a_constant_that_does_not_fit_is_told_at_the_start(
    constants: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"sources.crm.entities.member.constants.*{told}"):
        crm("http://127.0.0.1:1", {"member": {**MEMBER, "constants": constants}})
    kept = member(constants={"consent_at": "2026-03-01T08:00:00+08:00"})
    assert row_of(Entity.MEMBER, {"id": 1}, kept)["consent_at"] == datetime(2026, 3, 1, tzinfo=UTC)


def test_every_column_that_may_be_mapped_can_be_read() -> None:
    ours = {"ordinal", "phone_hash", "defects"}
    declared = set(Entity) - {Entity.CONTACT}
    assert {column for entity in declared for column in COLUMNS[entity]} - ours == set(
        kinds("iso8601", None, 0)
    )
