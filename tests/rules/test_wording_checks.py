"""What a text must never contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.wording_checks import Checked, check_card, check_text

REFUSAL = "直接回复我"
GOOD = f"您好，算来又快到日子了。不想再收到，{REFUSAL}说一声就停。"


def _check(text: str, *, max_bytes: int = 4000, refusal: str = REFUSAL) -> Checked:
    return check_text(text, max_bytes=max_bytes, forbidden=("最好", "疯抢"), refusal=refusal)


def test_a_good_text_passes() -> None:
    assert _check(GOOD) == Checked((), ())


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        (f"{GOOD}最好的咖啡", "forbidden word: 最好"),
        (f"{GOOD}\x00", "control characters"),
        (f"{GOOD}\r\n", "control characters"),
        (f"{GOOD}\u202e", "control characters"),  # it would turn the text around
        (f"{GOOD}最\u200b好", "control characters"),  # it would split a forbidden word
        ("您好，咖啡快喝完了吧。", "no way to refuse"),
    ],
)
def test_a_violation_is_named(text: str, violation: str) -> None:
    assert _check(text).violations == (violation,)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_nothing_is_not_a_text(text: str) -> None:
    assert "empty" in _check(text).violations


@pytest.mark.parametrize(
    ("text", "residue"),
    [
        ("您好 {{ name }}", ["{{", "}}"]),
        ("{% if x %}您好", ["{%", "%}"]),
        ("{# note", ["{#"]),
        ("您好 ${name}", ["${"]),
        ("您好 <b>", ["<b>"]),
        ("买了 None 次", ["None"]),
        ("每None周买一次", ["None"]),  # no space stands between Chinese and a leftover
        ("「null」和nan", ["null", "nan"]),
        ("undefined，NaN，NULL", ["undefined", "NaN", "NULL"]),
    ],
)
def test_leftovers_of_a_template_are_found(text: str, residue: list[str]) -> None:
    expected = [f"template residue: {one}" for one in residue]
    found = _check(GOOD + text).violations
    assert [one for one in found if one.startswith("template")] == expected


@pytest.mark.parametrize("text", ["香蕉banana", "Nonesuch", "1 < 2", "annull", "{一}", "50%"])
def test_ordinary_words_are_no_leftovers(text: str) -> None:
    assert _check(GOOD + text) == Checked((), ())


@pytest.mark.parametrize(
    ("extra", "violations", "warnings"),
    [
        (0, (), ("long: 300 bytes",)),
        (1, ("length: 301 of 300 bytes",), ()),
    ],
)
def test_a_chinese_character_counts_three_bytes(
    extra: int, violations: tuple[str, ...], warnings: tuple[str, ...]
) -> None:
    text = REFUSAL + "好" * (100 - len(REFUSAL)) + "." * extra
    assert _check(text, max_bytes=300) == Checked(violations, warnings)


@pytest.mark.parametrize(("length", "warned"), [(1000, False), (1001, True)])
def test_a_long_text_is_for_the_reviewers_eye(length: int, warned: bool) -> None:
    text = REFUSAL + "." * (length - len(REFUSAL.encode()))
    assert _check(text).violations == ()
    assert bool(_check(text).warnings) is warned


def test_a_way_to_refuse_that_is_empty_is_none() -> None:
    """Every text contains the empty one (Ad Law art. 43 wants a real way)."""
    assert "no way to refuse" in _check(GOOD, refusal="").violations


def test_everything_wrong_is_told_at_once() -> None:
    told = _check("疯抢{{最好\x00", max_bytes=9).violations
    assert told == (
        "length: 15 of 9 bytes",
        "forbidden word: 最好",
        "forbidden word: 疯抢",
        "template residue: {{",
        "control characters",
        "no way to refuse",
    )


PIECES = st.lists(st.one_of(st.text(max_size=5), st.sampled_from([REFUSAL, "最好", "{{"]))).map(
    "".join
)


@given(PIECES, st.integers(min_value=1, max_value=40))
def test_a_text_passes_only_if_it_is_short_clean_and_leaves_a_way_out(
    text: str, max_bytes: int
) -> None:
    checked = check_text(text, max_bytes=max_bytes, forbidden=("最好",), refusal=REFUSAL)
    if not checked.violations:
        assert len(text.encode()) <= max_bytes
        assert REFUSAL in text
        assert not any(bad in text for bad in ("最好", "{{", "None", "\x00"))


def test_a_card_is_read_as_closely_as_the_text() -> None:
    assert check_card("给您留着", "需要时点开看看", ("最好",)) == ()
    assert check_card("最好" * 30, "{{ x }}", ("最好",)) == (
        "card title: length: 180 of 128 bytes",
        "card title: forbidden word: 最好",
        "card description: template residue: {{",
        "card description: template residue: }}",
    )
