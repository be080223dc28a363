"""Numbers said in Chinese, for texts under test."""

_DIGITS = "零一二三四五六七八九"
_FULL_WIDTH = str.maketrans("0123456789.,:%", "０１２３４５６７８９．，：％")


def spoken(number: int) -> str:
    """Return a whole number below a hundred million as it is said."""
    high, low = divmod(number, 10_000)
    if not high:
        return _below_ten_thousand(low)
    gap = "零" if 0 < low < 1_000 else ""
    return f"{_below_ten_thousand(high)}万{gap}{_below_ten_thousand(low) if low else ''}"


def full_width(text: str) -> str:
    return text.translate(_FULL_WIDTH)


def _below_ten_thousand(number: int) -> str:
    if number == 0:
        return "零"
    said = ""
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, power)
        if digit:
            said += _DIGITS[digit] + name
        elif said and number and not said.endswith("零"):
            said += "零"
    return said.removeprefix("一") if said.startswith("一十") else said
