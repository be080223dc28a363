"""Of any text whatever: what the brief says passes, and what it does not is caught."""

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.grounding import ungrounded
from schemas.writing import Claim
from tests.rules.builders import thoroughly
from tests.rules.chinese import full_width, spoken

OFFERS = ("优惠", "打折", "8折", "免费", "赠送", "券", "红包")
BRIEF = {
    "business": "润物咖啡",
    "contact": "直接回复我",
    "rhythm": "两周",
    "product": "挂耳咖啡250g",
    "cups": "3",
}
HARMLESS = (
    "您好，我是您的顾问",
    "需要时点一下卡片",
    "一起喝一杯",
    "万一还有存货",
    "十分想您",
    "有一点好奇",
    "一直记着您的口味",
    "说一声就停",
    "一定一样好",
    "坐一会儿",
    "第一时间告诉您",
    "三三两两的朋友",
    "用得七七八八了",
    "这几天该用完了",
    "最近好吗",
    "有空时来看看",
    "过两天也行",
    "千万别客气",
    "一份心意",
    "来几杯解乏",
    "一年四季平安",
    "配一块蛋糕",
    "祝您有美好的一天",
    "每天都好",
    "一日三餐按时吃",
    "不周到的地方请告诉我",
    "年轻的味道",
    "零星几颗",
    "百忙之中",
    "三分糖",
    "两成为一",
    "您是老朋友之一年年都来",
    "十之八九",
    "百香果和千层",
    "我不懂的也替您问明白",
    "ok的话点卡片",
)
PIECES = st.lists(st.sampled_from([*BRIEF.values(), *HARMLESS]), min_size=1, max_size=8)
_UNITS = """
天 日 号 周 星期 礼拜 个月 月 季度 年 小时 个小时 分钟 点 刻 刻钟 元 块 块钱 角 毛钱 折 成 倍 %
次 回 杯 件 份 盒 包 袋 瓶 张 位 人 单 积分 个 斤 克 kg
"""
UNITS = _UNITS.split()
ALPHABET = st.sampled_from("一两三十百3５.,，:%点分半第个天周月元折次杯日今买送每「」@ \nak")
SCRIPTS: tuple[Callable[[int], str], ...] = (
    str,
    spoken,
    lambda number: full_width(f"{number:,}"),
)
TOLD = {(2, "周"), (2, "星期"), (2, "礼拜"), (250, "克")}


def _objections(text: str, **brief: str) -> tuple[str, ...]:
    return ungrounded(text, (), brief or BRIEF, OFFERS)


@thoroughly
@given(PIECES)
def test_brief_values_and_harmless_words_pass(pieces: list[str]) -> None:
    assert _objections("，".join(pieces)) == ()


@thoroughly
@given(
    PIECES,
    PIECES,
    st.integers(min_value=2, max_value=99_999),
    st.sampled_from(UNITS),
    st.sampled_from(SCRIPTS),
)
def test_a_quantity_that_is_not_in_the_brief_is_caught_wherever_it_stands(
    before: list[str], after: list[str], number: int, unit: str, script: Callable[[int], str]
) -> None:
    assume((number, unit) not in TOLD)
    text = f"{''.join(before)}{script(number)}{unit}，{'，'.join(after)}"
    assert _objections(text) != ()


@thoroughly
@given(
    st.integers(min_value=2, max_value=9_999_999),
    st.sampled_from([unit for unit in UNITS if unit not in ("折", "月", "点")]),
    st.sampled_from(SCRIPTS),
    st.sampled_from(SCRIPTS),
)
def test_a_number_means_the_same_in_every_script(
    number: int, unit: str, one: Callable[[int], str], other: Callable[[int], str]
) -> None:
    brief = {"fact": f"共{one(number)}{unit}"}
    assert _objections(f"有{other(number)}{unit}。", **brief) == ()
    assert _objections(f"有{other(number + 1)}{unit}。", **brief) != ()
    assert _objections(f"有{other(number)}{unit}半。", **brief) != ()


@pytest.mark.parametrize("value", ["3天", "250g", "8折"])
@pytest.mark.parametrize("before", ["1", "9", "10", "7.", "1,0", "第", "¥", "2-", "两三百"])
def test_a_figure_glued_to_a_value_is_not_excused_by_it(before: str, value: str) -> None:
    assert _objections(f"共{before}{value}，", fact=value) != ()


@pytest.mark.parametrize("value", ["两周", "十元", "三天"])
@pytest.mark.parametrize("before", [*"二三四五六七八九百千万第", "二十", "一百", "两三"])
def test_a_numeral_glued_to_a_value_is_not_excused_by_it(before: str, value: str) -> None:
    assert _objections(f"共{before}{value}，", fact=value) != ()


@thoroughly
@given(st.sampled_from(UNITS), st.sampled_from(["3", "三", "30", "三百"]))
def test_a_bare_number_does_not_excuse_a_quantity(unit: str, number: str) -> None:
    assert _objections(f"共{number}{unit}。", fact=number) != ()


@thoroughly
@given(st.text(ALPHABET))
def test_a_text_is_grounded_in_itself(text: str) -> None:
    assert ungrounded(text, [Claim(span=text, evidence_key="all")], {"all": text}, OFFERS) in (
        (),
        (f"claimed but not said: {text}",) * (not text.strip()),
    )


@thoroughly
@given(st.text(ALPHABET), st.text(ALPHABET) | st.text())
def test_who_is_told_more_may_say_more(text: str, value: str) -> None:
    assert set(_objections(text, all=value)) <= set(_objections(text, all=""))
