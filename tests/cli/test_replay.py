"""Asked for other rules, the command tells what they would have done, or in a sentence why not."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import Engine

from tests import builders
from tests.cli.command import runwu, sentence
from tests.tasks.recorded import recorded

STRICT = '[policy]\ncaps = [{scope = "category", only = ["marketing"], window = "day", max = 0}]\n'
SINCE = ("--since", "2026-03-02")


def replay(*arguments: str, cwd: Path, **environment: str) -> CompletedProcess[str]:
    return runwu("replay", *arguments, cwd=cwd, **environment)


@pytest.fixture
def database_of_two_days(database: Engine, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Three persons: one is written to on both days, one loses a scene, one is written to once."""
    (tmp_path / "house").mkdir()
    with recorded(database, database_url, tmp_path / "house", 3) as days:
        first, *_ = days.day((0, "replenish", 0.9), (1, "replenish", 0.8), (1, "lapsing_care", 0.4))
        days.deliver(first)
        days.order(first, 36.5)
        days.day((2, "lapsing_care", 0.5))
        yield database_url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "strict.toml").write_text(STRICT)
    return tmp_path


def test_it_is_told_for_people(database_of_two_days: str, folder: Path) -> None:
    done = replay(*SINCE, "--policy", "strict.toml", cwd=folder, DATABASE_URL=database_of_two_days)
    assert done.returncode == 0
    for told in (
        "2026-03-02 至 2026-03-03 有记录的 2 天，4 个候选，逐日重新决定；什么也没有写入。",
        "当时写的 3 条（送达 1 条）里，照样写 1 条，省下 2 条，让给别的场景 0 条；另写 1 条",
        "次数已满",
        "其中 1 条当时送达了；当时带来 1 单，金额 36.50。",
        "文案超过 20 条的人次",
        "只在换规则后写的消息，算在有效时段一开始就送达",
        "图：",
    ):
        assert told in done.stdout
    assert "2026-03-03: 4 candidates decided again" in done.stderr
    drawn = ET.parse(folder / "home" / "replay.svg").getroot()  # noqa: S314 - of our own making
    assert any("次数已满" in "".join(one.itertext()) for one in drawn)


def test_the_same_is_one_object_for_machines(database_of_two_days: str, folder: Path) -> None:
    done = replay(
        *SINCE,
        *("--policy", "strict.toml", "--picture", "drawn/here.svg", "--json"),
        cwd=folder,
        DATABASE_URL=database_of_two_days,
    )
    told = json.loads(done.stdout)
    assert (told["since"], told["until"], told["days"]) == ("2026-03-02", "2026-03-03", 2)
    assert (told["candidates"], told["unrecorded"]) == (4, 0)
    assert told["version"] not in told["versions"]
    assert told["messages"] == {
        "before": 3,
        "delivered": 1,
        "kept": 1,
        "spared": 2,
        "lost": 0,
        "heard": 1,
        "after": 2,
    }
    assert told["scenes"] == [
        {"scene": "lapsing_care", "before": 1, "after": 2},
        {"scene": "replenish", "before": 2, "after": 0},
    ]
    assert told["persons"] == {
        "before": [0, 3, 0, 0, 0],
        "after": [1, 2, 0, 0, 0],
        "fewer": 1,
        "more": 0,
    }
    assert [(one["rule"], one["messages"]) for one in told["spared"]] == [("cap", 2)]
    assert (told["spared_delivered"], told["spared_orders"]) == (1, 1)
    assert told["load"]["before"]["most_messages"] == 2
    assert (told["lost"], told["warnings"]) == ([], [])
    assert (folder / "drawn" / "here.svg").read_text().startswith("<svg")


def test_what_the_other_rules_cannot_know_is_said(database_of_two_days: str, folder: Path) -> None:
    (folder / "runwu.toml").write_text('[channels.wecom]\nquota = "day:1"\n')
    (folder / "long.toml").write_text("[policy]\ncaps = [{rolling_days = 90, max = 3}]\n")
    done = replay(*SINCE, "--policy", "long.toml", cwd=folder, DATABASE_URL=database_of_two_days)
    assert "这套规则要回看 91 天，现行的规则只留存 32 天" in done.stdout
    assert "没有写企业微信的限额（现行的是 day:1）" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "soon"), "--since soon is no date; write it like 2026-03-02"),
        ((*SINCE, "--until", "2026-3-1"), "--until 2026-3-1 is no date"),
        ((*SINCE, "--until", "2026-03-01"), "--until 2026-03-01 is before --since 2026-03-02"),
        ((*SINCE, "--policy", "none.toml"), "none.toml does not exist; check --policy"),
        ((*SINCE, "--policy", "wrong.toml"), "wrong.toml: policy.gap_hours: "),
        ((*SINCE, "--picture", "."), "no picture can be drawn in . (it is a folder)"),
        ((*SINCE, "--picture", "wrong.toml/x"), "no picture can be drawn in wrong.toml/x"),
        ((*SINCE, "--policy", "strict.toml"), "no database is running"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(
    folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    (folder / "wrong.toml").write_text("[policy]\ngap_hours = -1\n")
    policy = () if "--policy" in arguments else ("--policy", "strict.toml")
    done = replay(*arguments, *policy, cwd=folder)
    assert done.returncode == 2
    assert told in sentence(done)


def test_a_day_that_has_not_come_names_the_newest_on_record(
    database_of_two_days: str, folder: Path
) -> None:
    done = replay(
        *("--since", "2999-01-01", "--policy", "strict.toml"),
        cwd=folder,
        DATABASE_URL=database_of_two_days,
    )
    assert done.returncode == 2
    assert "since 2999-01-01; the newest is of 2026-03-03" in sentence(done)


def test_where_nothing_was_kept_it_fails_in_one_sentence(
    database: Engine, database_of_two_days: str, folder: Path
) -> None:
    builders.change(database, "UPDATE decision SET inputs = '{}'")
    done = replay(*SINCE, "--policy", "strict.toml", cwd=folder, DATABASE_URL=database_of_two_days)
    assert done.returncode == 1
    assert "none of the 4 decisions since 2026-03-02" in done.stderr.splitlines()[-1]
