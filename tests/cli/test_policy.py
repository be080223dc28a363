"""runwu policy, as a user runs it: without a database, in plain words, honest on what is unset."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.settings import Settings
from tests.cli.command import runwu, sentence

NOTHING = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}

ALL_SET = """
[channels.wecom]
quota = "day:1"
[policy.shared]
messages_per_scene = 500
messages_per_run = 2000
"""


def told(folder: Path, file: str = "") -> dict[str, Any]:
    (folder / "runwu.toml").write_text(file, encoding="utf-8")
    done = runwu("policy", "--json", cwd=folder, **NOTHING)
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_version_comes_first_and_nothing_is_left_behind(tmp_path: Path) -> None:
    done = runwu("policy", cwd=tmp_path, **NOTHING)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"规则版本 {Settings().effective_policy.version}"
    assert "  任意两条消息至少相隔 48 小时。" in lines
    assert "值得留意（3）" in lines
    assert list(tmp_path.iterdir()) == []


def test_what_it_tells_machines(tmp_path: Path) -> None:
    answer = told(tmp_path)
    assert answer.keys() == {"version", "policy", "quota", "windows", "warnings"}
    assert answer["version"] == Settings().effective_policy.version
    assert answer["policy"]["hold_hours"] == 48
    assert "at_risk_days" not in answer["policy"]
    assert answer["quota"] is None
    assert [one["key"] for one in answer["warnings"]] == [
        "quota_unset",
        "budget_unset",
        "budget_unset",
    ]


def test_the_platforms_quota_stands_beside_ours_and_in_the_version(tmp_path: Path) -> None:
    unset, told_so = told(tmp_path), told(tmp_path, '[channels.wecom]\nquota = "week:7"\n')
    assert told_so["version"] != unset["version"]
    assert {one["window"]: (one["ours"], one["wecom"]) for one in told_so["windows"]} == {
        "calendar_day": (1, None),
        "calendar_week": (2, 7),
        "calendar_month": (4, None),
        "rolling_24h": (1, None),
        "rolling_168h": (2, None),
        "rolling_720h": (4, None),
    }
    assert all(one["wecom"] is None for one in unset["windows"])
    assert "quota_unset" not in {one["key"] for one in told_so["warnings"]}


def test_another_file_is_named_by_an_option(tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text("[policy]\ngap_hours = 96\n")
    done = runwu("policy", "--config", "strict.toml", cwd=tmp_path, **NOTHING)
    assert "  任意两条消息至少相隔 96 小时。" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("file", "told_of"),
    [
        ("", "; warnings: 3, see `runwu policy`"),
        (ALL_SET, ""),
    ],
)
def test_check_counts_the_warnings_and_tells_the_same_version(
    file: str, told_of: str, tmp_path: Path
) -> None:
    version = told(tmp_path, file)["version"]
    done = runwu("check", "--json", cwd=tmp_path, RUNWU_SANDBOX_URL="http://127.0.0.1:9")
    (found,) = [one for one in json.loads(done.stdout)["findings"] if one["about"] == "policy"]
    assert found == {"about": "policy", "level": "ok", "text": f"version {version}{told_of}"}


def test_employees_without_a_bound_are_told_as_unset_and_warned_of(tmp_path: Path) -> None:
    answer = told(tmp_path, '[policy.shared]\ntexts_per_sender = "any"\n')
    assert answer["policy"]["shared"]["texts_per_sender"] is None
    texts = [one["text"] for one in answer["warnings"] if one["key"] == "budget_unset"]
    assert texts[0] == "每位员工每天确认的文案未设，不限；未设不是 0。"
    lines = runwu("policy", cwd=tmp_path, **NOTHING).stdout.splitlines()
    assert "  每位员工每天确认的文案：未设，不限。" in lines


def test_a_cap_of_zero_is_no_mistake_and_says_what_it_silences(tmp_path: Path) -> None:
    cap = 'caps = [{scope = "category", only = ["marketing"], window = "day", max = 0}]'
    (warning,) = [
        one
        for one in told(tmp_path, f"[policy]\n{cap}\n")["warnings"]
        if one["key"] == "cap_of_zero"
    ]
    assert warning["cap"] == {
        "scope": "category",
        "only": ["marketing"],
        "window": "day",
        "max": 0,
    }
    assert warning["numbers"] == {"categories": ["marketing"]}


@pytest.mark.parametrize(
    ("file", "key", "remedy"),
    [
        (
            '[policy]\ncaps = [{scope = "category", only = ["gossip"], window = "day", max = 1}]',
            "policy.caps.0",
            "there is no category 'gossip'; there are transactional, service, care, benefit",
        ),
        (
            "[policy.categories.gossip]\ncapped = false",
            "policy.categories",
            "there is no category 'gossip'; there are transactional, service, care, benefit",
        ),
        (
            '[policy]\ncaps = [{window = "day", rolling_hours = 24, max = 1}]',
            "policy.caps.0",
            "a cap has exactly one of window, rolling_hours and rolling_days",
        ),
        (
            "[policy]\ncaps = [{rolling_hours = 0, max = 1}]",
            "policy.caps.0.rolling_hours",
            "greater than or equal to 1",
        ),
        (
            '[policy]\ncaps = [{window = "day", max = 1}, {rolling_days = 0, max = 1}]',
            "policy.caps.1.rolling_days",
            "greater than or equal to 1",
        ),
        (
            '[policy]\ncaps = [{window = "day", max = -1}]',
            "policy.caps.0.max",
            "greater than or equal to 0, or Input should be 'days'",
        ),
        (
            '[policy]\ncaps = [{window = "week", max = "days"}]',
            "policy.caps.0",
            'only a cap with window = "month" can have max = "days"',
        ),
        (
            '[channels.wecom]\nquota = "weekly"',
            "channels.wecom.quota",
            "'day:1', 'week:7' or 'month:days'",
        ),
    ],
)
def test_a_mistake_is_one_sentence_with_file_key_and_remedy(
    file: str, key: str, remedy: str, tmp_path: Path
) -> None:
    (tmp_path / "runwu.toml").write_text(f"{file}\n", encoding="utf-8")
    done = runwu("policy", cwd=tmp_path)
    assert done.returncode == 2
    line = sentence(done)
    assert line.startswith(f"runwu: runwu.toml: {key}: ")
    assert remedy in line
