"""The documents: every check of the newest windows, nothing of anybody, no network, no more."""

import re
from pathlib import Path

import pytest

from schemas.contract import Contract
from schemas.enums import Entity
from schemas.environment import Environment
from schemas.settings import Settings
from tasks import data_docs
from tasks.data_docs import FOLDER, INDEX, build_data_docs, window_document
from tasks.wiring import Wiring
from tests import builders
from tests.house import ZONE, House, at
from tests.tasks.shown import HOSTILE, check, window


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNWU_HOME", str(tmp_path))
    return tmp_path / FOLDER


def build(kept: int = 20) -> list[str]:
    """Build the documents as the flow does; return the pages' names."""
    wired = Wiring(Settings(contract=Contract(documents_kept=kept)), Environment())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_docs, "wiring", lambda: wired)
        index = Path(build_data_docs.fn())
    assert index.name == INDEX
    return sorted(path.name for path in index.parent.iterdir())


def test_every_window_of_a_pull_has_a_page_and_the_index_leads_there(
    planned: House, folder: Path
) -> None:
    names = build()
    index = (folder / INDEX).read_text(encoding="utf-8")
    assert len(names) == 1 + len(planned.rows("SELECT 1 FROM data_verdict"))
    assert sorted(re.findall(r'href="([^"]+)"', index)) == [one for one in names if one != INDEX]
    (orders,) = [name for name in names if "order_line" in name]
    page = (folder / orders).read_text(encoding="utf-8")
    assert "总额与明细对不上（total_sums）" in page
    assert "expect_column_values_to_be_between" in page
    assert "refunded" in page


def test_no_page_asks_anybody_for_anything(planned: House, folder: Path) -> None:
    del planned
    for name in build():
        page = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|<script|<link|@import|src=", page)


def test_nothing_of_a_member_is_in_any_page(planned: House, folder: Path) -> None:
    names = build()
    pages = "".join((folder / name).read_text(encoding="utf-8") for name in names)
    told = planned.rows(
        "SELECT key FROM member UNION SELECT unionid FROM member WHERE unionid IS NOT NULL"
        " UNION SELECT address FROM contact UNION SELECT key FROM shop_order"
    )
    assert len(told) > 100
    assert not [row.key for row in told if row.key in pages]


def test_what_a_source_says_of_itself_is_shown_as_it_is_and_does_nothing() -> None:
    row = window(
        id=1,
        source=HOSTILE,
        reason=HOSTILE,
        dropped={HOSTILE: 1},
        checks=[check(HOSTILE, 1, 1)],
        metrics={HOSTILE: {"x": 1.0}},
        report={HOSTILE: {"type": HOSTILE, "kwargs": {"column": HOSTILE}}},
    )
    assert "<img" not in window_document(row, ZONE)


def test_only_the_newest_windows_are_kept_and_unchanged_pages_are_left_alone(
    planned: House, folder: Path
) -> None:
    for hour in (8, 9, 10):
        builders.verdict(planned.database, "shop", Entity.MEMBER, until=at(2, hour))
    before = {name for name in build() if "member" in name}
    (folder / "notes.txt").write_text("of somebody else", encoding="utf-8")
    untouched = {name: (folder / name).stat().st_mtime_ns for name in build()}
    names = build(kept=2)
    kept = {name for name in names if "member" in name}
    assert (len(before), len(kept)) == (4, 2)
    assert "notes.txt" in names
    for name in kept:
        assert (folder / name).stat().st_mtime_ns == untouched[name]


def test_a_house_that_pulled_nothing_has_an_index_that_says_so(house: House, folder: Path) -> None:
    del house
    assert build() == [INDEX]
    assert "还没有检查过任何窗口" in (folder / INDEX).read_text(encoding="utf-8")


def test_days_are_shown_beside_what_is_usual(planned: House, folder: Path) -> None:
    checks = (
        '[{"metric": "published", "value": 0, "low": 75, "high": 1200, "days": 21,'
        ' "passed": false}]'
    )
    planned.change(
        "UPDATE day_verdict SET passed = false, checks = CAST(:checks AS jsonb)"
        " WHERE entity = 'order_line'",
        checks=checks,
    )
    build()
    index = (folder / INDEX).read_text(encoding="utf-8")
    assert re.search(r"2026-03-02.*shop 订单.*published.*75 至 1200.*21.*不通过", index, re.DOTALL)
