import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limited
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.sources.medusa import records as medusa_records
from schemas.enums import Entity
from schemas.incoming import COLUMNS
from tests.adapters.medusa.stand_in import (
    CONSENT,
    HASH,
    customer,
    line,
    order,
    product,
    settings,
)

SECURED = [{"authorized_amount": 57}, {"authorized_amount": None}]


def one_line(record: object) -> dict[str, Any]:
    decoded = json.loads(json.dumps(record), parse_float=Decimal)
    (row,), _ = medusa_records.order(decoded)
    return dict(zip(COLUMNS[Entity.ORDER_LINE], row, strict=True))


def one_member(record: object, **changed: Any) -> dict[str, Any]:
    (row,), _ = medusa_records.customer(record, settings(**{**CONSENT, **changed}), HASH)
    return dict(zip(COLUMNS[Entity.MEMBER], row, strict=True))


@pytest.mark.parametrize(
    ("status", "payment_status", "ours"),
    [
        ("pending", "authorized", "paid"),
        ("completed", "captured", "paid"),
        ("pending", "partially_refunded", "paid"),
        ("archived", "refunded", "refunded"),
        ("canceled", "captured", "refunded"),
        ("pending", "canceled", "refunded"),
        ("pending", "pawned", "pawned"),
    ],
)
def test_states_become_ours(status: str, payment_status: str, ours: str) -> None:
    told = one_line(order("order_1", status=status, payment_status=payment_status))
    assert told["status"] == ours


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, None),
        ({"customer": None}, "guest"),
        ({"customer": {"has_account": False, "created_by": None}}, "guest"),
        ({"customer": {"has_account": False, "created_by": "user_1"}}, None),
        ({"payment_status": "not_paid"}, "unpaid"),
        ({"payment_status": "awaiting"}, "unpaid"),
        ({"payment_status": "not_paid", "payment_collections": SECURED}, None),
        ({"payment_status": "not_paid", "payment_collections": [{}, "x"]}, "unpaid"),
    ],
)
def test_orders_of_guests_and_unpaid_ones_are_dropped(
    changed: dict[str, Any], rule: str | None
) -> None:
    assert medusa_records.order(order("order_1", **changed))[1] == rule


def test_lines_keep_their_places_however_they_are_listed() -> None:
    lines = [line("ordli_1", product_id="a"), line("ordli_2", product_id="b")]
    one, _ = medusa_records.order(order("order_1", items=lines))
    other, _ = medusa_records.order(order("order_1", items=lines[::-1]))
    assert one == other


def test_amounts_are_taken_from_the_text_beside_the_number() -> None:
    exact = line("ordli_1", unit_price=0.30000000000000004, raw_unit_price={"value": "0.3"})
    assert one_line(order("order_1", items=[exact]))["unit_price"] == Decimal("0.3")


@pytest.mark.parametrize(
    ("told", "discount", "total"),
    [
        # As version 2.21.2 answered: 3 x 28.5 less 7 %, 13 % of tax within the price, then on top.
        (
            {
                "is_tax_inclusive": True,
                "raw_total": {"value": "79.5150000000000005"},
                "raw_discount_total": {"value": "5.9849999999999995"},
            },
            "5.985",
            "79.515",
        ),
        (
            {
                "is_tax_inclusive": False,
                "raw_total": {"value": "89.85195"},
                "raw_tax_total": {"value": "10.33695"},
                "raw_discount_subtotal": {"value": "5.985"},
            },
            "5.985",
            "79.515",
        ),
    ],
)
def test_sums_are_of_the_prices_as_told_with_or_without_tax(
    told: dict[str, Any], discount: str, total: str
) -> None:
    row = one_line(order("order_1", items=[line("ordli_1", quantity=3, **told)]))
    assert (row["discount"], row["total"]) == (Decimal(discount), Decimal(total))
    assert 3 * row["unit_price"] - row["discount"] == row["total"]


