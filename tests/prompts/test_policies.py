"""Every rule in force is a sentence that an operator understands."""

from typing import Any

import pytest

from prompts.policies import cap_line, sections
from schemas.governing import Cap
from schemas.policy import Policy


def told(title: str, **policy: Any) -> list[str]:
    """Return the sentences under a title, of a policy with these rules."""
    found = {one.title: one.lines for one in sections(Policy.model_validate(policy), "Asia/Tokyo")}
    return list(found[title])


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        ({"window": "day", "max": 1}, "每位客户，同一天最多 1 条"),
        ({"rolling_hours": 36, "max": 2}, "每位客户，任意连续 36 小时最多 2 条"),
        ({"rolling_days": 30, "max": 4}, "每位客户，任意连续 30 天最多 4 条"),
        ({"window": "month", "max": "days"}, "每位客户，同一个月最多当月天数那么多条"),
        ({"window": "week", "max": 0}, "每位客户，一条也不发"),
        (
            {"scope": "sender", "window": "week", "max": 3},
            "每位客户从每位员工那里，同一周最多 3 条",
        ),
        (
            {"scope": "sender", "only": ["lin"], "window": "week", "max": 3},
            "每位客户从员工 lin 那里，同一周最多 3 条",
        ),
        (
            {"scope": "channel", "window": "week", "max": 3},
            "每位客户在每个渠道，同一周最多 3 条",
        ),
        (
            {"scope": "channel", "only": ["wecom"], "window": "week", "max": 3},
            "每位客户在企业微信，同一周最多 3 条",
        ),
        (
            {"scope": "category", "window": "week", "max": 3},
            "每位客户的每类消息，同一周最多 3 条",
        ),
        (
            {"scope": "category", "only": ["marketing", "benefit"], "window": "week", "max": 1},
            "每位客户的营销、权益消息（各算各的），同一周最多 1 条",
        ),
    ],
)
def test_a_cap_says_whose_messages_in_which_window_and_how_many(
    cap: dict[str, Any], said: str
) -> None:
    assert cap_line(Cap.model_validate(cap)) == said


def test_caps_are_told_by_scope() -> None:
    marketing = {"scope": "category", "only": ["marketing"], "window": "week", "max": 1}
    lines = told("次数上限", caps=[marketing, {"window": "day", "max": 1}])
    assert lines[1:] == ["每位客户，同一天最多 1 条。", "每位客户的营销消息，同一周最多 1 条。"]
    assert told("次数上限", caps=[]) == ["没有任何次数上限。"]


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            {},
            ["任意两条消息至少相隔 48 小时。", "每有一条没有回应，间隔乘以 1.5：72、108 小时。"],
        ),
        (
            {"silence_limit": 9, "backoff": 2},
            [
                "任意两条消息至少相隔 48 小时。",
                "每有一条没有回应，间隔乘以 2：96、192、384、768、… 小时。",
            ],
        ),
        ({"backoff": 1}, ["任意两条消息至少相隔 48 小时。", "没有回应也不拉长间隔。"]),
        ({"silence_limit": 1}, ["任意两条消息至少相隔 48 小时。"]),
        ({"gap_hours": 0}, ["两条消息之间没有最短间隔。"]),
    ],
)
def test_the_gap_is_told_with_what_it_grows_to(policy: dict[str, Any], said: list[str]) -> None:
    *gap, silence = told("间隔", **policy)
    assert gap == said
    limit = policy.get("silence_limit", 3)
    assert silence == f"连续 {limit} 条没有回应就不再打扰，直到对方自己有所动作。"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("20:30", "09:00", "每天 20:30 到次日 09:00 不发。"),
        ("12:00", "14:00", "每天 12:00 到 14:00 不发。"),
        ("09:00", "09:00", "没有安静时段。"),
    ],
)
def test_quiet_hours_say_whether_they_pass_midnight(start: str, end: str, said: str) -> None:
    assert told("时段", quiet_hours={"start": start, "end": end})[0] == said


def test_open_hours_are_told_by_weekday_and_on_whose_clock() -> None:
    hours = [
        {"days": ["wed", "mon"], "start": "10:00", "end": "12:00"},
        {"start": "17:00", "end": "18:30"},
    ]
    lines = told("时段", open_hours=hours)
    assert lines[1] == "此外只在这些时间发：周一、周三 10:00–12:00；每天 17:00–18:30。"
    assert "按商家的 Asia/Tokyo" in lines[2]


def test_holidays_and_blackouts_are_told_with_their_reasons() -> None:
    assert told(
        "节假日与特殊时期",
        holidays=[{"why": "春节", "first": "2026-02-16", "last": "2026-02-22"}],
        blackouts=[
            {
                "why": "台风",
                "first": "2026-08-01",
                "last": "2026-08-01",
                "cities": ["厦门", "泉州"],
            },
            {"why": "国丧", "first": "2026-09-01", "last": "2026-09-03"},
        ],
    ) == [
        "春节（2026-02-16 至 2026-02-22）：不发。",
        "台风（2026-08-01）：厦门、泉州，以及不知道在哪个城市的客户，只发交易通知。",
        "国丧（2026-09-01 至 2026-09-03）：所有地方只发交易通知。",
    ]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "关怀：受上限、间隔、沉默和额度约束，也占次数；要有营销授权，也不发给"),
        ({"counted": False}, "关怀：受上限、间隔、沉默和额度约束，但不占次数；要有"),
        ({"capped": False}, "关怀：不受上限、间隔、沉默和额度约束，但占次数；要有"),
        (
            {"capped": False, "counted": False, "agreed": False},
            "关怀：不受上限、间隔、沉默和额度约束，也不占次数；没有营销授权也可以发。",
        ),
    ],
)
def test_both_ways_of_counting_a_category_are_told(terms: dict[str, bool], said: str) -> None:
    lines = told("消息类别", categories={"care": terms})
    assert lines[2].startswith(said)
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"after_order_hours": 12}, "下单后 12 小时内不发权益、营销消息。"),
        ({"after_order_hours": 0}, "下单之后不另等。"),
        (
            {"categories": {"benefit": {"guarded": False}, "marketing": {"guarded": False}}},
            "没有哪一类消息要避开刚下单和投诉期间。",
        ),
    ],
)
def test_what_waits_after_an_order_is_told(policy: dict[str, Any], said: str) -> None:
    assert told("不合时宜的时候", **policy)[0] == said


def test_weights_and_shares_are_told_by_the_scenes_titles() -> None:
    weights = {"weights": {"replenish": 1.25}, "annoyance": 0.1}
    lines = told("取舍", arbitration=weights)
    assert lines[2] == "场景权重：「复购提醒」1.25，其余为 1。"
    assert lines[3].startswith("打扰的代价 = 0.1 ×")
    shares = {"share": 0, "scenes": {"replenish": 0.075, "lapsing_care": 0}}
    assert told("对照组", holdout=shares) == [
        "没有什么也不收的客户。",
        "「复购提醒」另外抽出 7.5% 的客户，不发这个场景的消息。",
    ]


def test_a_shared_budget_that_is_unset_is_not_zero() -> None:
    shared = {"texts_per_sender": None, "messages_per_scene": 0, "scenes": {"replenish": 9}}
    assert told("共享额度", shared=shared) == [
        "每位员工每天确认的文案：未设，不限。",
        "每个场景每天最多 0 条消息。",
        "每天的消息总数：未设，不限。",
        "「复购提醒」每天最多 9 条消息。",
    ]
