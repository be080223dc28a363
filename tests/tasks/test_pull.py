"""Data come in whole or not at all, once, and every row is accounted for."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from sqlalchemy.exc import DBAPIError

from rules.books import Equation
from sandbox.world import Options
from schemas.enums import Entity
from schemas.errors import RunRefused, SourceError
from store.staging import Stage
from tasks import growth, pull, reading
from tasks.pull import PullRun
from tasks.wiring import wiring
from tests.house import House, at

ROOT = Path(__file__).parents[2]
LOG = ROOT.parent / "shared" / "data" / "online_retail.parquet"
UTC_MORNING = at(2, 7, 30).astimezone(UTC)
_HEAD = "order,member,time,product,pieces,price\n"
_TOML = """
[sources.till]
type = "file"
path = "till.csv"
timezone = "Asia/Shanghai"
currency = "CNY"
rehearsal = { consent = true, contacts = true }
drop = [{ rule = "bag", column = "product", one_of = ["bag"] }]
[sources.till.columns]
order_key = "order"
member_key = "member"
ordered_at = "time"
product_key = "product"
quantity = "pieces"
unit_price = "price"
"""

Refill = Callable[..., None]
MakeHouse = Callable[[Options], AbstractContextManager[House]]


def _lines(first: int, count: int, price: str = "28.00", product: str = "p1") -> str:
    numbers = range(first, first + count)
    return "".join(f"o{n},m{n % 7},2026-03-01 09:00,{product},1,{price}\n" for n in numbers)


@pytest.fixture
def refill(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refill:
    """Point the house at a till's file instead of the shop; called with lines, write that file."""
    assert house.rows("SELECT * FROM watermark") == []
    (tmp_path / "runwu.toml").write_text(_TOML)
    monkeypatch.setenv("RUNWU_CONFIG", str(tmp_path / "runwu.toml"))
    wiring.cache_clear()

    def refilled(*lines: str) -> None:
        (tmp_path / "till.csv").write_text(_HEAD + "".join(lines))

    return refilled


def _bring_in(run: PullRun, source: str, entity: Entity) -> None:
    staged = pull.stage_window.fn(_read(source, entity, run.as_of))
    pull.publish_window.fn(run.id, staged, pull.judge_window.fn(staged))


def _read(source: str, entity: Entity, as_of: datetime) -> Stage:
    return asyncio.run(reading.read_window.fn(source, entity, as_of))


def _published(house: House) -> dict[str, int]:
    tables = ("person", "member", "shop_order", "order_line", "contact", "watermark", "quarantine")
    counts = {table: house.rows(f"SELECT count(*) AS n FROM {table}")[0].n for table in tables}
    return counts | {"verdicts": house.rows("SELECT count(*) AS n FROM data_verdict")[0].n}


def _watermarks(house: House) -> set[tuple[str, str, datetime]]:
    return {tuple(row) for row in house.rows("SELECT source, entity, until FROM watermark")}


def test_the_books_of_every_entity_balance_and_are_stored(house: House) -> None:
    books = house.pull(at(2, 7, 30))
    assert books.keys() == {"shop member", "shop order_line", "wecom contact"}
    assert all(one.balances and one.whole > 0 for one in books.values())
    published = _published(house)
    assert published["member"] == books["shop member"].parts["published"] == 120
    assert published["order_line"] == books["shop order_line"].parts["published"]
    (run,) = house.rows("SELECT status, books FROM run WHERE flow = 'pull-data'")
    assert (run.status, run.books.keys()) == ("done", books.keys())


def test_a_later_pull_brings_only_what_changed_since(house: House) -> None:
    first = house.pull(at(2, 7, 30))
    second = house.pull(at(2, 19, 30))
    ordered = house.rows(
        "SELECT l.ordinal FROM shop_order o JOIN order_line l ON l.order_id = o.id"
        " WHERE o.ordered_at >= :since",
        since=at(2, 7, 30),
    )
    lines = second["shop order_line"]
    assert 0 < len(ordered) <= lines.whole < first["shop order_line"].whole / 10
    assert lines.whole == lines.parts["published"] + lines.parts["quarantined"]
    assert {until for _, _, until in _watermarks(house)} == {at(2, 19, 30)}