def test_what_came_back_is_no_longer_bought() -> None:
    some = line("ordli_1", quantity=3, total=28.5, detail={"return_received_quantity": 2})
    gone = line("ordli_2", quantity=1, total=0, detail={"return_dismissed_quantity": 1})
    row = one_line(order("order_1", items=[some, gone]))
    assert (row["quantity"], row["status"], row["total"]) == (1, "paid", Decimal("28.5"))


def test_an_order_that_came_back_whole_is_refunded() -> None:
    gone = line("ordli_1", quantity=2, total=0, detail={"return_received_quantity": 2})
    row = one_line(order("order_1", items=[gone]))
    assert (row["quantity"], row["status"], row["total"]) == (2, "refunded", None)


def test_sums_that_cannot_be_read_are_left_out() -> None:
    row = one_line(order("order_1", items=[line("ordli_1", total="NaN")]))
    assert (row["discount"], row["total"]) == (None, None)


@pytest.mark.parametrize(
    ("metadata", "consent", "defects"),
    [
        (None, False, None),
        ({}, False, None),
        ({"said_yes": ""}, False, None),
        ({"said_yes": True}, True, None),
        ({"said_yes": "True"}, True, None),
        ({"said_yes": "false"}, False, None),
        ({"said_yes": "maybe"}, None, "consent: maybe"),
        ({"said_yes": 1}, None, "consent: 1"),
    ],
)
def test_consent_is_what_the_metadata_say(
    metadata: Any, consent: bool | None, defects: str | None
) -> None:
    row = one_member(customer("cus_1", metadata=metadata))
    assert (row["consent"], row["consent_at"], row["defects"]) == (consent, None, defects)


def test_nobody_consents_where_no_key_is_named() -> None:
    told = customer("cus_1", metadata={"said_yes": True})
    row = one_member(told, consent_metadata=None, consent_at_metadata=None)
    assert (row["consent"], row["defects"]) == (False, None)


def test_a_consent_without_its_date_cannot_be_configured() -> None:
    with pytest.raises(ValidationError, match="name both"):
        settings(consent_metadata="said_yes")


@pytest.mark.parametrize("phone", ["138 0000 0001", "+8613800000001"])
def test_a_phone_number_becomes_its_hash(phone: str) -> None:
    row = one_member(customer("cus_1", phone=phone))
    assert row["phone_hash"] == HASH("13800000001")


def test_an_unreadable_phone_number_is_told_nowhere() -> None:
    row = one_member(customer("cus_1", phone="ask my wife"))
    assert (row["phone_hash"], row["defects"]) == (None, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted({*order("o"), *customer("c"), *product("p")})
LINE_FIELDS = sorted({*line("l"), "detail", "raw_unit_price", "raw_total", "tax_total"})
LINES = st.lists(st.dictionaries(st.sampled_from(LINE_FIELDS), JSON) | JSON, max_size=3)


@limited(max_examples=100)
@given(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), JSON | LINES)
def test_no_record_stops_the_reading(record: Any, lines: Any) -> None:
    if isinstance(record, dict):
        record["items"] = lines
    for entity, (made, _) in {
        Entity.ORDER_LINE: medusa_records.order(record),
        Entity.PRODUCT: medusa_records.product(record),
        Entity.MEMBER: medusa_records.customer(record, settings(**CONSENT), HASH),
    }.items():
        assert made
        assert all(len(row) == len(COLUMNS[entity]) for row in made)


@limited(max_examples=100)
@given(st.lists(st.from_regex(r"[0-9]{1,18}\.[0-9]{1,18}", fullmatch=True), min_size=1))
def test_amounts_of_any_length_add_up(amounts: list[str]) -> None:
    lines = [line(str(n), raw_total={"value": amount}) for n, amount in enumerate(amounts)]
    made, _ = medusa_records.order(order("order_1", items=lines))
    total = dict(zip(COLUMNS[Entity.ORDER_LINE], made[0], strict=True))["total"]
    assert abs(Fraction(total) - sum(map(Fraction, amounts))) <= Fraction(1, 10**9)
