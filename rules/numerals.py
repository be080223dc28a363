"""Numbers as people write them: 3,500, 1.2万, 两百五十, 三点五, 半, 两三."""

import re
from decimal import Decimal

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_POWERS = {"十": 1, "百": 2, "千": 3, "万": 4, "亿": 8}
_ROUGHLY = re.compile("几|大半|[一二两三四五六七八九]{2}")
_PAIR = 2
_IN_A_ROW = 4

DIGIT = f"[{''.join(_DIGITS)}]"
"""A regular expression for a spoken digit."""

SPOKEN = f"[{''.join({**_DIGITS, **_POWERS})}]"
"""One for a character of a spoken number."""

SMALL = rf"(?:\d{{1,2}}|{SPOKEN}{{1,3}})"
"""One for a day, a month or an hour."""

NUMBER = (
    r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[百千]?[万亿]|[百千](?![合香层]))?"
    rf"|{SPOKEN}+(?:点{DIGIT}+(?=[折成倍元块万斤%]))?|几[十百千万亿]*|大?半)"
)
"""One for any number; a spoken one has decimals only where it can be no time of day."""

Amounts = tuple[Decimal | str, ...]
"""One number, or both ends of a range; what is only roughly a number stays as it is written."""


def amounts(written: str, *, joined: bool = False) -> Amounts:
    """
    Return what a match of NUMBER stands for.

    Two digits side by side are a range (两三 is two to three), or one number where such are
    `joined` (八五折, 二六年). No library is asked: those for Chinese numerals read 两三 as 23 and
    know neither 半 nor 几, so they would be the smaller part of this.
    """
    if written[0].isdecimal():
        plain = written.rstrip("".join(_POWERS))
        power = sum(_POWERS[character] for character in written[len(plain) :])
        return (Decimal(plain.replace(",", "")) * 10**power,)
    if written == "半":
        return (Decimal("0.5"),)
    whole, _, decimals = written.partition("点")
    if set(whole) <= set(_DIGITS):
        if len(whole) == _PAIR and "零" not in whole and not joined and not decimals:
            return tuple(Decimal(_DIGITS[digit]) for digit in whole)
        return (Decimal(f"{_in_a_row(whole)}.{_in_a_row(decimals)}"),)
    if _ROUGHLY.search(whole):
        return (written,)
    return (_counted(whole) + Decimal(f"0.{_in_a_row(decimals)}"),)


def is_number_alone(written: str) -> bool:
    """
    Tell whether a match of NUMBER is a number even with no unit behind it.

    一 and 千万 alone belong to other words more often than not, 二十 and 二零二六 never do.
    """
    if written[0].isdecimal():
        return True
    digits, powers = set(written) & set(_DIGITS), set(written) & set(_POWERS)
    return bool(digits and powers) or len(written) >= _IN_A_ROW


def _in_a_row(digits: str) -> str:
    return "".join(str(_DIGITS[digit]) for digit in digits)


def _counted(written: str) -> Decimal:
    """Return a number built of tens, hundreds, thousands; a last digit may be short for them."""
    total = section = digit = 0
    for character in written:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in "万亿":
            total = (total + section + digit or 1) * 10 ** _POWERS[character]
            section = digit = 0
        else:
            section += (digit or 1) * 10 ** _POWERS[character]
            digit = 0
    short = _POWERS.get(written[-2:-1], 1) - 1  # 一百二 is 120
    return Decimal(total + section + digit * 10**short)