def test_the_same_instant_again_changes_nothing(house: House) -> None:
    house.pull(at(2, 7, 30))
    before = _published(house)
    assert house.pull(at(2, 7, 30)) == {}
    assert _published(house) == before


def test_the_same_instant_told_in_another_zone_is_the_same_pull(house: House) -> None:
    house.pull(at(2, 7, 30))
    before = _published(house)
    assert house.pull(at(2, 7, 30).astimezone(UTC)) == {}
    assert _published(house) == before


def test_a_window_read_again_from_the_start_publishes_nothing_new(house: House) -> None:
    first = house.pull(at(2, 7, 30))
    house.change("DELETE FROM watermark")
    again = house.pull(at(2, 7, 45))
    for name, books in again.items():
        assert books.whole >= first[name].whole
        assert books.parts["unchanged"] >= first[name].parts["published"] > 0
        assert books.parts["published"] == books.whole - first[name].whole


def test_a_publication_that_fails_leaves_nothing_and_can_be_repeated(house: House) -> None:
    house.change(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'the disk is full'; END $$"
    )
    house.change("CREATE TRIGGER full_disk BEFORE INSERT ON data_verdict EXECUTE FUNCTION refuse()")
    with pytest.raises(DBAPIError, match="the disk is full"):
        house.pull(at(2, 7, 30))
    assert set(_published(house).values()) == {0}
    house.change("DROP TRIGGER full_disk ON data_verdict")
    assert house.pull(at(2, 7, 30))["shop member"].parts["published"] == 120
    assert {until for _, _, until in _watermarks(house)} == {at(2, 7, 30)}


def test_a_killed_pull_goes_on_with_what_is_left(house: House) -> None:
    house.control.set_clock(at(2, 7, 30))
    run = pull.open_pull.fn(at(2, 7, 30))
    _bring_in(run, "shop", Entity.MEMBER)
    _read("shop", Entity.ORDER_LINE, at(2, 7, 30))  # and here it was killed
    again = pull.open_pull.fn(at(2, 7, 30))
    assert again.id == run.id
    assert again.windows == [("shop", Entity.ORDER_LINE), ("wecom", Entity.CONTACT)]
    assert house.pull(at(2, 7, 30)).keys() == {"shop order_line", "wecom contact"}


def test_rows_a_rule_drops_and_few_bad_ones_leave_the_rest_to_be_published(
    house: House, refill: Refill
) -> None:
    refill(_lines(0, 40), _lines(40, 3, price="-1"), _lines(50, 5, product="bag"))
    books = house.pull(UTC_MORNING)["till order_line"]
    assert books.parts == {
        "published": 40,
        "unchanged": 0,
        "quarantined": 3,
        "dropped (bag)": 5,
    }
    assert _published(house)["quarantine"] == 3


def test_a_refused_window_publishes_nothing_and_keeps_its_bad_rows(
    house: House, refill: Refill
) -> None:
    refill(_lines(0, 40), _lines(40, 20, price="-1"))
    books = house.pull(UTC_MORNING)["till order_line"]
    assert books == Equation(
        "pulled",
        60,
        {"published": 0, "unchanged": 0, "quarantined": 20, "dropped (window_refused)": 40},
    )
    assert (_published(house)["shop_order"], _published(house)["member"]) == (0, 7)
    assert ("till", "order_line") not in {mark[:2] for mark in _watermarks(house)}
    kept = "SELECT DISTINCT rule, column_name, value FROM quarantine"
    assert house.rows(kept) == [("unit_price_range", "unit_price", "-1")]


def test_daily_growth_refuses_in_one_sentence_while_a_contract_is_broken(
    house: House, refill: Refill
) -> None:
    refill(_lines(0, 40), _lines(40, 20, price="-1"))
    house.pull(UTC_MORNING)
    told = r"^the data of till order_line broke its contract \(unit_price_range: 20 of 60 [^\n]+$"
    with pytest.raises(RunRefused, match=told):
        growth.open_growth.fn(UTC_MORNING)


def test_a_mended_source_is_read_again_from_where_it_broke(house: House, refill: Refill) -> None:
    refill(_lines(0, 40), _lines(40, 20, price="-1"))
    house.pull(UTC_MORNING)
    refill(_lines(0, 60))
    later = UTC_MORNING + timedelta(minutes=15)
    assert house.pull(later)["till order_line"].parts["published"] == 60
    assert not growth.open_growth.fn(later).done


