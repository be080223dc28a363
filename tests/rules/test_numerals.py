"""Numbers as they are written in Chinese texts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.numerals import amounts, is_number_alone
from tests.rules.builders import thoroughly
from tests.rules.chinese import spoken


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("007", "7"),
        ("3,500", "3500"),
        ("9.90", "9.9"),
        ("1.2万", "12000"),
        ("3百万", "3000000"),
        ("零", "0"),
        ("两", "2"),
        ("半", "0.5"),
        ("十", "10"),
        ("十二", "12"),
        ("百", "100"),
        ("一百二", "120"),
        ("一百零二", "102"),
        ("一万二", "12000"),
        ("两千万", "20000000"),
        ("一亿零三", "100000003"),
        ("三点五", "3.5"),
        ("十二点零五", "12.05"),
        ("二零二六", "2026"),
        ("八零", "80"),
        ("八五点五", "85.5"),
    ],
)
def test_a_number_is_read_however_it_is_written(written: str, number: str) -> None:
    assert amounts(written) == (Decimal(number),)


@thoroughly
@given(st.integers(min_value=0, max_value=99_999_999))
def test_every_whole_number_is_read_back(number: int) -> None:
    assert amounts(spoken(number)) == (Decimal(number),)


def test_two_digits_side_by_side_are_a_range_unless_they_are_joined() -> None:
    assert amounts("两三") == (Decimal(2), Decimal(3))
    assert amounts("八五", joined=True) == (Decimal(85),)


@pytest.mark.parametrize("written", ["几", "几十", "十二三", "两三百", "大半"])
def test_what_is_only_roughly_a_number_stays_as_written(written: str) -> None:
    assert amounts(written) == (written,)


@pytest.mark.parametrize("written", ["7", "二十", "一百二", "二零二六"])
def test_some_numbers_need_no_unit(written: str) -> None:
    assert is_number_alone(written)


@pytest.mark.parametrize("written", ["一", "十", "千万", "两三", "半", "几"])
def test_a_numeral_that_mostly_stands_in_other_words_is_none_alone(written: str) -> None:
    assert not is_number_alone(written)
