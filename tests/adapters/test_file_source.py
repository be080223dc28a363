from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.enums import Entity
from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import Window
from schemas.settings import DropRule, Rehearsal
from tests.adapters.files import ALL, GOOD, MAPPING, csv, lines, members, parquet, source

RETAIL = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
DAY = {"m1": "2026-03-01 09:00", "m2": "2026-03-02 09:00"}


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_a_line_is_staged_ready_for_copy(tmp_path: Path) -> None:
    (line,) = lines(source(csv(tmp_path, {})))
    assert {name: str(value) for name, value in line.items()} == {
        "order_key": "o1",
        "ordinal": "1",
        "member_key": "m1",
        "ordered_at": "2026-03-01 01:00:00+00:00",
        "status": "paid",
        "currency": "CNY",
        "product_key": "p1",
        "product_name": "None",
        "quantity": "2",
        "unit_price": "28.00",
        "defects": "None",
    }


def test_optional_columns_are_read_where_mapped(tmp_path: Path) -> None:
    path = csv(tmp_path, {"name": "豆", "state": "refunded", "money": "GBP"})
    mapping = {**MAPPING, "product_name": "name", "status": "state", "currency": "money"}
    (line,) = lines(source(path, columns=mapping))
    assert (line["product_name"], line["status"], line["currency"]) == ("豆", "refunded", "GBP")


def test_an_ordinal_counts_the_whole_file_before_any_filter(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        {"price": "0"},
        {"order": "o2"},
        {"time": "2026-04-01 09:00"},
        {},
    )
    rule = DropRule(rule="free", column="price", equals=0)
    found = lines(source(path, drop=(rule,)), Window(None, at(2, 0)))
    assert [(line["order_key"], line["ordinal"]) for line in found] == [("o2", 1), ("o1", 3)]


def test_a_window_is_half_open_in_the_files_zone(tmp_path: Path) -> None:
    times = ["2026-03-01 08:59:59", "2026-03-01 09:00", "2026-03-02 08:59:59", "2026-03-02 09:00"]
    path = csv(tmp_path, *({"time": time} for time in times))
    found = lines(source(path), Window(at(1, 1), at(2, 1)))
    assert [line["ordered_at"] for line in found] == [
        at(1, 1),
        datetime(2026, 3, 2, 0, 59, 59, tzinfo=UTC),
    ]


def test_a_line_without_a_readable_time_comes_with_the_first_window_only(tmp_path: Path) -> None:
    one = source(csv(tmp_path, {"time": "31/02/2026"}, {"time": ""}, {}))
    first = lines(one, Window(None, at(1, 0)))
    assert [line["defects"] for line in first] == ["ordered_at: 31/02/2026", None]
    assert len(lines(one, Window(at(1, 0), at(2, 0)))) == 1


def test_the_first_rule_that_matches_counts_a_line(tmp_path: Path) -> None:
    path = csv(tmp_path, {"order": "C1", "member": ""}, {"member": " "}, {"price": "0.00"}, {})
    rules = (
        DropRule(rule="cancellation", column="order", starts_with="C"),
        DropRule(rule="no_member", column="member", is_null=True),
        DropRule(rule="free", column="price", equals=0),
    )
    (page,) = source(path, drop=rules).pages(Entity.ORDER_LINE, ALL)
    assert page.dropped == {"cancellation": 1, "no_member": 1, "free": 1}
    assert (page.pulled, len(page.rows)) == (4, 1)


def test_a_rule_holds_when_all_it_says_is_so(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"order": 10.0}, {"order": 12.0})
    rule = DropRule(rule="twelve", column="order", starts_with="1", equals=12)
    assert [line["order_key"] for line in lines(source(path, drop=(rule,)))] == ["10"]


def test_members_are_those_who_bought_in_the_window(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        {"member": "m1", "time": DAY["m1"]},
        {"member": "m2", "time": DAY["m2"]},
        {"member": "m1", "time": "2026-03-02 10:00"},
        {"member": "m3", "time": "2026-03-02 10:00", "price": "0"},
        {"member": "", "time": DAY["m2"]},
        {"member": "m4", "time": "never"},
    )
    rule = DropRule(rule="free", column="price", equals=0)
    found = members(source(path, drop=(rule,)), Window(at(2, 0), at(3, 0)))
    assert [(m["key"], m["joined_at"]) for m in found] == [("m1", at(1, 1)), ("m2", at(2, 1))]
    assert {(m["unionid"], m["consent"], m["consent_at"]) for m in found} == {(None, False, None)}


