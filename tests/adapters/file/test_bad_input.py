"""Files that are broken, hostile or merely odd: a counted defect or one clear sentence."""

import contextlib
import csv as csv_format
import gzip
import io
import resource
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources.file import blocks as file_blocks
from schemas.enums import Entity
from schemas.errors import SourceError
from schemas.sources import DropRule
from tests.adapters.file.files import ALL, GOOD, MAPPING, balanced, lines, members, parquet, source
from tests.adapters.file.hostile import HEADER, LINE, bomb, endless, packed, written
from tests.adapters.reading import pages_of


def refused(path: Path, **changed: Any) -> str:
    with pytest.raises(SourceError) as caught:
        lines(source(path, **changed))
    told = str(caught.value)
    assert told.startswith(f"sources.till: {path}")
    assert "\n" not in told
    return told


def one(tmp_path: Path, **cells: str) -> dict[str, Any]:
    path = tmp_path / "till.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv_format.writer(file).writerows([list(GOOD), [{**GOOD, **cells}[name] for name in GOOD]])
    (line,) = lines(source(path))
    return line


def test_a_wrong_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", LINE, LINE.replace("p1", "燕麦拿铁"), encoding="gb18030")
    assert 'line 3, can\'t be read as utf-8; set encoding = "gb18030"' in refused(path)
    found = lines(source(path, encoding="gb18030"))
    assert [line["product_key"] for line in found] == ["p1", "燕麦拿铁"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf8_is_not_taken_for_gb18030(tmp_path: Path, mark: bytes) -> None:
    path = written(tmp_path / "a.csv", *[LINE.replace("p1", "燕麦拿铁")] * 5)
    path.write_bytes(mark + path.read_bytes())
    assert 'set encoding = "utf-8"' in refused(path, encoding="gb18030")
    assert len(lines(source(path))) == 5


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_we_do_not_read_is_told(tmp_path: Path, encoding: str) -> None:
    assert "line 1, can't be read as utf-8" in refused(
        written(tmp_path / "a.csv", LINE, encoding=encoding)
    )


def test_a_line_of_5_gb_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = endless(tmp_path / "a.csv", 5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "line 3, does not end within 128 KB" in refused(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_a_quote_that_never_closes_is_refused_where_it_opens(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", *[LINE] * 7, f'"{LINE}', *[LINE] * 5000)
    assert "line 9, does not end within 128 KB; a quote may be left open" in refused(path)


def test_a_header_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x" * 200_000)
    assert "line 1, does not end within 128 KB" in refused(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_blocks, "RATIO_FROM", 2**20)
    assert "is refused: " in refused(bomb(tmp_path / "a.csv.gz", 9))


def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_blocks, "LARGEST_UNPACKED", 200)
    assert "is refused: " in refused(packed(tmp_path / "a.csv.gz", *[LINE] * 10))


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.csv.gz", *(LINE.replace("o1", f"o{n}") for n in range(500)))
    path.write_bytes(path.read_bytes()[:-100])
    assert "its gzip is broken or ends too early" in refused(path)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert "is empty" in refused(path)


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, *[{}] * 100)
    whole = path.read_bytes()
    for content in (whole[:-20], whole[: len(whole) // 2], b"PAR1" + b"\0" * 99 + b"PAR1", b""):
        path.write_bytes(content)
        assert "can't be read as parquet" in refused(path)


def test_a_header_alone_is_an_empty_page_or_none(tmp_path: Path) -> None:
    assert lines(source(written(tmp_path / "a.csv"))) == []
    assert members(source(written(tmp_path / "a.csv"))) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEADER}\r{LINE}\r", "line 1, can't be read"),
        (f"\n{HEADER}\n{LINE}\n", "line 1, can't be read"),
        (HEADER.replace("price", "order") + f"\n{LINE}\n", "has no column 'price'"),
        (HEADER + f",order\n{LINE},2\n", "names the column 'order' twice"),
        (HEADER.replace(",", ";") + "\n", "has no column 'order'; it has order;member"),
    ],
)
def test_a_header_that_says_too_little_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    assert told in refused(path)


@pytest.mark.parametrize("gap", ["", "\r\n\r\n"])
def test_ragged_lines_are_counted_and_told_one_by_one(tmp_path: Path, gap: str) -> None:
    path = tmp_path / "a.csv"
    bad = [f"{LINE},x", "o2,m1", f"{LINE},,,"]
    path.write_bytes("\r\n".join([HEADER, LINE, *bad, gap + LINE]).encode())
    found = lines(source(path))
    ragged = ["line: 7 cells instead of 6", "line: 2 cells instead of 6"]
    assert [line["defects"] for line in found] == [None, *ragged, None, None]


def test_line_endings_may_be_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEADER}\r\n{LINE}\n{LINE}\r{LINE}\r\n{LINE}".encode())
    found = lines(source(path))
    assert [(line["quantity"], line["unit_price"]) for line in found] == [(2, Decimal("28.00"))] * 4