def test_the_same_pull_tried_again_reads_only_what_was_refused(
    house: House, refill: Refill
) -> None:
    refill(_lines(0, 40), _lines(40, 20, price="-1"))
    house.control.set_clock(UTC_MORNING)
    run = pull.open_pull.fn(UTC_MORNING)
    for source, entity in run.windows:
        _bring_in(run, source, entity)
    refill(_lines(0, 60))
    books = house.pull(UTC_MORNING)
    assert {name: one.parts["published"] for name, one in books.items()} == {"till order_line": 60}
    assert _published(house)["quarantine"] == 0
    assert not growth.open_growth.fn(UTC_MORNING).done


def test_a_source_that_is_down_says_so_and_the_others_come_in(
    house: House, refill: Refill, tmp_path: Path
) -> None:
    refill(_lines(0, 10))
    house.control.set_clock(UTC_MORNING)
    run = pull.open_pull.fn(UTC_MORNING)
    (tmp_path / "till.csv").unlink()
    with pytest.raises(SourceError, match=r"^sources\.till: there is no file"):
        _read("till", Entity.MEMBER, UTC_MORNING)
    _bring_in(run, "wecom", Entity.CONTACT)
    assert {mark[:2] for mark in _watermarks(house)} == {("wecom", "contact")}
    refill(_lines(0, 10))
    assert house.pull(UTC_MORNING)["till order_line"].parts["published"] == 10


@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Shanghai"), timezone(timedelta(hours=8)), UTC])
def test_a_file_is_read_whatever_zone_the_instant_is_told_in(
    house: House, refill: Refill, zone: tzinfo
) -> None:
    refill(_lines(0, 10))
    first = house.pull(UTC_MORNING.astimezone(zone))
    second = house.pull((UTC_MORNING + timedelta(minutes=15)).astimezone(zone))
    assert first["till order_line"].parts["published"] == 10
    assert second["till order_line"].parts["published"] == 0


def _expected(since: datetime | None, until: datetime) -> dict[str, int]:
    """Count the log's lines of a window by what must become of them, apart from our own code."""
    config = (ROOT / "examples" / "online_retail.toml").read_text()
    no_goods = config.split("one_of = [")[1].split("]")[0].replace('"', "").split(", ")
    naive = [
        one and one.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)
        for one in (since, until)
    ]
    lines = pl.read_parquet(LOG).filter(pl.col("InvoiceDate") < naive[1])
    if naive[0]:
        lines = lines.filter(pl.col("InvoiceDate") >= naive[0])
    fate = (
        pl.when(pl.col("InvoiceNo").str.starts_with("C"))
        .then(pl.lit("dropped (cancellation)"))
        .when(pl.col("CustomerID").is_null())
        .then(pl.lit("dropped (no_member)"))
        .when(pl.col("UnitPrice") == 0)
        .then(pl.lit("dropped (free_line)"))
        .when(pl.col("StockCode").is_in(no_goods))
        .then(pl.lit("dropped (not_goods)"))
        .otherwise(pl.lit("published"))
    )
    return dict(lines.select(fate.alias("fate"))["fate"].value_counts().rows())


@pytest.mark.skipif(not LOG.exists(), reason=f"{LOG} is absent: the public log is not ours to ship")
def test_a_public_log_comes_in_line_by_line_and_nothing_is_lost(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    instants = [datetime.fromisoformat(f"2011-11-{day}T08:00+00:00") for day in (10, 17)]
    with make_house(Options(members=5)) as house:
        monkeypatch.setenv("RUNWU_CONFIG", str(ROOT / "examples" / "online_retail.toml"))
        wiring.cache_clear()
        for since, until in zip([None, *instants], instants, strict=False):
            parts = dict(house.pull(until)["online_retail order_line"].parts)
            assert parts["published"] == _expected(since, until)["published"]
            parts["published"] += parts.pop("unchanged")
            overlapping = _expected(since and since - timedelta(days=1), until)
            assert {name: count for name, count in parts.items() if count} == overlapping
        assert _published(house)["order_line"] == _expected(None, instants[-1])["published"]
