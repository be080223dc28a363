"""An order log becomes days of members, whatever a shop wrote into it."""

import gzip
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from adapters.order_log import reading
from adapters.order_log.reading import OrderLog, read
from schemas.errors import ConfigurationError, RunwuError, SourceError

BEFORE = date(2011, 1, 1)
HEADER = "member_id,ordered_at,amount"


def _csv(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "log.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return file


def _days(log: OrderLog) -> list[tuple[str, date, float]]:
    return [(log.members[row[0]], *row[1:]) for row in log.days.rows()]


def test_orders_of_one_day_are_one_row_with_their_money(tmp_path: Path) -> None:
    file = _csv(
        tmp_path, "b,2010-12-02,5", "a,2010-12-01T10:00:00,1.25", "a,2010-12-01 23:59:59,2.50"
    )
    log = read(file, BEFORE, {})
    assert _days(log) == [("a", date(2010, 12, 1), 3.75), ("b", date(2010, 12, 2), 5.0)]
    assert log.rows == 3


def test_rows_may_come_in_any_order(tmp_path: Path) -> None:
    lines = [f"m{number % 7},2010-11-{1 + number % 23:02},{number}.1" for number in range(200)]
    straight, reverse = (read(_csv(tmp_path, *told), BEFORE, {}) for told in (lines, lines[::-1]))
    assert straight.members.equals(reverse.members)
    assert straight.days.equals(reverse.days)


def test_each_dropped_row_is_counted_under_its_rule(tmp_path: Path) -> None:
    header = "CustomerID,InvoiceDate,Quantity,UnitPrice,InvoiceNo,status"
    file = _csv(
        tmp_path,
        "a,2010-12-01,1,2,536,paid",
        "a,2010-12-02,1,2,C536,paid",
        "a,2010-12-03,1,2,537,Cancelled",
        "a,2010-12-04,1,2,537,已退款",
        "a,2010-12-05,-1,2,538,paid",
        "a,2010-12-06,1,0,539,paid",
        ",2010-12-07,1,2,540,paid",
        "nan,2010-12-08,1,2,541,paid",
        "a,some day,1,2,542,paid",
        "a,2011-01-01,1,2,543,paid",
        header=header,
    )
    log = read(file, BEFORE, {})
    assert _days(log) == [("a", date(2010, 12, 1), 2.0)]
    assert log.dropped == {
        reading.UNREADABLE: 1,
        reading.LATER: 1,
        reading.NOBODY: 2,
        reading.CANCELLED: 3,
        reading.NOT_POSITIVE: 2,
    }
    assert log.rows == 10


def test_later_rows_change_nothing_but_their_own_count(tmp_path: Path) -> None:
    lines = ["a,2010-12-01,1", "b,2010-12-05,2"]
    early = read(_csv(tmp_path, *lines), BEFORE, {})
    late = read(_csv(tmp_path, *lines, "a,2011-01-01,9", "c,2012-05-05,9"), BEFORE, {})
    assert late.members.equals(early.members)
    assert late.days.equals(early.days)
    assert late.dropped[reading.LATER] == 2


def test_an_id_that_was_a_float_once_is_the_same_member(tmp_path: Path) -> None:
    log = read(_csv(tmp_path, "17850.0,2010-12-01,1", "17850,2010-12-02,2"), BEFORE, {})
    assert log.members.to_list() == ["17850"]
    assert log.days["member"].to_list() == [0, 0]
    frame = pl.DataFrame({"user_id": [17850.0, None, 1.5], "date": [date(2010, 12, 1)] * 3})
    frame.write_parquet(tmp_path / "log.parquet")
    log = read(tmp_path / "log.parquet", BEFORE, {})
    assert log.members.to_list() == ["1.5", "17850"]
    assert log.dropped[reading.NOBODY] == 1


def test_money_that_is_missing_or_unreadable_is_none(tmp_path: Path) -> None:
    lines = ["a,2010-12-01,", "b,2010-12-01,much", "c,2010-12-01,nan"]
    log = read(_csv(tmp_path, *lines), BEFORE, {})
    assert log.days["amount"].to_list() == [0, 0, 0]
    (tmp_path / "bare.csv").write_text("member_id,ordered_at\na,2010-12-01\n")
    assert read(tmp_path / "bare.csv", BEFORE, {}).days["amount"].to_list() == [0]


def test_a_price_without_a_quantity_is_the_money(tmp_path: Path) -> None:
    file = _csv(tmp_path, "a,2010-12-01,4", header="member_id,ordered_at,price")
    assert read(file, BEFORE, {}).days["amount"].to_list() == [4]


def test_a_thousand_orders_in_a_day_are_one_day(tmp_path: Path) -> None:
    log = read(_csv(tmp_path, *["a,2010-12-01T10:00:00,1e3"] * 1_000), BEFORE, {})
    assert log.days.rows() == [(0, date(2010, 12, 1), 1e6)]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_seen_from_the_header(tmp_path: Path, separator: str) -> None:
    lines = [f"a,2010-12-{day:02},1".replace(",", separator) for day in range(1, 9)]
    file = _csv(tmp_path, *lines, header=HEADER.replace(",", separator))
    assert read(file, BEFORE, {}).days.height == 8


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (["2010-12-01"], 1),
        (["2010-12-01T23:30:00+08:00"], 1),
        (["2010-12-01 23:30:00.123456Z"], 1),
        (["2010/12/1 8:26"], 1),
        (["2010年12月1日"], 1),
        (["20101201"], 1),
        (["12/1/2010 8:26", "12/31/2010 8:26"], 1),
        (["1.12.2010", "31.12.2010"], 1),
        (["1291161599"], 30),
        (["1291161600"], 1),
        (["1291161600123"], 1),
        (["1291161600.5"], 1),
    ],
)
def test_days_are_read_as_shops_write_them(tmp_path: Path, written: list[str], day: int) -> None:
    log = read(_csv(tmp_path, *[f"a,{text},1" for text in written]), BEFORE, {})
    assert log.days["on"][0].day == day
    assert log.dropped[reading.UNREADABLE] == 0