def test_quotes_in_the_middle_of_a_cell_are_just_that(tmp_path: Path) -> None:
    many = [LINE.replace("p1", product) for product in ('5" cup', 'a "b" c', '"x" y', "p")]
    found = lines(source(written(tmp_path / "a.csv", *many)))
    assert [line["product_key"] for line in found] == ['5" cup', 'a "b" c', "x y", "p"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "☕🥐\U0001f468\u200d\U0001f469\u200d\U0001f467",
            "قهوة\u200f عربية",
            "\u202eabc",
            "=cmd|' /C calc'!A0",
            "@SUM(1+1)",
            "+1",
            "-2+3",
        ),
        *('say "hi"', "two\nlines", "two\r\nlines", "a,b", " x ", "null", "NaN", "\\N", "𠮷野家"),
    ],
)
def test_what_a_name_holds_is_kept_exactly(tmp_path: Path, name: str) -> None:
    line = one(tmp_path, product=name)
    assert (line["product_key"], line["defects"]) == (name, None)


@pytest.mark.parametrize(
    ("column", "written_as", "defect"),
    [
        ("price", "NaN", "unit_price: NaN"),
        ("price", "Infinity", "unit_price: Infinity"),
        ("price", "1,234.50", "unit_price: 1,234.50"),
        ("time", "31/02/2026", "ordered_at: 31/02/2026"),
        ("member", "m\x001", r"member_key: m\x001"),
        ("member", "m" * 256, "member_key: " + "m" * 80),
    ],
)
def test_what_cannot_be_read_is_a_defect(
    tmp_path: Path, column: str, written_as: str, defect: str
) -> None:
    assert one(tmp_path, **{column: written_as})["defects"] == defect


def test_a_decimal_comma_is_read_where_it_is_declared(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    prices = ["28,50", "1.234,50", "1.234", "0,00", "7", "1,2,3"]
    rows = [LINE.replace(",", ";").replace("28.00", price) for price in prices]
    path.write_text("\n".join([HEADER.replace(",", ";"), *rows]), encoding="utf-8")
    free = DropRule(rule="free", column="price", equals=0)
    found = lines(source(path, separator=";", decimal=",", drop=(free,)))
    told = [line["unit_price"] if line["defects"] is None else line["defects"] for line in found]
    bad = [f"unit_price: {price}" for price in ("1.234,50", "1.234")]
    assert told == [Decimal("28.50"), *bad, Decimal(7), "unit_price: 1,2,3"]


def test_what_only_the_contract_can_judge_is_handed_on(tmp_path: Path) -> None:
    columns = {**MAPPING, "total": "price", "currency": "product"}
    path = written(
        tmp_path / "a.csv",
        LINE.replace("p1", "CNY").replace("28.00", "-5"),
        LINE.replace("p1", "EUR").replace("28.00", "9"),
    )
    found = lines(source(path, columns=columns))
    assert [line["currency"] for line in found] == ["CNY", "EUR"]
    assert [line["total"] for line in found] == [Decimal(-5), Decimal(9)]
    assert [line["order_key"] for line in found] == ["o1", "o1"]


def test_blocks_are_cut_at_line_ends_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_blocks, "BLOCK", 50)
    names = ["燕麦拿铁", "two\nlines", 'a "quoted" one', "p", "x\r\ny", "☕" * 20]
    path = tmp_path / "a.csv.gz"
    text = io.StringIO(newline="")
    rows = [list(GOOD), *([*list(GOOD.values())[:3], name, "1", "2"] for name in names * 3)]
    csv_format.writer(text).writerows(rows)
    path.write_bytes(gzip.compress(text.getvalue().encode("gb18030")))
    found = lines(source(path, encoding="gb18030"))
    assert [line["product_key"] for line in found] == names * 3


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
ODD = st.sampled_from(['"', "\r", "\n", "\0", ",", "", "=1", "1e999", "-0", "31/02", "\ufeff"])


@settings(max_examples=40)
@given(
    rows=st.lists(st.lists(st.one_of(TEXT, ODD), min_size=1, max_size=8), max_size=6),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_lines_hold_each_is_counted(rows: list[list[str]], end: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv_format.writer(file, lineterminator=end, quoting=csv_format.QUOTE_ALL)
            writer.writerows([list(GOOD), *rows])
        pages = balanced(pages_of(source(path), Entity.ORDER_LINE, ALL))
    told = [row[-1] for page in pages for row in page.rows]
    assert len(told) == len(rows)
    for row, defects in zip(rows, told, strict=True):
        fits = len(row) == 6 or (len(row) > 6 and not any(row[6:]))
        assert fits or f"line: {len(row)} cells instead of 6" in (defects or "")


@settings(max_examples=40)
@given(content=st.binary(max_size=200))
def test_whatever_bytes_come_it_ends_in_rows_or_one_sentence(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(f"{HEADER}\n{LINE}\n".encode() + content)
        with contextlib.suppress(SourceError):
            balanced(pages_of(source(path), Entity.ORDER_LINE, ALL))
