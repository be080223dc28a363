"""Which lines of a file a window brings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources.file import sheets as file_sheets
from adapters.sources.file import windows as file_windows
from adapters.sources.file.members import MOST
from schemas.incoming import Window
from tests.adapters.file.files import ALL, MAPPING, csv, lines, members, parquet, source, table

WEEK = [datetime(2026, 3, day, 9) for day in range(1, 8)]  # noqa: DTZ001 - files hold naive times


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def told(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["order_key"], line["product_key"]) for line in found]


def test_a_window_is_half_open_in_the_files_zone(tmp_path: Path) -> None:
    times = ["2026-03-01 08:59:59", "2026-03-01 09:00", "2026-03-02 08:59:59", "2026-03-02 09:00"]
    path = csv(tmp_path, *({"time": time, "order": time} for time in times))
    found = lines(source(path), Window(at(1, 1), at(2, 1)))
    assert [line["order_key"] for line in found] == times[1:3]


@pytest.mark.parametrize("write", [csv, parquet])
def test_an_order_comes_whole(tmp_path: Path, write: Any) -> None:
    path = write(
        tmp_path,
        {"order": "a", "product": "1", "time": WEEK[0]},
        {"order": "b", "product": "2", "time": WEEK[2]},
        {"order": "a", "product": "3", "time": WEEK[5]},
        {"order": "c", "product": "4", "time": WEEK[5]},
        {"order": None, "product": "5", "time": WEEK[0]},
        {"order": None, "product": "6", "time": WEEK[5]},
    )
    first = lines(source(path), Window(None, at(2)))
    later = lines(source(path), Window(at(6), at(7)))
    assert told(first) == [("a", "1"), (None, "5"), ("a", "3")]
    assert told(later) == [("a", "1"), ("a", "3"), ("c", "4"), (None, "6")]
    assert lines(source(path), Window(at(20), at(21))) == []


def test_an_order_is_whole_across_the_files_of_a_folder(tmp_path: Path) -> None:
    for name, product, time in (("b", "2", WEEK[1]), ("a", "1", WEEK[0])):
        csv(tmp_path, {"product": product, "time": time}).rename(tmp_path / f"{name}.csv")
    (tmp_path / "notes.md").write_text("not a table")
    for path in (tmp_path, tmp_path / "?.csv"):
        assert told(lines(source(path), Window(at(2), at(3)))) == [("o1", "1"), ("o1", "2")]


def test_windows_go_by_the_time_of_change_where_it_is_mapped(tmp_path: Path) -> None:
    path = csv(tmp_path, {"changed": "2026-03-05 10:00"}, {"order": "o2", "changed": "yesterday"})
    one = source(path, columns={**MAPPING, "updated_at": "changed"})
    assert lines(one, Window(at(1), at(2))) == []
    found = lines(one, Window(at(5), at(6)))
    assert [line["defects"] for line in found] == [None, "updated_at: yesterday"]


def test_a_line_without_a_readable_time_comes_with_the_line_before_it(tmp_path: Path) -> None:
    times = ["31/02/2026", "2026-03-01 09:00", "", "2026-03-02 09:00", "never"]
    path = csv(tmp_path, *({"time": time, "order": str(n)} for n, time in enumerate(times)))
    windows = [Window(None, at(1)), Window(at(1), at(2)), Window(at(2), at(3))]
    found = [[line["order_key"] for line in lines(source(path), window)] for window in windows]
    assert found == [["0"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    "kind",
    [
        *(pl.Datetime("us"), pl.Datetime("ns"), pl.Date, pl.Datetime("us", "UTC")),
        *(pl.Datetime("ms", "Europe/London"), pl.String),
    ],
)
def test_skipping_parts_of_a_parquet_loses_nothing(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "till.parquet"
    changes = [{"order": f"o{n}", "time": WEEK[n % 7]} for n in range(70)]
    frame = table(*changes).sort("time").with_columns(pl.col("time").cast(kind))
    frame.write_parquet(path, row_group_size=10)
    plain = table(*changes).sort("time").with_columns(pl.col("time").cast(kind).cast(pl.String))
    plain.write_csv(tmp_path / "till.csv")
    window = Window(at(3, 1), at(5, 2))
    spared = lines(source(path), window)
    assert len(spared) in (20, 30)
    assert told(spared) == told(lines(source(tmp_path / "till.csv"), window))


def test_blank_times_of_a_parquet_are_not_skipped(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"order": "a", "time": WEEK[3]}, {"order": "b", "time": None})
    assert len(lines(source(path), Window(at(4), at(5)))) == 2


def test_more_orders_than_are_asked_for_are_sought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_windows, "_FEW", 2)
    monkeypatch.setattr(file_sheets, "SLICE", 3)
    days = [WEEK[0], WEEK[4]]
    path = parquet(tmp_path, *({"order": f"o{n % 9}", "time": days[n > 8]} for n in range(18)))
    assert len(lines(source(path), Window(at(5), at(6)))) == 18


def test_members_joined_with_their_first_order_in_any_file(tmp_path: Path) -> None:
    csv(tmp_path, {"time": WEEK[0]}, {"member": "m2", "time": WEEK[3]}).rename(tmp_path / "b.csv")
    csv(tmp_path, {"time": WEEK[4]}, {"member": "m3", "time": WEEK[0]}).rename(tmp_path / "c.csv")
    found = members(source(tmp_path), Window(at(4), at(6)))
    assert [(m["key"], m["joined_at"]) for m in found] == [("m1", at(1, 1)), ("m2", at(4, 1))]


def test_members_beyond_what_is_held_come_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST > 8
    monkeypatch.setattr("adapters.sources.file.members.MOST", 8)
    monkeypatch.setattr(file_sheets, "SLICE", 4)
    bought = [(f"m{n % 20}", at(1 + n % 7, 1)) for n in range(60)]
    path = parquet(tmp_path, *({"member": m, "time": WEEK[t.day - 1]} for m, t in bought))
    found = [(m["key"], m["joined_at"]) for m in members(source(path))]
    assert len(found) > 20
    assert {m: min(t for n, t in found if n == m) for m, _ in found} == {
        m: min(t for n, t in bought if n == m) for m, _ in bought
    }


DAYS = st.one_of(st.none(), st.integers(0, 9))


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=12),
    since=DAYS,
    span=st.integers(1, 4),
)
def test_whatever_the_window_orders_are_whole(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int]],
    since: int | None,
    span: int,
) -> None:
    start = datetime(2026, 3, 1)  # noqa: DTZ001 - files hold naive times
    days = [{"order": order, "time": start + timedelta(days=day)} for order, day in rows]
    frame = table(*days) if days else table({"time": start}).clear()
    path = tmp_path_factory.mktemp("window") / "till.parquet"
    frame.write_parquet(path, row_group_size=3)
    begin = at(1) + timedelta(days=since) if since is not None else None
    until = at(1) + timedelta(days=(since or 0) + span)
    found = lines(source(path, timezone="UTC"), Window(begin, until))
    inside = {o for o, day in rows if (since is None or day >= since) and day < (since or 0) + span}
    expected = sorted((order, day) for order, day in rows if order in inside)
    days_found = sorted((line["order_key"], (line["ordered_at"] - at(1)).days) for line in found)
    assert days_found == expected


def test_the_last_instant_is_within_all(tmp_path: Path) -> None:
    assert len(lines(source(csv(tmp_path, {"time": "9998-12-31 00:00"})), ALL)) == 1
