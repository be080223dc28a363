import csv as csv_format
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.enums import Entity
from schemas.incoming import key_text
from schemas.sources import DropRule
from tests.adapters.file.files import ALL, GOOD, balanced, csv, lines, parquet, source
from tests.adapters.reading import pages_of

KINDS = {
    "order_key": str,
    "ordinal": int,
    "member_key": str,
    "ordered_at": datetime,
    "status": str,
    "currency": str,
    "discount": Decimal,
    "total": Decimal,
    "store_key": str,
    "product_key": str,
    "product_name": str,
    "quantity": int,
    "unit_price": Decimal,
    "defects": str,
}


def _line(
    tmp_path: Path, column: str, value: Any, *, zone: str = "Asia/Shanghai"
) -> dict[str, Any]:
    write = csv if isinstance(value, str) else parquet
    (line,) = lines(source(write(tmp_path, {column: value}), timezone=zone))
    return line


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-01", "2026-02-28T16:00"),
        ("2026/3/1 9:05", "2026-03-01T01:05"),
        ("2026-03-01T09:05:07", "2026-03-01T01:05:07"),
        (" 2026-03-01 09:05:07.25 ", "2026-03-01T01:05:07.250"),
        ("2026-03-01T09:05:07Z", "2026-03-01T09:05:07"),
        ("2026-03-01T09:05:07-0330", "2026-03-01T12:35:07"),
        ("2026-03-01 09:05:07 +01:00", "2026-03-01T08:05:07"),
        (datetime(2026, 3, 1, 9), "2026-03-01T01:00"),  # noqa: DTZ001 - files hold naive times
        (datetime(2026, 3, 1, 9, tzinfo=UTC), "2026-03-01T09:00"),
        (date(2026, 3, 1), "2026-02-28T16:00"),
    ],
)
def test_a_time_is_read(tmp_path: Path, written: Any, expected: str) -> None:
    line = _line(tmp_path, "time", written)
    assert line["ordered_at"] == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert line["ordered_at"].utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    [
        *("31/02/2026", "2026-02-31", "2026-03-01 24:00", "2026-03-01 09:60", "03/01/2026 9:00"),
        *(
            "0000-01-01",
            "2026-03-01 09:00:60",
            "20260301",
            "1772352000",
            "yesterday",
            "2026-03-01 9",
        ),
    ],
)
def test_a_time_that_is_none_is_a_defect(tmp_path: Path, written: str) -> None:
    line = _line(tmp_path, "time", written)
    assert (line["ordered_at"], line["defects"]) == (None, f"ordered_at: {written}")


def test_summer_time_takes_the_earlier_hour_and_refuses_the_missing_one(tmp_path: Path) -> None:
    doubled = _line(tmp_path, "time", "2011-10-30 01:30", zone="Europe/London")
    missing = _line(tmp_path, "time", "2011-03-27 01:30", zone="Europe/London")
    assert doubled["ordered_at"] == datetime(2011, 10, 30, 0, 30, tzinfo=UTC)
    assert missing["defects"] == "ordered_at: 2011-03-27 01:30"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("3", 3),
        (" -3 ", -3),
        ("+3", 3),
        ("3.0", 3),
        ("3.", 3),
        (3, 3),
        (3.0, 3),
        (Decimal("3.00"), 3),
    ],
)
def test_a_quantity_is_whole(tmp_path: Path, written: Any, expected: int) -> None:
    line = _line(tmp_path, "pieces", written)
    assert (line["quantity"], line["defects"]) == (expected, None)


@pytest.mark.parametrize(
    "written",
    [
        *("abc", "1.5", "1,000", "9" * 19, "1e3", "３", "-"),
        *(1.5, float("nan"), float("inf"), 1e300),
    ],
)
def test_a_quantity_that_is_none_is_a_defect(tmp_path: Path, written: Any) -> None:
    line = _line(tmp_path, "pieces", written)
    assert line["quantity"] is None
    assert line["defects"].startswith("quantity: ")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *[("28.00", "28.00"), (" 0.123456 ", "0.123456"), ("-5", "-5"), (".5", "0.5")],
        *[(2.55, "2.5500"), (0.1 + 0.2, "0.3000"), (7, "7"), (Decimal("1.23"), "1.23")],
    ],
)
def test_a_price_is_exact(tmp_path: Path, written: Any, expected: str) -> None:
    line = _line(tmp_path, "price", written)
    assert str(line["unit_price"]) == expected
    assert line["defects"] is None


