"""Books balance, and say so in words an operator reads."""

import pytest

from rules.books import Equation


@pytest.mark.parametrize(
    ("whole", "parts", "balances", "words"),
    [
        (3, {"won": 1, "suppressed": 2}, True, "3 candidates = 1 won + 2 suppressed"),
        (4, {"won": 1, "suppressed": 2}, False, "4 candidates ≠ 1 won + 2 suppressed"),
        (0, {}, True, "0 candidates = 0"),
        (1, {}, False, "1 candidates ≠ 0"),
    ],
)
def test_the_parts_make_the_whole_or_the_books_say_so(
    whole: int, parts: dict[str, int], balances: bool, words: str
) -> None:
    equation = Equation("candidates", whole, parts)
    assert equation.balances is balances
    assert str(equation) == words
