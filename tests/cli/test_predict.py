"""Who orders next, as an outside program asks for it."""

import csv
import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.cli.command import runwu

COLUMNS = (
    "member_id",
    "p_order",
    "expected_orders",
    "p_alive",
    "due_from",
    "due_until",
    "regularity",
    "lifecycle",
)
AS_OF = ("--as-of", "2025-01-01", "--days", "30")
STAGES = {"new", "active", "due", "at_risk", "lapsed", "returned"}


def _shop(members: int = 400) -> list[str]:
    """Return lines of a shop whose members come every two to eight weeks, until they leave."""
    chance, lines = Random(5), []  # noqa: S311 - made-up orders
    for member in range(members):
        day = date(2024, 1, 1) + timedelta(days=chance.randrange(300))
        leaves = day + timedelta(days=chance.randrange(30, 400))
        pace = chance.randrange(14, 56)
        while day < leaves:
            lines.append(f"m{member:03},{day},{chance.randrange(10, 90)}")
            day += timedelta(days=max(1, round(chance.gauss(pace, pace / 4))))
    return lines


def _write(file: Path, lines: Iterable[str]) -> Path:
    file.write_text("\n".join(["member_id,ordered_at,amount", *lines]) + "\n")
    return file


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as told:
        return list(csv.DictReader(told))


def test_every_member_known_before_the_date_has_a_row(tmp_path: Path) -> None:
    lines = _shop()
    known = {line.split(",")[0] for line in lines if line.split(",")[1] < "2025-01-01"}
    _write(tmp_path / "log.csv", lines)
    done = runwu("predict", "--orders", "log.csv", *AS_OF, "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "members are in out.csv" in done.stdout
    assert "rows left out: on the date asked for, or after it" in done.stderr
    rows = _rows(tmp_path / "out.csv")
    assert tuple(rows[0]) == COLUMNS
    assert {row["member_id"] for row in rows} == known
    order = [(-float(row["p_order"]), row["member_id"]) for row in rows]
    assert order == sorted(order)
    for row in rows:
        assert 0 <= float(row["p_order"]) <= 1
        assert 0 <= float(row["p_alive"]) <= 1
        assert 0 <= float(row["regularity"]) <= 1
        assert float(row["expected_orders"]) >= float(row["p_order"])
        assert row["lifecycle"] in STAGES
        if row["due_from"]:
            assert date.fromisoformat(row["due_from"]) <= date.fromisoformat(row["due_until"])


def test_machines_get_one_object_and_the_same_file_whatever_came_later(tmp_path: Path) -> None:
    before = [line for line in _shop() if line.split(",")[1] < "2025-01-01"]
    later = [f"m{number:03},2025-01-{1 + number % 28:02},999" for number in range(300)]
    mixed = [*before, *later, "new,2025-03-03,1"]
    Random(1).shuffle(mixed)  # noqa: S311 - made-up orders
    told = []
    for name, lines in (("plain", before), ("mixed", mixed)):
        _write(tmp_path / f"{name}.csv", lines)
        files = ("--orders", f"{name}.csv", "--out", f"{name}.out")
        done = runwu("predict", *files, *AS_OF, "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    plain, mixed_told = ((tmp_path / f"{name}.out").read_bytes() for name in ("plain", "mixed"))
    assert plain == mixed_told
    assert told[0]["method"] == "combined"
    assert told[0]["fallback"] is None
    assert told[0]["bg_nbd"].keys() == {"r", "alpha", "a", "b"}
    assert 0 < told[0]["expected_rate"] < 1
    assert told[1]["dropped"]["on the date asked for, or after it"] == 301


def test_a_short_log_says_what_was_used_instead(tmp_path: Path) -> None:
    _write(tmp_path / "log.csv", ["a,2024-12-01,1", "a,2024-12-20,1", "b,2024-12-30,1"])
    files = ("--orders", "log.csv", "--out", "out.csv")
    done = runwu("predict", *files, *AS_OF, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "used recency and frequency: 1 members ordered again" in done.stderr
    rows = {row["member_id"]: row for row in _rows(tmp_path / "out.csv")}
    assert rows["b"]["lifecycle"] == "new"
    assert rows["b"]["due_from"] == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--as-of": "today"}, "2011-11-10"),
        ({"--days": "0"}, "--days 0"),
        ({"--days": "99999"}, "--days 99999"),
        ({"--orders": "none.csv"}, "none.csv does not exist"),
        ({"--columns": "member_id=nobody"}, "it has member_id, ordered_at, amount"),
        ({"--columns": "nonsense"}, "'nonsense'"),
        ({"--out": "nowhere/out.csv"}, "nowhere is no folder"),
        ({"--out": "."}, "can't be written over"),
        ({"--out": "log.csv"}, "can't be written over"),
        ({"--out": "/dev/full"}, "can't be written"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    changed: dict[str, str], told: str, tmp_path: Path
) -> None:
    lines = ["a,2024-12-01,1"]
    log = _write(tmp_path / "log.csv", lines)
    usual = {"--orders": "log.csv", "--as-of": "2025-01-01", "--days": "30", "--out": "out.csv"}
    arguments = [word for pair in (usual | changed).items() for word in pair]
    done = runwu("predict", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("runwu: ")]
    assert told in line
    assert "Traceback" not in done.stderr
    assert log.read_text().splitlines()[1:] == lines


def test_a_file_that_cannot_be_read_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").write_bytes(b"PAR1")
    done = runwu("predict", "--orders", "log.parquet", *AS_OF, "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert "log.parquet can't be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_neither_prefect_nor_a_database_is_needed(tmp_path: Path) -> None:
    _write(tmp_path / "log.csv", _shop(20))
    (tmp_path / "prefect.py").write_text("raise RuntimeError('Prefect was imported')")
    files = ("--orders", "log.csv", "--out", "out.csv")
    done = runwu("predict", *files, *AS_OF, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "home").exists()
