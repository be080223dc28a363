"""The page of the segments: true to the tables, drawn to scale, and silent about last week once."""

import asyncio
import base64
import logging
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from sqlalchemy import Engine

from prompts.page import Page
from schemas.enums import Lifecycle
from store.database import transaction
from tasks import pages, segments
from tasks.growth import GrowthRun
from tasks.segments_page import _COLOURS, SHOWN, segments_page
from tests import builders
from tests.house import House, at
from tests.memberships import TODAY, day, membership
from tests.tasks.shown import HOSTILE, shown, tables

_SPACE = "{http://www.w3.org/2000/svg}"


def page_of(database: Engine, first_day: int = 30) -> Page:
    builders.run(database, day=day(first_day))
    with transaction(database) as connection:
        found = segments.look(connection, TODAY)
    assert found is not None
    return segments_page(found)


def drawing(page: Page) -> tuple[str, Any]:
    (data,) = re.findall(r"base64,([\w+/=]+)", page.markdown)
    drawn = base64.b64decode(data).decode()
    return drawn, ET.fromstring(drawn)  # noqa: S314 - of our own making


@pytest.fixture
def week(database: Engine) -> Engine:
    """Three stayed, two went from active to due, one is new, one was only just forgotten by all."""
    for person in (1, 2, 3):
        membership(database, person, "active", since=90)
    for person in (4, 5):
        membership(database, person, "active", since=90, until=2)
        membership(database, person, "due", since=2)
    membership(database, 6, "new", since=1)
    membership(database, 7, "lapsed", since=90, until=1)
    membership(database, 1, "premium", since=3, dimension="shopper")
    return database


def test_sizes_come_with_who_joined_and_left(week: Engine) -> None:
    page = page_of(week)
    rows = {(row[0], *row[1:]) for table in tables(page.markdown) for row in table}
    assert {
        ("活跃", "3", "0", "2"),
        ("该复购", "2", "2", "0"),
        ("新客", "1", "1", "0"),
        ("已沉默", "0", "0", "1"),
        ("高端型", "1", "1", "0"),
        ("超级用户", "0", "0", "0"),
    } <= rows
    assert page.about == "2026-03-02：2 类分群；一周以来 2 人换了生命周期阶段"


def test_flows_are_told_in_numbers_below_the_picture(week: Engine) -> None:
    first, *_ = tables(page_of(week).markdown)
    assert first == [
        ["从", "到", "人"],
        ["活跃", "该复购", "2"],
        ["已沉默", "不再计入", "1"],
        ["新来的人", "新客", "1"],
    ]


def test_the_picture_has_a_bar_for_each_stage_then_and_now(week: Engine) -> None:
    drawn, root = drawing(page_of(week))
    said = ["".join(text.itertext()) for text in root.findall(f"{_SPACE}text")]
    assert said[:2] == ["一周前（2026-02-23）", "现在（2026-03-02）"]
    assert said[-7:] == [
        *("新来的人 1", "活跃 5", "已沉默 1"),
        *("新客 1", "活跃 3", "该复购 2", "不再计入 1"),
    ]
    assert len(root.findall(f"{_SPACE}path")) == 4
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", drawn)


def test_only_those_who_moved_have_a_colour_and_nothing_leaves_the_page(week: Engine) -> None:
    _, root = drawing(page_of(week))
    fills = [path.attrib["fill"] for path in root.findall(f"{_SPACE}path")]
    assert fills[0] not in _COLOURS.values()
    assert sorted(fills[1:]) == sorted(_COLOURS[to] for to in ("due", "new", "gone"))
    height, width = float(root.attrib["height"]), float(root.attrib["width"])
    for bar in root.findall(f"{_SPACE}rect")[1:]:
        assert 0 < float(bar.attrib["x"]) < width
        assert float(bar.attrib["y"]) + float(bar.attrib["height"]) < height


