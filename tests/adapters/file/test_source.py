from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.incoming import Window
from schemas.sources import DropRule, Rehearsal
from tests.adapters.file.files import ALL, GOOD, MAPPING, csv, lines, members, parquet, source
from tests.adapters.reading import pages_of

RETAIL = Path(__file__).parents[4] / "shared" / "data" / "online_retail.parquet"
DAY = {"m1": "2026-03-01 09:00", "m2": "2026-03-02 09:00"}


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_a_line_is_staged_ready_for_copy(tmp_path: Path) -> None:
    (line,) = lines(source(csv(tmp_path, {})))
    assert {name: str(value) for name, value in line.items()} == {
        "order_key": "o1",
        "ordinal": "None",
        "member_key": "m1",
        "ordered_at": "2026-03-01 01:00:00+00:00",
        "status": "paid",
        "currency": "CNY",
        "discount": "None",
        "total": "None",
        "store_key": "None",
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


def test_what_else_a_line_may_tell_is_read_where_mapped(tmp_path: Path) -> None:
    path = csv(tmp_path, {"off": "3.50", "sum": "52.50", "shop": "s1", "place": "2"})
    more = {"discount": "off", "total": "sum", "store_key": "shop", "ordinal": "place"}
    (line,) = lines(source(path, columns={**MAPPING, **more}))
    assert (str(line["discount"]), str(line["total"])) == ("3.50", "52.50")
    assert (line["store_key"], line["ordinal"]) == ("s1", 2)


def test_the_first_rule_that_matches_counts_a_line(tmp_path: Path) -> None:
    path = csv(tmp_path, {"order": "C1", "member": ""}, {"member": " "}, {"price": "0.00"}, {})
    rules = (
        DropRule(rule="cancellation", column="order", starts_with="C"),
        DropRule(rule="no_member", column="member", is_null=True),
        DropRule(rule="free", column="price", equals=0),
    )
    (page,) = pages_of(source(path, drop=rules), Entity.ORDER_LINE, ALL)
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


def test_members_of_another_source_are_not_derived_again(tmp_path: Path) -> None:
    assert source(csv(tmp_path, {}), members_of="shop").entities == (Entity.ORDER_LINE,)


def test_pages_are_bounded(tmp_path: Path) -> None:
    path = csv(tmp_path, *({"order": f"o{n}"} for n in range(20_001)))
    sizes = [page.pulled for page in pages_of(source(path), Entity.ORDER_LINE, ALL)]
    assert sizes == [20_000, 1]


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv"])
def test_a_missing_file_is_a_source_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(
        SourceError, match=rf"sources\.till: there is no file .*{name}; mend its path"
    ):
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
    for page in pages_of(one, Entity.ORDER_LINE, window):
        pulled, rows = pulled + page.pulled, rows + len(page.rows)
        defects += sum(row[-1] is not None for row in page.rows)
        dropped.update(page.dropped)
    assert (pulled, rows, defects) == (453_843, 333_606, 0)
    assert dropped == {"cancellation": 8_221, "no_member": 111_983, "free": 33}
    found = members(one, window)
    assert len(found) == 4_086
    assert all(member["key"].isdigit() for member in found)