@pytest.mark.parametrize(
    "written",
    [*("NaN", "inf", "¥28", "1,5", "1e3", "1_0", "."), *(float("nan"), float("-inf"), 1e300)],
)
def test_a_price_that_is_none_is_a_defect(tmp_path: Path, written: Any) -> None:
    line = _line(tmp_path, "price", written)
    assert line["unit_price"] is None
    assert line["defects"].startswith("unit_price: ")


@pytest.mark.parametrize("written", [17850.0, 17850, "017850", "17850.0", 1e15, -3.0, 0.5])
def test_a_key_is_written_as_every_source_writes_it(tmp_path: Path, written: Any) -> None:
    assert _line(tmp_path, "member", written)["member_key"] == key_text(written)


@pytest.mark.parametrize("written", ["", "  ", float("nan")])
def test_a_blank_key_is_absent(tmp_path: Path, written: Any) -> None:
    line = _line(tmp_path, "member", written)
    assert (line["member_key"], line["defects"]) == (None, None)


def test_nul_characters_are_removed_and_told(tmp_path: Path) -> None:
    line = _line(tmp_path, "product", "p\x001")
    assert (line["product_key"], line["defects"]) == ("p1", r"product_key: p\x001")


def test_defects_are_joined_and_cannot_be_forged(tmp_path: Path) -> None:
    (line,) = lines(source(csv(tmp_path, {"pieces": "x; unit_price: 1", "price": "y" * 200})))
    assert line["defects"] == f"quantity: x, unit_price: 1; unit_price: {'y' * 80}"


CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["2026-03-01 09:00", "C1", "0", "28.00", "2", "", "m1", "\x00", '"', "\r", "9999-12-31"]
    ),
    st.floats().map(str),
    st.datetimes().map(str),
)
RULES = (
    DropRule(rule="cancellation", column="order", starts_with="C"),
    DropRule(rule="no_member", column="member", is_null=True),
    DropRule(rule="free", column="price", equals=0),
)


@settings(max_examples=100)
@given(cells=st.lists(st.lists(CELL, min_size=6, max_size=6), max_size=6))
def test_whatever_a_csv_holds_its_books_balance(cells: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv_format.writer(file, quoting=csv_format.QUOTE_ALL).writerows([list(GOOD), *cells])
        one = source(path, drop=RULES)
        pages = balanced(pages_of(one, Entity.ORDER_LINE, ALL))
        balanced(pages_of(one, Entity.MEMBER, ALL))
    assert sum(page.pulled for page in pages) == len(cells)
    for row in (row for page in pages for row in page.rows):
        _assert_storable(row)


def _assert_storable(row: tuple[Any, ...]) -> None:
    for value, kind in zip(row, KINDS.values(), strict=True):
        assert value is None or type(value) is kind
        if isinstance(value, str):
            assert "\0" not in value
            value.encode()
        if isinstance(value, Decimal):
            assert value.is_finite()


@settings(max_examples=60)
@given(
    frame=st.fixed_dictionaries(
        {
            "order": st.floats(),
            "member": st.one_of(st.none(), st.floats()),
            "time": st.one_of(st.none(), st.datetimes()),
            "product": st.text(max_size=5),
            "pieces": st.floats(),
            "price": st.floats(),
        }
    ).map(lambda row: pl.DataFrame([row]))
)
def test_whatever_a_parquet_holds_its_books_balance(frame: pl.DataFrame) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.parquet"
        frame.write_parquet(path)
        pages = balanced(pages_of(source(path, drop=RULES), Entity.ORDER_LINE, ALL))
    for row in (row for page in pages for row in page.rows):
        _assert_storable(row)
