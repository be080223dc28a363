"""An approval is bound to exactly what was seen."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.content_hash import content_hash
from schemas.channel import Link
from schemas.enums import Category

SEEN: dict[str, Any] = {
    "text": "您好，直接回复我就停。",
    "title": "润物咖啡",
    "description": "需要时点开看看",
    "url": "https://example.com/members",
    "channel": "wecom",
    "category": Category.MARKETING,
    "policy_version": "abc",
    "expires_at": datetime(2026, 3, 4, 10, tzinfo=UTC),
}


def _hash(**changed: Any) -> str:
    values = {**SEEN, **changed}
    link = Link(*(values.pop(part) for part in ("title", "description", "url")))
    return content_hash(values.pop("text"), link, **values)


CHANGED: dict[str, Any] = {
    "text": "您好，直接回复我就停！",
    "title": "润物茶",
    "description": "需要时点开看看 ",
    "url": "https://example.com/members?m=1",  # a marker would change it, so it bears none
    "channel": "sms",
    "category": Category.SERVICE,
    "policy_version": "abd",
    "expires_at": datetime(2026, 3, 4, 10, 0, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("part", SEEN)
def test_any_change_needs_a_new_yes(part: str) -> None:
    assert _hash(**{part: CHANGED[part]}) != _hash()


def test_the_same_content_has_the_same_hash_in_every_process() -> None:
    """It is stored and compared for days, so it must never drift."""
    assert _hash() == "30e798948acfe91ca2ac62ff721c97f1c62f4e68011dfccdc0a02eb1c6d90dc0"


def test_the_same_instant_told_in_another_zone_is_no_change() -> None:
    there = SEEN["expires_at"].astimezone(ZoneInfo("Asia/Shanghai"))
    assert _hash(expires_at=there) == _hash()


TEXTS = st.sampled_from(["a", "b", "ab", "", '"', ", ", '", "'])


@given(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS, TEXTS, TEXTS))
def test_words_cannot_wander_from_one_part_to_another(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    parts = ("text", "title", "description", "url")
    hashes = {_hash(**dict(zip(parts, texts, strict=True))) for texts in (one, other)}
    assert len(hashes) == len({one, other})
