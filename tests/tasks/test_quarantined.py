"""Rows leave quarantine as they were told, and come back mended or not at all."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.errors import RunwuError
from store.arranging import offer_again
from store.aside import quarantine
from store.database import transaction
from store.row_rules import ROW_RULES
from store.staging import Stage
from tasks import quarantined
from tasks.wiring import wiring
from tests import builders
from tests.builders import MORNING, change, rows, staged
from tests.house import at

EVENTS = Stage("shop", Entity.MEMBER_EVENT)
LINES = Stage("shop", Entity.ORDER_LINE)
LINE = {
    "order_key": "o1",
    "ordinal": 1,
    "member_key": "m1",
    "ordered_at": at(1, 10),
    "status": "paid",
    "currency": "CNY",
    "product_key": "9007199254740993",
    "product_name": "豆",
    "quantity": -2,
    "unit_price": Decimal("0.100000000000000001"),
    "defects": "discount: five",
}


@pytest.fixture
def known(database: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database that the tasks work on, with the member m1."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    wiring.cache_clear()
    change(database, "INSERT INTO person (identity, bucket) VALUES ('member:shop:m1', 1)")
    change(
        database,
        "INSERT INTO member (source, key, person_id) SELECT 'shop', 'm1', id FROM person",
    )
    return database


def put_aside(database: Engine, stage: Stage, *told: dict[str, Any]) -> None:
    staged(database, stage.entity, told)
    run = builders.run(database, flow="pull-data", occasion=str(len(rows(database, "TABLE run"))))
    with transaction(database) as connection:
        broken = [rule.name for rule in ROW_RULES[stage.entity]]
        quarantine(connection, stage, run_id=run, as_of=MORNING, broken=broken, passed=True)


def exported(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def offered(database: Engine, stage: Stage) -> list[Any]:
    staged(database, stage.entity, [])
    with transaction(database) as connection:
        offer_again(connection, stage)
    return rows(database, f"SELECT * FROM {stage.table} ORDER BY row")


def test_a_mended_row_is_offered_with_every_value_exact(known: Engine, tmp_path: Path) -> None:
    put_aside(known, LINES, LINE)
    assert offered(known, LINES) == []
    path = tmp_path / "mend.csv"
    assert quarantined.export(path, "shop", Entity.ORDER_LINE) == 1
    (line,) = exported(path)
    assert set(line["rules"].split()) == {"quantity_range", "readable"}
    write(path, [{**line, "quantity": "2"}])
    assert quarantined.resubmit(path, "shop", Entity.ORDER_LINE) == 1
    (row,) = offered(known, LINES)
    told = {**LINE, "quantity": 2, "defects": None}
    assert {name: str(getattr(row, name)) for name in told} == {
        **{name: str(value) for name, value in told.items()},
        "ordered_at": str(row.ordered_at),
    }
    assert row.ordered_at == LINE["ordered_at"]


def test_what_waits_is_counted_by_rule(known: Engine) -> None:
    put_aside(known, LINES, LINE, {**LINE, "order_key": "o2"})
    counts = [(one.source, one.entity, one.rule, one.rows) for one in quarantined.counted()]
    assert sorted(counts) == [
        ("shop", "order_line", "quantity_range", 2),
        ("shop", "order_line", "readable", 2),
    ]
    (first, _) = quarantined.waiting("shop", Entity.ORDER_LINE, "quantity_range")
    assert [(one.rule, one.value) for one in first.broken if one.rule != "readable"] == [
        ("quantity_range", "-2")
    ]
    assert quarantined.waiting("till", None, None) == []


_SUBJECTS = st.lists(
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
    | st.sampled_from(
        ["=1+1", "'=1", "@x", "-1", "-x", "a,b", 'a"b', "a\nb", "👩‍👩‍👧", "\u202eabc"]
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_SUBJECTS)
def test_whatever_a_cell_holds_it_comes_back_as_it_was(
    known: Engine, tmp_path: Path, subjects: list[str]
) -> None:
    change(known, "TRUNCATE quarantine")
    events = [
        {"key": f"e{n}", "member_key": "m2", "kind": "visit", "at": at(1, 9), "subject": subject}
        for n, subject in enumerate(subjects)
    ]
    put_aside(known, EVENTS, *events)
    path = tmp_path / "mend.csv"
    quarantined.export(path, "shop", Entity.MEMBER_EVENT)
    for line in exported(path):
        assert not line["subject"].startswith(("=", "+", "@", "\t", "\r"))
    assert quarantined.resubmit(path, "shop", Entity.MEMBER_EVENT) == len(subjects)
    found = [row.subject for row in offered(known, EVENTS)]
    assert found == [subject if subject.strip() else None for subject in subjects]


@pytest.mark.parametrize(
    ("change_of", "told"),
    [
        ({"quantity": "two"}, "line 2: quantity: two"),
        ({"ordered_at": "31/02/2026"}, "line 2: ordered_at: 31/02/2026"),
        ({"unit_price": "NaN"}, "line 2: unit_price: NaN"),
        ({"quarantine_id": "=1"}, "line 2: quarantine_id"),
        ({"quarantine_id": "999999"}, "row 999999 does not wait"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_nothing_is_changed(
    known: Engine, tmp_path: Path, change_of: dict[str, str], told: str
) -> None:
    put_aside(known, LINES, LINE, {**LINE, "order_key": "o2"})
    before = rows(known, "SELECT * FROM quarantine ORDER BY id")
    path = tmp_path / "mend.csv"
    quarantined.export(path, "shop", Entity.ORDER_LINE)
    first, second = exported(path)
    write(path, [{**first, **change_of}, second])
    with pytest.raises(RunwuError, match=told):
        quarantined.resubmit(path, "shop", Entity.ORDER_LINE)
    assert rows(known, "SELECT * FROM quarantine ORDER BY id") == before


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "lacks 'quarantine_id'"),
        (b"quarantine_id,key\n1,k\n", "lacks 'member_key'"),
        (b"\xff\xfe\x00", "no CSV in UTF-8"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_in_one_sentence(
    known: Engine, tmp_path: Path, content: bytes | None, told: str
) -> None:
    del known
    path = tmp_path / "mend.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunwuError, match=told):
        quarantined.resubmit(path, "shop", Entity.MEMBER_EVENT)


def test_a_line_with_too_few_cells_is_named(known: Engine, tmp_path: Path) -> None:
    put_aside(known, LINES, LINE)
    path = tmp_path / "mend.csv"
    quarantined.export(path, "shop", Entity.ORDER_LINE)
    path.write_text(path.read_text(encoding="utf-8-sig") + "7,short\n", encoding="utf-8")
    with pytest.raises(RunwuError, match="line 3: as many cells"):
        quarantined.resubmit(path, "shop", Entity.ORDER_LINE)
