"""Every segment has a name, a reason and a response for operators, and no text is left over."""

import re
from collections import defaultdict

import pytest

from prompts.segment_texts import segment_text, segment_texts
from rules.segments.memberships import DEFINITIONS
from rules.traits import WEEKDAYS, WEEKENDS
from schemas.dimensions import Dimension, Segment
from schemas.enums import Lifecycle
from schemas.segments import TRAVELS

NAMED = {Dimension.TASTE, Dimension.TRAIT, Dimension.NEED}


def _defined() -> dict[Dimension, set[str]]:
    words: defaultdict[Dimension, set[str]] = defaultdict(set)
    for one in DEFINITIONS:
        words[one.dimension].add(one.segment.value)
    words[Dimension.LIFECYCLE] = {stage.value for stage in Lifecycle}
    words[Dimension.OUTLOOK] = {Segment.LIKELY.value}
    return words


def test_every_definition_has_its_texts_and_no_text_is_left_over() -> None:
    told = {dimension: set(texts) for dimension, texts in segment_texts().segments.items()}
    assert told == _defined()


def test_every_word_of_a_segment_is_defined() -> None:
    stages = {stage.value for stage in Lifecycle}
    defined = {word for words in _defined().values() for word in words}
    assert defined - stages | {Segment.ACTIVE.value} == {segment.value for segment in Segment}


def test_every_dimension_has_a_text_and_either_fixed_segments_or_named_ones() -> None:
    texts = segment_texts()
    assert set(texts.dimensions) == set(Dimension)
    assert set(texts.named) == NAMED
    assert set(texts.segments) == set(Dimension) - NAMED


def test_the_inferred_traits_have_names() -> None:
    traits = segment_texts().traits
    assert {name: set(text.values) for name, text in traits.items()} == {
        TRAVELS: {WEEKDAYS, WEEKENDS}
    }


@pytest.mark.parametrize(
    ("dimension", "segment", "title"),
    [
        ("shopper", "premium", "高端型"),
        ("taste", "拿铁", "喜欢拿铁"),
        ("taste", "a:b", "喜欢a:b"),
        ("need", "{value}", "该补{value}"),
        ("trait", "家里有孩子:三岁:以下", "家里有孩子：三岁:以下"),
        ("trait", "travels:weekdays", "常在外地：工作日"),
    ],
)
def test_a_stored_segment_is_told_by_name(dimension: str, segment: str, title: str) -> None:
    assert segment_text(dimension, segment).title == title


def test_a_segment_that_no_dimension_has_is_an_error() -> None:
    with pytest.raises(KeyError):
        segment_text("shopper", "spendthrift")


def test_reasons_and_responses_are_one_plain_sentence() -> None:
    texts = segment_texts()
    sentences = [text.why for text in texts.dimensions.values()]
    for text in [
        *texts.named.values(),
        *(t for of in texts.segments.values() for t in of.values()),
    ]:
        sentences += [text.why, text.response]
    assert [one for one in sentences if not re.fullmatch(r"[^。！？\n]+。", one)] == []
