"""Whatever an interface tells ends in a row and its defects, never in an exception."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from schemas.enums import Entity
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.reading import pages_of
from tests.adapters.rest.builders import MEMBER, ORDER, PERSON, crm, mapped, member, row_of
from tests.adapters.shops import WINDOW


@pytest.mark.parametrize("mobile", ["123", True, None, {"a": 1}, ["1"], "\ud83d", "\0", "9" * 300])
def test_what_is_no_phone_number_is_nobodys_hash_and_never_shown(mobile: object) -> None:
    row = row_of(Entity.MEMBER, {**PERSON, "mobile": mobile})
    assert (row["phone_hash"], row["defects"]) == (None, None)


HOSTILE = [
    *("nul\0", "half \ud83d", "NaN", "1e9", "¥28", ""),
    *(True, 2**70, Decimal("1E+399"), Decimal("1.5")),
    *([], {}, [{"a": [1]}], {"deep": {"er": []}}),
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("place", ["quantity", "price", "sku", "title"])
def test_an_unreadable_value_costs_no_row(place: str, value: object) -> None:
    line = {**ORDER["lines"][0], place: value}
    row = row_of(Entity.ORDER_LINE, {**ORDER, "lines": [line]})
    assert row["order_key"] == "9007199254740993"
    json.dumps(row["defects"], ensure_ascii=False).encode()
    assert "\0" not in (row["defects"] or "")
    column = {"sku": "product_key", "price": "unit_price", "title": "product_name"}.get(
        place, place
    )
    if row[column] is None and value != "":
        assert row["defects"].startswith(f"{column}: ")


def test_numbers_no_machine_should_expand_are_defects(server: Loopback) -> None:
    for number in ("1e999999999", "-1E+99999999999999999999", "9" * 5000, "NaN", "-Infinity"):
        server.script = lambda _, raw=number: Answer(f'[{{"id": 1, "name": {raw}}}]'.encode())  # type: ignore[misc]
        store = {"path": "s", "columns": {"key": "id", "name": "id", "city": "name"}}
        product = {"path": "s", "columns": {"key": "id", "name": "id", "stock": "name"}}
        source = crm(server.url, {"store": store, "product": product})
        (page,) = pages_of(source, Entity.PRODUCT, WINDOW)
        assert page.rows[0][0] == "1"
        assert page.rows[0][-1].partition("stock: ")[2].startswith(number[:20])


@pytest.mark.parametrize("record", ["x", 7, None, [], [[]], True, Decimal("0.1")])
def test_what_is_no_record_is_a_row_with_a_defect(record: object) -> None:
    for entity in (Entity.MEMBER, Entity.ORDER_LINE):
        row = row_of(entity, record)
        assert row["defects"].startswith(f"{entity}: ")
    row = row_of(Entity.ORDER_LINE, {**ORDER, "lines": [record]})
    assert row["defects"].startswith("line: ")


@pytest.mark.parametrize("lines", [[], None, "none", {}, 7])
def test_an_order_without_lines_is_not_lost(lines: object) -> None:
    row = row_of(Entity.ORDER_LINE, {**ORDER, "lines": lines})
    assert (row["order_key"], row["ordinal"], row["defects"]) == (
        "9007199254740993",
        None,
        "lines: none",
    )


def test_an_expression_that_meets_garbage_is_a_defect_and_a_rule_drops_nothing_by_it() -> None:
    config = member(
        columns={**MEMBER["columns"], "city": "join('-', city)"},
        drop=[{"rule": "tiny", "when": "length(name) < `2`"}],
    )
    row = row_of(Entity.MEMBER, {"id": 1, "city": 7, "name": 7}, config)
    assert row["key"] == "1"
    assert row["defects"].split("; ")[0].startswith("city: ")
    assert row["defects"].split("; ")[1].startswith("drop tiny: ")
    assert mapped(Entity.MEMBER, {"id": 1, "name": "x"}, config=config).dropped == {"tiny": 1}


def test_lists_nested_beyond_all_reason_are_defects() -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    row = row_of(Entity.MEMBER, {"id": deep, "addresses": deep, "mobile": deep})
    assert row["defects"] == "key: a list"
    assert row_of(Entity.MEMBER, deep)["defects"] == "member: a list"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
    | st.sampled_from(["NaN", "\0", "\ud83d", "2026-03-01", "paid"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "lines", "state", "member", "sku", "paid_at", "quantity"]), inner
        )
    ),
    max_leaves=15,
)


@examples(max_examples=80)
@given(records=st.lists(json_values | st.fixed_dictionaries({"id": json_values}), max_size=4))
def test_the_books_balance_whatever_is_told(records: list[object]) -> None:
    for entity in (Entity.ORDER_LINE, Entity.MEMBER, Entity.BENEFIT):
        found = mapped(entity, *records)
        assert found.pulled == len(found.rows) + sum(found.dropped.values()) >= len(records)
        for row in found.rows:
            "".join(value for value in row if isinstance(value, str)).encode()
            assert all("\0" not in value for value in row if isinstance(value, str))