def test_in_the_first_week_nothing_is_drawn_or_compared(week: Engine) -> None:
    page = page_of(week, first_day=6)
    said = shown(page.markdown)
    assert "svg" not in page.markdown
    assert "还没有一周以前的分群，2026-03-03 起才能比较。" in said
    assert ["活跃", "3"] in tables(page.markdown)[0]
    assert page.about == "2026-03-02：2 类分群；还没有一周以前可比"


def test_from_the_eighth_day_on_there_is_a_last_week(week: Engine) -> None:
    assert "svg" in page_of(week, first_day=7).markdown


def test_a_week_without_moves_says_so(database: Engine) -> None:
    membership(database, 1, "active", since=90)
    page = page_of(database)
    assert shown(page.markdown).count("一周以来没有人换过。") == 2
    assert len(drawing(page)[1].findall(f"{_SPACE}path")) == 1


def test_before_anybody_is_in_a_segment_there_is_no_page(database: Engine) -> None:
    builders.run(database, day=TODAY)
    with transaction(database) as connection:
        assert segments.look(connection, TODAY) is None


def test_many_tastes_are_cut_short_and_counted(database: Engine) -> None:
    for taste in range(SHOWN + 2):
        membership(database, 1, f"品类{taste:02}", since=90, dimension="taste")
    membership(database, 2, "品类16", since=90, dimension="taste")
    said = shown(page_of(database).markdown)
    assert "另有 2 个较小的分群没有列出。" in said
    assert "喜欢品类16" in said
    assert "喜欢品类15" not in said
    assert said.count("喜欢…") == 1


def test_what_a_shop_calls_its_families_is_shown_as_it_is(database: Engine) -> None:
    membership(database, 1, HOSTILE, since=90, dimension="taste")
    page = page_of(database)
    assert "喜欢<img onerror> | a | b | ](javascript:alert(1))" in shown(page.markdown)
    assert all(len(row) in {3, 4} for table in tables(page.markdown) for row in table)


def test_a_segment_that_is_defined_no_longer_keeps_its_name(database: Engine) -> None:
    membership(database, 1, "whales", since=90, dimension="value")
    assert ["whales", "1", "0", "0"] in [
        row for table in tables(page_of(database).markdown) for row in table
    ]


def test_every_segment_with_a_meaning_says_how_to_respond(week: Engine) -> None:
    meanings = [table for table in tables(page_of(week).markdown) if "怎样回应" in table[0]]
    rows = [row for table in meanings for row in table[1:]]
    assert len(rows) >= len(Lifecycle) + 9
    assert all(all(cells) for cells in rows)


def test_every_stage_has_a_colour_of_its_own() -> None:
    assert _COLOURS.keys() == {"newcomers", *Lifecycle, "gone"}
    assert len({_COLOURS[stage] for stage in Lifecycle}) == len(Lifecycle)


def test_no_member_is_named(database: Engine) -> None:
    membership(database, 987_654_321, "active", since=90, until=2)
    membership(database, 987_654_321, "due", since=2)
    page = page_of(database)
    assert "987654321" not in re.sub(r"\D(?=\d{3})", "", page.markdown + drawing(page)[0])


def test_called_plainly_the_page_is_made_but_hung_nowhere(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    membership(house.database, 1, "active", since=90)
    run = GrowthRun(builders.run(house.database, day=TODAY), TODAY, at(2, 7, 30), done=False)
    assert asyncio.run(pages.show_segments.fn(run)) is False
    assert not caplog.records


def test_a_page_that_cannot_be_made_costs_the_page_and_never_the_run(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.change("DROP TABLE segment_size")
    run = GrowthRun(1, TODAY, at(2, 7, 30), done=False)
    with caplog.at_level(logging.WARNING, "runwu.pages"):
        assert asyncio.run(pages.show_segments.fn(run)) is False
    assert [record.message for record in caplog.records] == [
        "page_not_shown key=segments kind=ProgrammingError"
    ]
