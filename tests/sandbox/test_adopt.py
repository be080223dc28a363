"""Which customers of public logs the sandbox takes in."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from sandbox.adopt import adopted
from schemas.errors import ConfigurationError, SourceError
from schemas.settings import Settings
from schemas.sources import FileSource, Rehearsal, ShopSource


def source(
    path: Path | None, *, contacts: bool = True, column: str = "member_key", separator: str = ","
) -> FileSource:
    return FileSource(
        type="file",
        path=path,
        separator=separator,
        timezone="Europe/London",
        currency="GBP",
        columns={column: "Customer ID"},
        rehearsal=Rehearsal(contacts=contacts),
    )


def test_parquet_customers_come_once_sorted_and_without_a_trailing_zero(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    keys = [17850.0, 13047.0, None, 17850.0, float("nan")]
    pl.DataFrame({"Customer ID": keys}).write_parquet(path)
    assert adopted(Settings(sources={"retail": source(path)})) == ("retail:13047", "retail:17850")


def test_csv_customers_are_taken_as_written(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Customer ID,x\n007,1\n,1\n12.0,1\n007,1\n", encoding="utf-8")
    assert adopted(Settings(sources={"a": source(path)})) == ("a:007", "a:12.0")


def test_a_packed_csv_with_a_separator_of_its_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"x;Customer ID\n1;a\n2;b\n"))
    assert adopted(Settings(sources={"a": source(path, separator=";")})) == ("a:a", "a:b")


def test_only_sources_that_rehearse_contacts_count(tmp_path: Path) -> None:
    silent = source(tmp_path / "none.csv", contacts=False)
    assert adopted(Settings(sources={"a": silent, "shop": ShopSource(type="shop")})) == ()


def test_a_missing_file_or_mapping_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    with pytest.raises(SourceError, match=r"sources\.a: .* can't be read"):
        adopted(Settings(sources={"a": source(path)}))
    with pytest.raises(ConfigurationError, match="lacks 'member_key'"):
        adopted(Settings(sources={"a": source(path, column="order_key")}))
    with pytest.raises(ConfigurationError, match="give it a path"):
        adopted(Settings(sources={"a": source(None)}))