@pytest.mark.parametrize(
    "told",
    [
        [date(2010, 12, 1)],
        [datetime(2010, 12, 1, 23, 30)],  # noqa: DTZ001 - a shop's own clock
        [datetime(2010, 12, 1, 1, 30, tzinfo=UTC)],
        [1291161600],
        [1291161600.0],
        [20101201],
        ["2010-12-01"],
    ],
)
def test_a_parquet_column_may_be_of_any_such_kind(tmp_path: Path, told: Sequence[object]) -> None:
    frame = pl.DataFrame({"member_id": [7], "ordered_at": told, "amount": [1]})
    frame.write_parquet(tmp_path / "log.parquet")
    assert _days(read(tmp_path / "log.parquet", BEFORE, {})) == [("7", date(2010, 12, 1), 1.0)]


def test_an_instant_of_a_parquet_column_belongs_to_the_day_of_its_zone(tmp_path: Path) -> None:
    instant = pl.Series([datetime(2010, 12, 1, 20, tzinfo=UTC)])
    shanghai = instant.dt.convert_time_zone("Asia/Shanghai")
    pl.DataFrame({"member": ["a"], "date": shanghai}).write_parquet(tmp_path / "log.parquet")
    assert read(tmp_path / "log.parquet", BEFORE, {}).days["on"].to_list() == [date(2010, 12, 2)]


def test_a_byte_order_mark_and_compression_are_no_hindrance(tmp_path: Path) -> None:
    text = "\ufeffmember_id,ordered_at\r\na,2010-12-01\r\n".encode()
    for name, content in (("log.csv", text), ("log.csv.gz", gzip.compress(text))):
        (tmp_path / name).write_bytes(content)
        assert read(tmp_path / name, BEFORE, {}).members.to_list() == ["a"]


def test_a_day_that_does_not_exist_is_unreadable(tmp_path: Path) -> None:
    lines = ["a,2010-02-30,1", "a,2010/2/30,1", "a,2010/2/3,1", "a,never,1"]
    log = read(_csv(tmp_path, *lines), BEFORE, {})
    assert log.days["on"].to_list() == [date(2010, 2, 3)]
    assert log.dropped[reading.UNREADABLE] == 3


def test_days_and_months_that_could_be_either_are_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"12/1/2010.*2010-12-31"):
        read(_csv(tmp_path, "a,12/1/2010 8:26,1", "a,12/2/2010,1"), BEFORE, {})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"member_id,ordered_at\n", "no order before 2011-01-01"),
        (b"member_id,ordered_at\na,2011-05-05\n", "rows: 1 on the date asked for"),
        (b"member_id,ordered_at\na\xff\xfe,2010-05-05\n", "not UTF-8"),
        ("会员,日期\n张,2010-12-01\n".encode("gbk"), "not UTF-8"),
        (b"\x1f\x8b\x08 no more of it", "is damaged"),
        (b"PK\x03\x04 a workbook", "save it as CSV"),
        (b"PAR1 and then it was cut off", "can't be read"),
        (b"member_id,ordered_at\na,2010-05-05,1,2,3\n", "can't be read"),
        (b"\x00\x01\x02", "no column"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(content)
    with pytest.raises(RunwuError, match=told) as refused:
        read(file, BEFORE, {})
    assert "\n" not in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist; check --orders"):
        read(tmp_path / "none.csv", BEFORE, {})
    with pytest.raises(SourceError, match="can't be read: Is a directory"):
        read(tmp_path, BEFORE, {})


def test_a_parquet_file_cut_short_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "log.parquet"
    pl.DataFrame({"member_id": ["a"] * 999, "ordered_at": ["2010-12-01"] * 999}).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(SourceError, match="can't be read"):
        read(file, BEFORE, {})
