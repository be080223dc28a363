"""What a model's text may say: nothing that its brief does not."""

import pytest

from prompts.briefs import brief_of
from prompts.catalogue import offer_words, scenes
from prompts.render import render
from rules.grounding import ungrounded
from schemas.writing import Claim

OFFERS = ("优惠", "打折", "8折", "免费", "赠送", "券", "红包")
BRIEF = {
    "business": "润物咖啡",
    "contact": "直接回复我",
    "rhythm": "两周",
    "product": "挂耳咖啡250g",
    "cups": "3",
}


def _objections(text: str, **brief: str) -> tuple[str, ...]:
    return ungrounded(text, (), brief or BRIEF, OFFERS)


@pytest.mark.parametrize(
    "text",
    [
        "您平时大约隔两周买一次「挂耳咖啡250g」，算来这几天该用完了。",
        "需要的话点下面的卡片就好；还有存货就不用理会，也不用回复。",
        "不想再收到这类消息，直接回复我说一声就停。",
        "您大约 2 周来一趟，挂耳咖啡 250 g 也许快见底了。",
        "每两周左右来一次，差不多两星期了，两个礼拜过得真快。",
        "您的“挂耳咖啡”还够吗？每次3杯，一杯下去十分舒服。",
        "来3，250g的那款。",  # a comma, not 3,250 grams
        "《润物咖啡》一直在，250克的那款给您留着一份。",
    ],
)
def test_a_text_that_keeps_to_its_brief_passes(text: str) -> None:
    assert _objections(text, **{**BRIEF, "cups": "每次3杯"}) == ()


@pytest.mark.parametrize(
    ("scene", "slots"),
    [
        ("replenish", {"rhythm": "一个半月", "product": "{{ 7 * 7 }}"}),
        ("replenish", {"rhythm": "几天", "product": None}),
        ("first_order_thanks", {"visit": "第一次"}),
        ("lapsing_care", {"away": "好几个月"}),
    ],
)
def test_what_our_own_templates_say_is_in_their_briefs(
    scene: str, slots: dict[str, str | None]
) -> None:
    names = {"business": "润物咖啡", "contact": "直接回复我"}
    text = render(scenes()[scene].template, {**slots, **names})
    brief = brief_of(scenes()[scene], slots, **names)
    assert ungrounded(text, (), brief, offer_words()) == ()


_NOT_IN_THE_BRIEF = """
18 18次 第18次 十八次 3次 3款 3折 13 一天 一周 一个月 一年 一元 一折 三周 半个月 两周半 两周多
十两周 两周年 两个月 几个月 几天 几次 十几次 二十多天 三到五天 3-5天 两三天 几十天 大半年
十二三天 每月 每个星期 二十 三千 二零二六年 618 1.2万 1,200 8.5折 八五折 零点五折 三成 两倍 50%
百分之五 百分百 三分之一 几分之一 零分之一 半价 一半 双倍 买一送一 满一百减二十 捌折 ¥28 $9
rmb28 28元 二十八块 八块五 9块9 一分钱 五角 三毛钱 9:30 9点半 下午三点 三点一刻 三点十分
下午一点 一点半 十分钟 24小时 一刻钟 3月5日 三月五号 三月底 2026-03-05 3/5 今天 今晚 明早 后天
本周 下周三 这个月 上个月 月底 年底 周末 周一 星期天 每周二 去年 元旦 春节 中秋 国庆 五一 双十一
生日 秋天 立秋 当天 3杯 两份 1杯 一公斤 500g 250元 250ml 100积分 加倍 www.example.com
example.cn/a?b=1 https://example.com/a a@example.com @张三 13800138000 138-0013-8000 优惠 免费
红包
"""


