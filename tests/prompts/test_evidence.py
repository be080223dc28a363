"""What the evidence of a segment says, and what is shown where words are missing."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from prompts import evidence
from prompts.catalogue import locale
from rules.segments.definition import Definition, Terms
from rules.segments.memberships import DEFINITIONS
from schemas.dimensions import KocSign
from schemas.segments import Cuts, SegmentPolicy

_TERMS = Terms(date(2026, 3, 2), SegmentPolicy(), Cuts(), ZoneInfo("UTC"))


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.segment)
def test_all_evidence_of_a_definition_has_its_words(definition: Definition) -> None:
    assert set(definition.evidence(_TERMS)) <= evidence.words().keys()


def test_every_sign_has_its_word() -> None:
    assert locale()["pages"]["segments"]["signs"].keys() == set(KocSign)


def test_evidence_is_told_in_the_order_of_the_words_and_what_is_unknown_is_left_out() -> None:
    told = evidence.told(
        {"gap_median": 12.5, "last_on": "2026-02-01", "orders": 3, "gap_spread": None}
    )
    assert told == ["累计 3 单", "上次下单 2026-02-01", "平时每 12.5 天买一次"]


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ({"gap_median": 12.0}, "平时每 12 天买一次"),
        ({"p_order": 0.6321}, "再买的可能 63%"),
        ({"confidence": 1.0}, "把握 100%"),
        ({"signs": ["buys_again", "knows_staff"]}, "表现：一再购买、与员工熟识"),
        ({"signs": ["a_sign_to_come"]}, "表现：a_sign_to_come"),
        ({"points": 0}, "有效积分 0"),
    ],
)
def test_numbers_and_signs_read_as_people_write_them(stored: dict[str, object], told: str) -> None:
    assert evidence.told(stored) == [told]


def test_what_has_no_words_or_does_not_fit_them_is_shown_as_it_is() -> None:
    told = evidence.told({"zeal": 3, "alpha": "x", "p_order": "probably"})
    assert told == ["p_order：probably", "alpha：x", "zeal：3"]
