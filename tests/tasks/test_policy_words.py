"""The page of the rules in force: our caps beside WeCom's, and every warning in words."""

import ast
import re
from typing import Any

import pytest

from rules.policy_warnings import PolicyWarning
from schemas.policy import Policy
from schemas.segments import SegmentPolicy
from schemas.settings import Settings
from tasks.policy_words import GOVERNING, page_of, warnings_of
from tests.structure.repository import trees

CHINESE = re.compile(r"[\u4e00-\u9fff]")

ODDEST: dict[str, Any] = {
    "caps": [
        {"rolling_days": 30, "max": 2},
        {"rolling_days": 7, "max": 2},
        {"scope": "category", "only": ["transactional"], "window": "day", "max": 1},
        {"scope": "channel", "only": ["wechat"], "window": "day", "max": 1},
        {"scope": "sender", "window": "day", "max": 0},
    ],
    "personal": {"start": 0, "least": 0},
    "shared": {"texts_per_sender": 0, "scenes": {"replenish": 0, "birthday": 3}},
    "quiet_hours": {"start": "11:00", "end": "14:00"},
    "open_hours": [{"start": "12:00", "end": "13:00"}],
}


def settings(policy: dict[str, Any] | None = None, quota: str | None = None) -> Settings:
    channels = {"wecom": {"quota": quota} if quota else {}}
    return Settings.model_validate({"policy": policy or {}, "channels": channels})


def keys() -> set[str]:
    """Return the key of every warning that the rules give, as they are written there."""
    written = dict(trees())["rules/policy_warnings.py"]
    calls = (node for node in ast.walk(written) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if getattr(call.func, "id", "") == PolicyWarning.__name__
        and isinstance(call.args[0], ast.Constant)
    }


def rows(told: Settings) -> dict[str, list[str]]:
    return {name: others for name, *others in page_of(told).table.rows}


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (None, {"同一天": "未设", "同一周": "未设", "同一个月": "未设"}),
        ("day:1", {"同一天": "1 条", "同一周": "—", "同一个月": "—"}),
        ("week:7", {"同一天": "—", "同一周": "7 条", "同一个月": "—"}),
        ("month:days", {"同一天": "—", "同一周": "—", "同一个月": "当月天数"}),
    ],
)
def test_the_quota_stands_in_its_own_window(quota: str | None, expected: dict[str, str]) -> None:
    found = rows(settings(quota=quota))
    assert {name: wecom for name, (_, wecom) in found.items() if name in expected} == expected
    assert found["任意连续 7 天"] == ["2 条", "—"]


def test_in_each_window_the_strictest_of_our_caps_is_told_and_unset_is_not_zero() -> None:
    caps = [
        {"window": "day", "max": 3},
        {"scope": "channel", "window": "day", "max": 2},
        {"scope": "channel", "only": ["wechat"], "window": "day", "max": 1},
        {"scope": "sender", "window": "day", "max": 1},
        {"scope": "channel", "only": ["wecom"], "window": "month", "max": "days"},
        {"window": "month", "max": 40},
        {"rolling_hours": 36, "max": 0},
    ]
    assert rows(settings({"caps": caps})) == {
        "同一天": ["2 条", "未设"],
        "同一周": ["未设", "未设"],
        "同一个月": ["当月天数", "未设"],
        "任意连续 36 小时": ["一条也不发", "—"],
    }


def test_a_cap_that_the_platform_makes_idle_names_the_platform() -> None:
    caps = [
        {"window": "week", "max": 7},
        {"scope": "channel", "only": ["wecom"], "window": "day", "max": 2},
    ]
    never = page_of(settings({"caps": caps}, "day:1")).warnings[0]
    assert never.text == (
        "「每位客户在企业微信，同一天最多 2 条」从来不起作用："
        "「每位客户在企业微信，同一天最多 1 条（企业微信的限额）」更严，或者一样严。"
    )


def test_every_warning_there_is_has_words() -> None:
    page = page_of(settings(ODDEST))
    capless = page_of(settings({"caps": []}))
    assert {one.key for one in (*page.warnings, *capless.warnings)} == keys()
    for one in (*page.warnings, *capless.warnings):
        assert CHINESE.search(one.text)
        assert not re.search(r"[{}]|None", one.text), one.text


def test_a_warning_without_anything_odd_is_not_raised() -> None:
    shared = {"messages_per_scene": 500, "messages_per_run": 2000}
    page = page_of(settings({"shared": shared}, "month:days"))
    assert page.warnings == []
    assert page.warnings_title == "没有值得留意的地方。"


def test_the_page_tells_all_of_the_policy_but_the_segments_thresholds() -> None:
    """A new rule is either told here, or belongs to docs/members.md."""
    ours = set(Policy.model_fields) - set(GOVERNING)
    assert ours == {
        *("new_days", "at_risk_days", "lapsed_days", "returned_days", "outlook_days"),
        *("at_risk_share", "lapsed_share", "lapsed_cycles", "regular_gaps", "regular_spread"),
        *("staple_share", "due_lead_days", "due_overrun", "segments", "population"),
    }


def test_what_a_threshold_of_segments_changes_is_the_version_only() -> None:
    usual = page_of(settings())
    other = page_of(settings({"segments": {"cart_days": SegmentPolicy().cart_days + 1}}))
    assert other.version != usual.version
    assert (other.sections, other.policy) == (usual.sections, usual.policy)


def test_warnings_of_the_settings_are_those_of_the_page() -> None:
    told = settings(ODDEST)
    assert [one.key for one in warnings_of(told)] == [one.key for one in page_of(told).warnings]