@pytest.mark.parametrize("what", _NOT_IN_THE_BRIEF.split())
def test_what_the_brief_does_not_say_is_named(what: str) -> None:
    assert _objections(f"您好，{what}，好") == (f"not in the brief: {what}",)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("好几个月没见", "几个月"),
        ("前几天买的", "几天"),
        ("用了超过两天", "两天"),
        ("只有一天", "一天"),
        ("还有一天", "一天"),
        ("得二十分", "二十分"),
        ("下午一点半见", "下午一点半"),
        ("万一三天没来", "三天"),
        ("一天一杯", "一天"),
        ("这周末见", "这周末"),
        ("隔周买一次", "隔周"),
        ("周一回来营业", "周一"),
    ],
)
def test_a_statement_is_found_among_everyday_words(text: str, what: str) -> None:
    assert _objections(text) == (f"not in the brief: {what}",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("两周", "2周"),
        ("两周", "２ 周"),
        ("两周", "两个星期"),
        ("一个月", "1个月"),
        ("一个月", "每月"),
        ("一周", "每一周"),
        ("一个半月", "1.5个月"),
        ("大半年", "大半年"),
        ("十几次", "十几次"),
        ("两年多", "两年多"),
        ("第一次", "第1次"),
        ("好几个月", "几个月"),
        ("18次", "18"),
        ("一份", "1份"),
        ("1,200元", "1200元"),
        ("1200元", "¥1,200"),
        ("1200元", "一千二百块钱"),
        ("9.9元", "9块9的"),
        ("8元", "8.00元"),
        ("八五折", "8.5折"),
        ("85折", "八五折"),
        ("打八折", "8折"),
        ("50%", "百分之五十"),
        ("100%", "百分百"),
        ("3-5天", "三到五天"),
        ("3-5天", "3-5"),
        ("两周", "兩週"),
        ("9点", "九點鐘"),
        ("2-3天", "两三天"),
        ("250g", "250克"),
        ("9:30", "9点半"),
        ("9:15", "九点一刻"),
        ("09:30", "九点三十分"),
        ("上午9点", "9:00"),
        ("3月5日", "三月五号"),
        ("2026-03-05", "3月5日"),
        ("2026-03-05", "2026年3月"),
        ("2026-03-05", "3/5"),
        ("2026-03-05", "5日"),
        ("二零二六年", "2026年"),
        ("三月底", "月底"),
        ("本周末", "周末"),
        ("每周一次", "每周一次"),
        ("每周一", "周一"),
        ("周末咖啡", "周末见"),
        ("满100元减20元", "满100元减20元"),
        ("拨打400-800-1234", "拨打400-800-1234"),
        ("三顿半", "三顿半"),
        ("送红包", "红包"),
    ],
)
def test_the_same_said_otherwise_is_still_in_the_brief(value: str, text: str) -> None:
    assert _objections(f"您好{text}，好", fact=value) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("两周", "十两周"),
        ("两周", "两周年"),
        ("两周", "每周"),
        ("3", "13"),
        ("3", "3.5"),
        ("3", "第3"),
        ("3", "¥3"),
        ("3月", "3月5日"),
        ("9点", "下午9点"),
        ("上午9点", "下午9点"),
        ("三点", "三点一刻"),
        ("每周一次", "周一"),
        ("每周", "每周二"),
        ("周末", "这周末"),
        ("买一送一", "买二送一"),
        ("满十减一", "满十减一折"),
        ("满100减20", "满100减2"),
        ("0.5折", "5折"),
        ("5天", "3-5天"),
        ("23天", "两三天"),
        ("33天", "三十二三天"),
        ("一个月", "一个多月"),
        ("半年", "大半年"),
        ("28元", "28万元"),
        ("两天", "两天多"),
        ("18次", "第18次"),
        ("第一次", "第一"),
        ("三", "三日"),
        ("", "3"),
    ],
)
def test_what_only_looks_like_the_brief_is_not_in_it(value: str, text: str) -> None:
    assert _objections(f"您好{text}，好", fact=value) != ()


@pytest.mark.parametrize("name", ["「耶加」", "《星球》", "“会员日”", "『夏』", "「没写完"])
def test_a_quoted_name_must_be_one_we_know(name: str) -> None:
    assert _objections(f"您的{name}") == (f"not in the brief: {name.strip('「」《》“”『』')}",)


def test_part_of_a_name_is_a_name() -> None:
    assert _objections("您的「挂耳咖啡」和『 挂耳咖啡 250G 』") == ()


def test_everything_is_told_once_and_in_order() -> None:
    claims = (Claim(span="免费", evidence_key="gift"), Claim(span="免费", evidence_key="gift"))
    assert ungrounded("「耶加」免费，3月5日免费，有优惠，18元", claims, BRIEF, OFFERS) == (
        "unknown evidence: gift",
        "not in the brief: 3月5日",
        "not in the brief: 18元",
        "not in the brief: 免费",
        "not in the brief: 优惠",
        "not in the brief: 耶加",
    )


@pytest.mark.parametrize(
    ("span", "key", "objection"),
    [
        ("隔两周买", "discount", "unknown evidence: discount"),
        ("隔三周买", "rhythm", "claimed but not said: 隔三周买"),
        ("", "rhythm", "claimed but not said: "),
        (" ", "rhythm", "claimed but not said:  "),
        ("隔两周买", "product", "wrong evidence: product for 两周"),
        ("250g", "nothing", "wrong evidence: nothing for 250g"),
    ],
)
def test_a_claim_must_rest_on_evidence_that_says_the_same(
    span: str, key: str, objection: str
) -> None:
    claims = [Claim(span=span, evidence_key=key)]
    brief = {**BRIEF, "nothing": ""}
    assert ungrounded("您隔两周买一次挂耳咖啡250g", claims, brief, OFFERS) == (objection,)


@pytest.mark.parametrize(
    ("span", "key"),
    [
        ("隔 2 周买", "rhythm"),
        ("隔2周买一次", "rhythm"),
        ("挂耳咖啡", "product"),
        ("挂耳咖啡250g，隔2周", "product"),  # a whole sentence also speaks of other evidence
        ("您的挂耳咖啡250g，隔2周", "rhythm"),
        ("您", "business"),
    ],
)
def test_a_claim_that_does_passes(span: str, key: str) -> None:
    claims = [Claim(span=span, evidence_key=key)]
    assert ungrounded("您的挂耳咖啡250g，隔2周买一次", claims, BRIEF, OFFERS) == ()
