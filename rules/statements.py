"""What a Chinese text states in numbers, days and addresses, in a form that can be compared."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from rules.numerals import DIGIT, NUMBER, SMALL, SPOKEN, Amounts, amounts, is_number_alone
from rules.vocabulary import COUNTED, DAY_PARTS, NOTHING_COUNTED, SAME, UNIT, UNNUMBERED, VISITS

Key = tuple[object, ...]
_Read = tuple[Key, ...]
"""A key, and the keys of what is true with it."""

_JOINED = ("折", "年")
"""Units before which two digits side by side are one number."""

_PER_TEN = 10

_PATTERNS = {
    "address": (
        r"https?:/[\x21-\x7e]*[a-z0-9/]|[a-z0-9_.+-]*@[\w.-]*"
        r"|(?<![a-z0-9])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/?#](?:[\x21-\x7e]*[a-z0-9/])?)?"
    ),
    "date": (
        r"(?<!\d)(?:(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
        r"|(?P<month>\d{1,2})/(?P<day>\d{1,2})(?!\d)"
        rf"|(?:(?P<year>{NUMBER})年)?(?P<moon>{SMALL})月(?!饼)份?"
        rf"(?:(?P<sun>{SMALL})[日号]|(?P<phase>[底初末]|[上中下]旬))?)"
    ),
    "phone": r"(?<!\d)\+?\d(?:[ -]?\d){9,}(?!\d)",
    "time": (
        rf"(?P<part>{DAY_PARTS})?(?:(?P<h>\d{{1,2}}):(?P<min>\d{{2}})(?!\d)"
        rf"|(?P<hour>{SMALL})(?:点钟?(?!{DIGIT}+[折成倍元块])|时(?![候间光节刻尚常代]))"
        rf"(?:(?P<half>半)|(?P<quarters>[一两三123])刻"
        rf"|(?P<minutes>\d{{2}}|[二三四五]?十{DIGIT}?|零{DIGIT}|{SMALL}(?=分))(?:分(?!钟))?"
        rf"(?!\d|{SPOKEN}|{UNIT}|[a-z]))?)"
    ),
    "share": rf"百分百|(?P<whole>{NUMBER})分之(?P<some>{NUMBER})",
    "words": UNNUMBERED,
    "every": r"每一?个?(?P<period>周|星期|礼拜|月|季度|季(?!节)|年)",
    "quantity": (
        rf"(?:(?P<sign>[¥$€£]|rmb|cny) ?)?(?P<nth>第)?(?P<low>{NUMBER})"
        rf"(?:(?:[-~–—]|至|到)(?P<high>{NUMBER}))?"
        rf"(?:(?P<more>[几多来余])(?={UNIT}))?(?:个(?P<within>[半多])(?=月|小时|星期|礼拜|钟头))?"
        rf"(?P<unit>{UNIT}| ?[a-z]+)?"
        rf"(?:(?<=[元块])(?P<cents>{DIGIT}|\d)[角毛]?(?!\d|\.|{SPOKEN}|{UNIT}))?"
        r"(?P<after>半(?![价糖岛熟成自])|多(?![谢喝吃买来些次款样种少久了加给云]))?"
    ),
}
_STATEMENT = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _PATTERNS.items()))
_WORDS = re.compile(UNNUMBERED)


@dataclass(frozen=True)
class Statement:
    """
    A piece of a text that is true or false, from `start` to `end`.

    Two with one key state the same, however they are written. One that is only an `article`
    (一杯) is always true.
    """

    written: str
    start: int
    end: int
    key: Key
    implied: tuple[Key, ...]
    article: bool


def statements(text: str) -> Iterator[Statement]:
    """Yield what a normalised text states, from its beginning to its end."""
    for found in _STATEMENT.finditer(_masked(text)):
        kind = str(found.lastgroup)
        if kind == "quantity" and _is_no_number(found):
            continue
        key, *implied = _READERS.get(kind, _as_written)(found)
        article = kind == "quantity" and _is_article(found)
        yield Statement(found.group(), *found.span(), key, tuple(implied), article)


def stated(value: str) -> set[Key]:
    """Return the keys of all that a normalised value states or implies."""
    masked = _masked(value)
    # Days stand within days: whoever says 本周末 has also said 周末.
    days = (_WORDS.match(masked, at) for at in range(len(masked)))
    return {key for one in statements(value) for key in (one.key, *one.implied)} | {
        (day.group(),) for day in days if day
    }


def _masked(text: str) -> str:
    return NOTHING_COUNTED.sub(lambda found: "_" * len(found.group()), text)


def _as_written(found: re.Match[str]) -> _Read:
    return ((found.group(),),)


def _date(found: re.Match[str]) -> _Read:
    """Read a date; whoever tells all of it also tells its parts."""
    year = _amounts(found["y"] or found["year"], joined=True)
    month = _amounts(found["m"] or found["month"] or found["moon"])
    day = _amounts(found["d"] or found["day"] or found["sun"])
    parts = (year, month, day or found["phase"])
    dates = [("date", *some) for some in product(*((part, None) for part in parts))]
    return (*dates, (year, "年"), (day, "日"), *((part, "") for part in parts))


def _time(found: re.Match[str]) -> _Read:
    """Read a time of day; 上午9点 is also 9点, but 9点 is not yet 上午9点."""
    hour = _amounts(found["h"] or found["hour"])
    minutes: Amounts = _amounts(found["min"] or found["minutes"]) or (Decimal(0),)
    if found["half"]:
        minutes = (Decimal(30),)
    elif found["quarters"]:
        minutes = tuple(one * 15 for one in amounts(found["quarters"]))
    return (("time", found["part"], hour, minutes), ("time", None, hour, minutes))


def _every(found: re.Match[str]) -> _Read:
    """Read 每周 as one week, for whoever comes every week comes at intervals of one."""
    unit = found["period"]
    return (((Decimal(1),), "个月" if unit == "月" else SAME.get(unit, unit)),)


def _share(found: re.Match[str]) -> _Read:
    """Read a share as percent: 百分之五, 三分之一."""
    (whole, *_), (part, *_) = amounts(found["whole"] or "百"), amounts(found["some"] or "百")
    if isinstance(whole, str) or isinstance(part, str) or not whole:
        return _as_written(found)
    return (((100 * part / whole,), "%"),)


def _quantity(found: re.Match[str]) -> _Read:
    """Read a number and its unit; whoever tells both also tells the number."""
    sign, unit = found["sign"] or "", (found["unit"] or "").strip()
    unit = f"个{unit}" if found["within"] else unit
    sign, unit = SAME.get(sign, sign), SAME.get(unit, unit)
    unit = unit if unit == sign else f"{sign}{unit}"
    numbers = amounts(found["low"], joined=unit in _JOINED) + (_amounts(found["high"]) or ())
    numbers = tuple(_exactly(one, unit, found) for one in numbers)
    roughly = "多" if found["more"] or "多" in (found["within"], found["after"]) else ""
    key = (numbers, f"{found['nth'] or ''}{unit}{roughly}")
    return (key, (numbers, ""), *(((one,), "") for one in numbers))


def _exactly(number: Decimal | str, unit: str, found: re.Match[str]) -> Decimal | str:
    """Return a number with what is said of it behind its unit: 一个半月, 9块9; 85折 is 8.5折."""
    half = "半" in (found["within"], found["after"])
    if isinstance(number, str):
        return f"{number}半" if half else number
    if found["cents"]:
        return number + Decimal(str(amounts(found["cents"])[0])) / 10
    if unit == "折" and number >= _PER_TEN:
        return number / 10
    return number + Decimal("0.5") if half else number


def _is_no_number(found: re.Match[str]) -> bool:
    said = found["unit"] or found["sign"] or found["nth"] or found["high"]
    return not said and not is_number_alone(found["low"])


def _is_article(found: re.Match[str]) -> bool:
    number, unit = found["low"], found["unit"] or ""
    if found.group() != f"{number}{unit}" or unit not in COUNTED:
        return False
    return number == "一" or (number in ("几", "一两") and unit not in VISITS)


def _amounts(written: str | None, *, joined: bool = False) -> Amounts | None:
    return amounts(written, joined=joined) if written else None


_READERS: dict[str, Callable[[re.Match[str]], _Read]] = {
    "date": _date,
    "time": _time,
    "every": _every,
    "share": _share,
    "quantity": _quantity,
}