def test_rehearsal_makes_up_consent_and_contacts(tmp_path: Path) -> None:
    one = source(csv(tmp_path, {}), rehearsal=Rehearsal(consent=True, contacts=True))
    (member,) = members(one)
    assert member["unionid"] == "till:m1"
    assert (member["consent"], member["consent_at"]) == (True, at(1, 1))


def test_pages_are_bounded(tmp_path: Path) -> None:
    path = csv(tmp_path, *({"order": f"o{n}"} for n in range(50_001)))
    sizes = [page.pulled for page in source(path).pages(Entity.ORDER_LINE, ALL)]
    assert sizes == [50_000, 1]


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv"])
def test_a_missing_file_is_a_source_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SourceError, match=rf"no file .*{name}.*sources\.till\.path"):
        lines(source(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"order,member,time,product,pieces,price\n\xff,1,1,1,1,1\n"),
        ("a.csv", b"order,member,time,product,pieces,price\n1,1,1,1,1,1,1\n"),
        ("a.parquet", b"garbage"),
        ("a.parquet", b"PAR1" + b"\0" * 99 + b"PAR1"),
    ],
)
def test_an_unreadable_file_is_a_source_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match="can't be read"):
        lines(source(tmp_path / name))


def test_a_missing_column_is_told_with_those_there_are(tmp_path: Path) -> None:
    path = csv(tmp_path, {})
    mapping = {**MAPPING, "unit_price": "Preis"}
    with pytest.raises(SourceError, match=r"'Preis'; it has order, .*mend columns\.unit_price"):
        lines(source(path, columns=mapping))
    with pytest.raises(SourceError, match=r"'x'; .*mend drop rule 'odd'"):
        lines(source(path, drop=(DropRule(rule="odd", column="x", is_null=True),)))


@pytest.mark.parametrize(
    "change", [{"time": 17}, {"pieces": [1]}, {"price": {"a": 1}}, {"order": b"x"}]
)
def test_a_column_of_the_wrong_kind_is_a_source_error(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(SourceError, match="column"):
        lines(source(parquet(tmp_path, change)))


@pytest.mark.parametrize(
    ("name", "changed", "told"),
    [
        ("a.csv", {"columns": {**MAPPING, "colour": "x"}}, "'colour'"),
        ("a.csv", {"columns": {k: v for k, v in MAPPING.items() if k != "quantity"}}, "'quantity'"),
        ("a.csv", {"drop": (DropRule(rule="idle", column="x"),)}, "'idle'"),
        ("a.xlsx", {}, r"a\.xlsx"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(
    name: str, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        source(Path(name), **changed)


def test_a_name_full_of_wildcards_is_just_a_name(tmp_path: Path) -> None:
    csv(tmp_path, {}).rename(tmp_path / "till[1]*.csv")
    assert len(lines(source(tmp_path / "till[1]*.csv"))) == len([GOOD])


@pytest.mark.skipif(not RETAIL.exists(), reason=f"{RETAIL} is not here")
def test_the_books_of_online_retail() -> None:
    names = ("InvoiceNo", "CustomerID", "InvoiceDate", "StockCode", "Quantity", "UnitPrice")
    one = source(
        RETAIL,
        timezone="Europe/London",
        currency="GBP",
        columns={**dict(zip(MAPPING, names, strict=True)), "product_name": "Description"},
        drop=(
            DropRule(rule="cancellation", column="InvoiceNo", starts_with="C"),
            DropRule(rule="no_member", column="CustomerID", is_null=True),
            DropRule(rule="free", column="UnitPrice", equals=0),
        ),
    )
    window = Window(None, datetime(2011, 11, 10, 8, tzinfo=UTC))
    dropped: Counter[str] = Counter()
    pulled = rows = defects = 0
    for page in one.pages(Entity.ORDER_LINE, window):
        pulled, rows = pulled + page.pulled, rows + len(page.rows)
        defects += sum(row[-1] is not None for row in page.rows)
        dropped.update(page.dropped)
    assert (pulled, rows, defects) == (453_843, 333_606, 0)
    assert dropped == {"cancellation": 8_221, "no_member": 111_983, "free": 33}
    found = members(one, window)
    assert len(found) == 4_086
    assert all(member["key"].isdigit() for member in found)
