"""Whatever the rules and tasks write down, an operator reads in words."""

import ast
import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest

from prompts import reasons
from prompts.catalogue import locale
from schemas.enums import Author, MessageState, Verdict
from tasks.collect import _ENDS
from tests.structure.repository import trees

_MOVERS = {"move": "", "block": "", "_expire": "", "unknown": "", "_move": " by "}
"""What moves messages for a reason that it is given, and what it adds to it."""
_PLACE_OF_REASON = 4
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _called(room: str, *names: str) -> Iterator[ast.Call]:
    for path, tree in trees():
        for node in ast.walk(tree) if path.startswith(f"{room}/") else ():
            if isinstance(node, ast.Call) and _name(node) in names:
                yield node


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", "") or getattr(call.func, "attr", ""))


def _rules() -> dict[str, set[str]]:
    """Return every rule that a Reason in rules/ names, with the numbers it gives."""
    found: dict[str, set[str]] = {}
    for call in _called("rules", "Reason"):
        name, *numbers = call.args
        assert isinstance(name, ast.Constant)
        keys = numbers[0].keys if numbers and isinstance(numbers[0], ast.Dict) else []
        found.setdefault(str(name.value), set()).update(
            str(key.value) for key in keys if isinstance(key, ast.Constant)
        )
    return found


def _why_tasks_move() -> set[str]:
    """Return the beginnings of all reasons for which tasks move messages."""
    found = {reason for _, reason in _ENDS.values()}
    for call in _called("tasks", *_MOVERS):
        given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
        for value in given + call.args[_PLACE_OF_REASON - 1 :]:
            if isinstance(value, ast.JoinedStr):
                value = value.values[0]  # noqa: PLW2901 - what it begins with
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value + _MOVERS[_name(call)])
    return found


def _asked_for(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_rule_has_its_words_and_no_words_are_without_a_rule() -> None:
    assert locale()["reasons"].keys() == _rules().keys()


@pytest.mark.parametrize("rule", _rules())
def test_words_ask_only_for_numbers_the_rule_gives(rule: str) -> None:
    texts = locale()["reasons"][rule]
    assert _asked_for(texts["text"]) | _asked_for(texts["detail"]) <= _rules()[rule]
    assert not _asked_for(texts["short"])


@pytest.mark.parametrize(
    ("reason", "sentence", "kind"),
    [
        (
            {"rule": "cap", "window": "calendar_week", "used": 2, "max": 2},
            "同一周最多 2 条，已占 2 条",
            "次数已满（同一周最多 2 条）",
        ),
        (
            {"rule": "cap", "window": "rolling_168h", "used": 3, "max": 2},
            "任意连续 7 天最多 2 条，已占 3 条",
            "次数已满（任意连续 7 天最多 2 条）",
        ),
        (
            {"rule": "silence", "unanswered": 4, "limit": 3},
            "最近连续 4 条没有回应，到了 3 条就不再打扰",
            "连续没有回应（3 条）",
        ),
        (
            {"rule": "no_consent", "said": None},
            "没有营销授权：从未表态",
            "没有营销授权（从未表态）",
        ),
        (
            {"rule": "no_consent", "said": False},
            "没有营销授权：明确拒绝",
            "没有营销授权（明确拒绝）",
        ),
        (
            {"rule": "suppressed", "because": "deleted_by_customer"},
            "联系方式已停用：客户已删除员工",
            "联系方式已停用（客户已删除员工）",
        ),
        (
            {"rule": "gap", "hours": 48, "beside": [1]},
            "与另一条消息相隔不到 48 小时：那一条",
            "间隔太短（48 小时）",
        ),
        (
            {"rule": "open_message"},
            "同一场景已有一条消息在途",
            "同一场景已有消息在途",
        ),
        ({"rule": "cap"}, "？最多 ？ 条，已占 ？ 条", "次数已满（？最多 ？ 条）"),
        ({"rule": "a_rule_long_gone"}, "a_rule_long_gone", "a_rule_long_gone"),
    ],
)
def test_a_reason_is_a_sentence_and_a_kind(
    reason: dict[str, Any], sentence: str, kind: str
) -> None:
    assert reasons.why(reason, beside="那一条") == sentence
    assert reasons.kind_of(reason) == kind


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("calendar_day", "同一天"),
        ("calendar_month", "同一个月"),
        ("rolling_24h", "任意连续 24 小时"),
        ("rolling_36h", "任意连续 36 小时"),
        ("rolling_720h", "任意连续 30 天"),
    ],
)
def test_windows_are_named(name: str, said: str) -> None:
    assert reasons.window(name) == said


def test_every_state_and_verdict_and_author_has_its_word() -> None:
    assert locale()["words"]["states"].keys() == set(MessageState)
    assert locale()["explain"]["verdicts"].keys() == {*Verdict, "undecided"}
    assert locale()["pages"]["funnel"]["author"].keys() == set(Author)


@pytest.mark.parametrize("reason", sorted(_why_tasks_move()))
def test_every_reason_tasks_give_is_put_into_words(reason: str) -> None:
    said = reasons.moved(f"{reason}王店长" if reason.endswith(" ") else reason, "expired")
    assert _CHINESE.search(said.replace("王店长", ""))
    assert not reason.endswith(" ") or "王店长" in said


@pytest.mark.parametrize(
    ("reason", "state", "said"),
    [
        ("approved by 王 店长", "approved", "由 王 店长 通过"),
        ("cap, no_consent", "blocked", "次数已满；没有营销授权"),
        ("no approval covers it", "blocked", "没有审核记录"),
        ("forbidden word: 全网第一; empty", "draft_failed", "不得使用的词「全网第一」；内容为空"),
        ("HTTP 502 of the channel", "failed", "HTTP 502 of the channel"),
    ],
)
def test_why_a_message_moved_is_said_or_shown_as_it_is(reason: str, state: str, said: str) -> None:
    assert reasons.moved(reason, state) == said


def test_an_author_is_named_with_why_a_template_stood_in() -> None:
    assert reasons.author("model", "qwen", "") == "模型 qwen"
    assert reasons.author("template", None, "empty; a.b") == "模板（模型未被采用：内容为空；a.b）"


def test_a_scene_that_has_gone_is_shown_by_its_names() -> None:
    assert reasons.scene_title("replenish") == "复购提醒"
    assert reasons.scene_title("gone") == "gone"
    assert reasons.evidence_labels("gone", ["b", "a"]) == {"a": "a", "b": "b"}
    assert reasons.slot_label("gone", "product") == "product"


def test_evidence_comes_in_the_scenes_order() -> None:
    labels = reasons.evidence_labels("replenish", ["orders", "odd", "gap_days"])
    assert list(labels.items()) == [
        ("gap_days", "平时间隔（天）"),
        ("orders", "累计订单"),
        ("odd", "odd"),
    ]


def test_what_every_brief_says_has_a_label_too() -> None:
    assert reasons.slot_label("replenish", "business") == "店名"
    assert reasons.slot_label("replenish", "product") == "常买的商品"
