"""Asked for segments, the command tells sizes, moves and reasons, or in one sentence why not."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import Engine

from tests import builders
from tests.cli.command import runwu, sentence
from tests.memberships import TODAY, day, membership

SQUARE = "[red]新豆子[/red] [/]"


def segments(*arguments: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    return runwu("segments", *arguments, cwd=cwd, **environment)


@pytest.fixture
def peopled(database: Engine, database_url: str) -> str:
    """Two persons: one moved from active to due, one is new; the first has a taste and a tier."""
    first, second = builders.persons(database, 2)
    builders.run(database, day=day(30))
    builders.run(database, day=TODAY)
    membership(database, first, "active", since=90, until=3)
    membership(database, first, "due", since=3)
    membership(database, first, SQUARE, since=40, dimension="taste")
    membership(database, first, "top", since=50, until=2, dimension="value")
    membership(database, second, "new", since=1)
    membership(database, second, "active", since=20, dimension="shopper")
    return database_url


def test_every_dimension_is_a_table_and_every_flow_a_line(peopled: str, tmp_path: Path) -> None:
    done = segments(cwd=tmp_path, DATABASE_URL=peopled)
    assert (done.returncode, done.stderr) == (0, "")
    for told in ("生命周期", "购物类型", "新进", f"喜欢{SQUARE}", "与 2026-02-23 当天结束时相比"):
        assert told in done.stdout
    for line in (
        "生命周期：活跃 → 该复购 1 人",
        "生命周期：新来的人 → 新客 1 人",
        "价值层级：高价值 → 不在任何一群 1 人",
    ):
        assert line in done.stdout


def test_the_same_is_one_object_for_machines(peopled: str, tmp_path: Path) -> None:
    told = json.loads(segments("--json", cwd=tmp_path, DATABASE_URL=peopled).stdout)
    assert (told["day"], told["since"]) == ("2026-03-02", "2026-02-23")
    by_name = {(row["dimension"], row["segment"]): row for row in told["segments"]}
    assert by_name["lifecycle", "due"] == {
        "dimension": "lifecycle",
        "segment": "due",
        "title": "该复购",
        "size": 1,
        "joined": 1,
        "left": 0,
    }
    assert by_name["value", "top"]["left"] == 1
    assert {"dimension": "lifecycle", "source": None, "target": "new", "persons": 1} in told[
        "flows"
    ]


def test_in_the_first_week_nothing_is_compared(
    database: Engine, database_url: str, tmp_path: Path
) -> None:
    builders.run(database, day=TODAY)
    membership(database, 1, "lapsed", since=90)
    done = segments(cwd=tmp_path, DATABASE_URL=database_url)
    assert "2026-03-09 起才能比较" in done.stdout
    assert "新进" not in done.stdout
    assert "→" not in done.stdout
    told = json.loads(segments("--json", cwd=tmp_path, DATABASE_URL=database_url).stdout)
    assert (told["since"], told["flows"]) == (None, [])
    one = segments("lapsed", cwd=tmp_path, DATABASE_URL=database_url)
    assert "1 人\n" in one.stdout


@pytest.mark.parametrize("name", ["due", "lifecycle:due", "该复购", " due "])
def test_a_segment_is_told_by_its_name_or_title(peopled: str, tmp_path: Path, name: str) -> None:
    done = segments(name, cwd=tmp_path, DATABASE_URL=peopled)
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "该复购（生命周期）",
        "1 人；与 2026-02-23 相比，新进 1 人",
        "为什么：",
        "怎样回应：",
    ):
        assert told in done.stdout
    told = json.loads(segments(name, "--json", cwd=tmp_path, DATABASE_URL=peopled).stdout)
    assert (told["dimension"], told["segment"], len(told["persons"])) == ("lifecycle", "due", 1)
    assert told["why"]
    assert told["response"]


def test_a_segment_without_anybody_says_so(peopled: str, tmp_path: Path) -> None:
    assert "例如：现在没有人。" in segments("premium", cwd=tmp_path, DATABASE_URL=peopled).stdout


def test_a_name_of_two_segments_is_asked_back(peopled: str, tmp_path: Path) -> None:
    done = segments("active", cwd=tmp_path, DATABASE_URL=peopled)
    assert done.returncode == 2
    assert "lifecycle:active, shopper:active" in sentence(done)


def test_an_unknown_segment_names_the_known_ones(peopled: str, tmp_path: Path) -> None:
    done = segments("whales", cwd=tmp_path, DATABASE_URL=peopled)
    assert done.returncode == 2
    assert "'whales'" in sentence(done)
    assert "lifecycle:new" in sentence(done)
    assert "shopper:premium" in sentence(done)


def test_a_member_is_told_why_they_are_where_they_are(peopled: str, tmp_path: Path) -> None:
    done = segments("--person", "shop:m1", cwd=tmp_path, DATABASE_URL=peopled)
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "该复购（生命周期），2026-02-27 起",
        f"喜欢{SQUARE}（口味），2026-01-21 起",
        "累计 3 单",
        "最近 30 天离开的分群",
        "活跃（生命周期），2025-12-02 至 2026-02-27",
        "高价值（价值层级），2026-01-11 至 2026-02-28",
    ):
        assert told in done.stdout
    told = json.loads(
        segments("--person", "shop:m1", "--json", cwd=tmp_path, DATABASE_URL=peopled).stdout
    )
    assert [one["segment"] for one in told["current"]] == ["due", SQUARE]
    assert [one["segment"] for one in told["ended"]] == ["top", "active"]
    assert told["current"][0]["evidence"] == {"orders": 3}


def test_a_member_in_no_segment_is_told_so(
    database: Engine, database_url: str, tmp_path: Path
) -> None:
    builders.persons(database, 1)
    builders.run(database, day=TODAY)
    done = segments("--person", "u1", cwd=tmp_path, DATABASE_URL=database_url)
    assert "不在任何分群" in done.stdout
    assert "离开的分群" not in done.stdout


def test_nobody_by_that_id_is_one_sentence(peopled: str, tmp_path: Path) -> None:
    done = segments("--person", "nobody", cwd=tmp_path, DATABASE_URL=peopled)
    assert done.returncode == 1
    assert "nobody is known as 'nobody'" in sentence(done)


def test_a_segment_and_a_person_at_once_are_refused(tmp_path: Path) -> None:
    done = segments("due", "--person", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert "not for both" in sentence(done)


@pytest.mark.parametrize("arguments", [(), ("due",), ("--person", "u1")])
def test_before_the_first_run_one_sentence_says_what_fills_them(
    database: Engine, database_url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    builders.persons(database, 1)
    done = segments(*arguments, cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 1
    assert "`runwu run`" in sentence(done)


def test_a_database_of_something_else_is_one_sentence(
    database: Engine, database_url: str, tmp_path: Path
) -> None:
    builders.run(database, day=TODAY)
    builders.change(database, "DROP TABLE segment_size")
    done = segments(cwd=tmp_path, DATABASE_URL=database_url)
    assert done.returncode == 2
    assert "`runwu up`" in sentence(done)


def test_no_database_is_one_sentence(tmp_path: Path) -> None:
    done = segments(cwd=tmp_path)
    assert done.returncode == 2
    assert "runwu up" in sentence(done)
