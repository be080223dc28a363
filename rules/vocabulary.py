"""The words by which a Chinese text counts, dates and shares, and those that only look like it."""

import re

from rules.numerals import SPOKEN

_COUNTED = """
次 回 趟 遍 单 笔 杯 件 份 盒 包 袋 瓶 罐 听 桶 箱 碗 壶 支 条 只 枚 颗 粒 片 套 组 款 种 样 张 位
名 人 家 个 分 积分 期 顿 场
"""
_MEASURED = """
天 日 号 晚 周 周年 星期 礼拜 个星期 个礼拜 个月 月 季 季度 个季度 年
小时 个小时 钟头 个钟头 分钟 秒 秒钟 刻 刻钟 岁 元 圆 块 块钱 角 角钱 毛 毛钱 分钱
折 成 倍 星 楼 % ‰ 斤 克 千克 公斤 毫升 升 公里 °c
"""

COUNTED = frozenset(_COUNTED.split())
"""Units before which 一 is no number but an article."""

VISITS = frozenset({"次", "回", "趟", "遍", "单"})
"""Those of them that count what a member did: 几次 says more than 几杯."""

SAME = {
    **dict.fromkeys(("星期", "礼拜", "个星期", "个礼拜"), "周"),
    **dict.fromkeys(("个小时", "钟头", "个钟头"), "小时"),
    **dict.fromkeys(("季度", "个季度"), "季"),
    **dict.fromkeys(("圆", "块", "块钱", "¥", "rmb", "cny"), "元"),
    **dict.fromkeys(("角钱", "毛", "毛钱"), "角"),
    **dict.fromkeys(("回", "趟"), "次"),
    **dict.fromkeys(("千克", "公斤"), "kg"),
    "号": "日",
    "秒钟": "秒",
    "克": "g",
    "毫升": "ml",
    "升": "l",
}
"""Units that mean the same as another."""

_BEGIN_ANOTHER_WORD = {"分": "享店类糖甜", "成": "为了功熟长"}
"""Characters before which a unit is none: 三分糖, 万一成了."""


def _unit(unit: str) -> str:
    return f"{unit}(?![{_BEGIN_ANOTHER_WORD.get(unit, ' ')}])"


UNIT = "|".join(_unit(unit) for unit in sorted(f"{_COUNTED}{_MEASURED}".split(), key=len)[::-1])
"""A regular expression for a unit."""

DAY_PARTS = "凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜"

_WEEK = r"(?:周|星期|礼拜)"
_WEEKDAY = r"(?:末|[一二三四五六日天](?![次杯份件盒包袋瓶趟遍气]|回(?![来复去归访])))"
_THIS_OR_NEXT = r"(?:(?<![早晚以路马线楼手])[上下]|[本这隔])一?个?"
_PERIOD = (
    rf"(?:{_WEEK}{_WEEKDAY}?(?![围边密])|月[底初末]?(?![饼光亮色子])|季度?(?!节)|年(?![轻糕级味]))"
)
_UNNUMBERED = (
    r"今[天日晚早晨夜儿年春夏秋冬]|(?<![说透发证声])明[天日晚早晨儿年春夏秋冬]|昨[天日晚早夜儿]",
    r"大?[前后]天(?![气天])|[前后去]年(?!轻)|[当次隔即]日|[当隔]天|当[周月]",
    rf"{_THIS_OR_NEXT}{_PERIOD}|每?个?{_WEEK}{_WEEKDAY}|每?个?(?<!岁)月[底初末中]",
    r"周年|双[周月]|年[底初末终]|岁末|[上中下]旬|[上下]半[年月]|正月|腊月",
    r"元旦|春节|除夕|元宵|清明|端午|七夕|中秋|国庆|重阳|圣诞|平安夜|双十[一二]|[寒暑]假",
    rf"[新过]年(?![轻糕])|生日|(?<!{SPOKEN})(?:五一|六一|三八)(?!{SPOKEN}|折)",
    r"(?:情人|妇女|母亲|父亲|儿童|教师|劳动|青年|感恩|万圣)节",
    r"立[春夏秋冬]|[春秋]分(?!享)|[夏冬]至|惊蛰|谷雨|[大小处]暑|寒露|霜降",
    r"[春夏秋冬][天日季]|[入开初暮早][春夏秋冬]|盛夏|深秋|寒冬|换季",
    rf"半价|双倍|翻倍|加倍|(?<!另)一半|[买满]{SPOKEN}+[送赠得减返免]{SPOKEN}*(?![折成倍%])",
    r"[壹贰叁肆伍陆柒捌玖拾佰仟]+[元圆角折成倍天周月年次]",
)
UNNUMBERED = "|".join(_UNNUMBERED)
"""A regular expression for days, seasons and shares that are said without a number and a unit."""

_NUMERAL = SPOKEN.strip("[]")
_NOTHING_COUNTED = (
    rf"一点一?[点滴]|(?<!{DAY_PARTS})一点(?![半钟整刻\d{_NUMERAL}])|[几半]点|[几一]时|一刻(?!钟)",
    r"[十万]分(?![钟钱之])|万一|千万(?=[别不要记一])|第一时间|第三方|一成不变|一五一十|零星|万家",
    r"(?<!分)之一|十[有之]八九|一年四季|一年到头|四季|一日三餐|一天天|一天比一天|(?:[每哪那某]|(?<![只仅还])有)一[天日]",
    r"(?:这|(?<![超不])过)(?:一?两|两三|几)[天日]|[那近等再没]几[天日]",
    r"一天的?(?=好心情|开始|工作|疲|忙|活力|精神)|新的一周",
    r"(?:新|美好|愉快|开心|快乐|轻松|惬意|忙碌|充实)的一[天晚]",
    rf"一块(?=[\u4e00-\u9fff])(?![钱就都也半{_NUMERAL}])|一角(?!钱)|三角(?=[形洲])",
    rf"(?P<twice>{SPOKEN})(?P=twice)(?P<more>{SPOKEN})(?P=more)(?![折元块天周个{_NUMERAL}])",
)
NOTHING_COUNTED = re.compile(
    rf"(?<![\d第{_NUMERAL}])(?<![\d{_NUMERAL}]点)(?:{'|'.join(_NOTHING_COUNTED)})"
)
"""Everyday words in which a numeral counts nothing: 一点, 十分, 万一."""
