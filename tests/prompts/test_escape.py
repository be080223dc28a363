"""What others wrote stands on a page as they wrote it: it is never markup."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from prompts.escape import as_text
from prompts.render import render

HOSTILE = [
    "<img onerror>",
    "<script>alert(1)</script>",
    "<!-- 注释",
    "| a | b |",
    "a\\|b \\\\| c",
    "](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "![x](https://example.com/t.png)",
    "[x]: https://example.com",
    "<https://example.com>",
    "# 标题",
    "- 一",
    "1. 一",
    "1) 一",
    "> 引",
    "    代码",
    "```",
    "~~~js",
    "**粗** _斜_ ~~删~~ `码`",
    "&lt;b&gt; &amp; &#60;",
    "---",
    "===",
    "|---|",
    "\\",
    "末\\",
    "{{ 7 * 7 }}",
    "一\n\n# 二\n| 三 |",
    "一\r\n- 二",
    "一\u2028# 二",
]
PLACES = [
    "{}",
    "> {}",
    "- **标签** {}",
    "## {}",
    "| 甲 | 乙 |\n|---|---|\n| {} | 丙 |",
    "「{}」← 依据",
]
_HARMLESS = {"text", "text_special", "softbreak"}


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def blocks(markdown: str) -> list[str]:
    """Return the shape of a page: its blocks without what is written in them."""
    return [token.type for token in parsed(markdown)]


def words(markdown: str) -> str:
    """Return what a page shows; our own tag for a line's end is the only one there may be."""
    shown = []
    for inline in (token for token in parsed(markdown) if token.type == "inline"):
        for token in inline.children or []:
            if token.type == "html_inline":
                assert token.content == "<br>"
                shown.append("\n")
            elif token.type.startswith("strong"):
                assert token.markup == "**"
            else:
                assert token.type in _HARMLESS, token
                shown.append(token.content)
    return "".join(shown)


def expected(value: str) -> str:
    """Return what may be left of a value: blanks at the ends of lines and no unprintable marks."""
    return "\n".join(line.strip().replace("\t", " ") for line in value.splitlines())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(place: str, value: str) -> None:
    page = place.format(as_text(value))
    assert blocks(page) == blocks(place.format("文"))
    assert words(page) == words(place.format("文")).replace("文", expected(value))


_WRITTEN = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co"]), min_size=1)
_MARKS = st.text("\\`*_{}[]<>()#+-.!|~&:/@=$^\"' \n一a1", min_size=1)


@given(_WRITTEN | _MARKS, st.sampled_from(PLACES))
def test_any_text_stays_text(value: str, place: str) -> None:
    shown = words(place.format(as_text(f"甲{value}乙")))
    assert shown == words(place.format("文")).replace("文", expected(f"甲{value}乙"))


@given(st.text())
def test_a_value_stays_on_its_line(value: str) -> None:
    assert len(as_text(value).splitlines()) <= 1


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x7f", "\u202e", "\u2066", "\u200f", "\ud800"])
def test_what_garbles_the_page_is_shown_as_unknown(mark: str) -> None:
    assert as_text(f"左{mark}右") == "左\N{REPLACEMENT CHARACTER}右"


@pytest.mark.parametrize("fine", ["润物咖啡", "é", "👩‍👩‍👧", "，。「」", "한국어"])
def test_what_people_write_is_left_as_it_is(fine: str) -> None:
    assert as_text(fine) == fine


@given(st.text())
def test_only_punctuation_and_unprintable_marks_are_touched(value: str) -> None:
    plain = re.sub(r"<br>|\\(?=[!-/:-@\[-`{-~])", "", as_text(value))
    for character in plain:
        assert unicodedata.category(character) not in ("Cc", "Cs")


def test_templates_reach_it_as_a_filter() -> None:
    assert render("{{ name | md }}", {"name": "<b>"}) == r"\<b\>"
