"""Tastes and traits are what live evidence tags say, and end with them."""

import json

from tests.rules.facts_builder import TODAY, day, facts, tag
from tests.rules.segment_rows import due, rows


def test_a_favourite_family_is_a_taste_and_any_other_trait_has_its_name() -> None:
    person = facts({"tags": [tag(), tag("child", "yes:3"), tag("travels", "weekends")]})
    assert [row[:5] for row in rows(person)] == [
        (1, "taste", "latte", None, False),
        (1, "trait", "child:yes:3", None, False),
        (1, "trait", "travels:weekends", None, False),
    ]


def test_the_evidence_is_the_tags_own() -> None:
    person = facts({"tags": [tag(event="shop:42", confidence=2 / 3, in_days=5)]})
    (row,) = rows(person)
    assert json.loads(row[5]) == {
        "event": "shop:42",
        "expires_on": day(-5).isoformat(),
        "confidence": 0.6667,
    }


def test_a_tag_is_gone_on_the_day_it_expires() -> None:
    person = facts({"tags": [tag(in_days=2)]})
    assert due(person) == {(1, "evidence"): day(-2)}
    assert len(rows(person, day(-1))) == 1
    assert rows(person, day(-2)) == []
    assert due(person, day(-2)) == {}


def test_the_tag_that_expires_first_turns_the_wheel() -> None:
    gone = tag(value="tea", in_days=0)
    person = facts({"tags": [tag(in_days=9), gone, tag("child", "yes", in_days=4)]})
    assert due(person) == {(1, "evidence"): day(-4)}
    assert due(person, day(-4)) == {(1, "evidence"): day(-9)}


def test_each_person_has_their_own_tags() -> None:
    people = facts({"person_id": 1, "tags": [tag()]}, {"person_id": 2}, {"person_id": 3})
    assert {row[0] for row in rows(people)} == {1}


def test_a_tag_without_a_name_a_value_or_an_end_says_nothing() -> None:
    nameless = [{**tag(), "trait": None}, {**tag(), "value": None}, tag(expires_on=None)]
    person = facts({"tags": nameless}, {"person_id": 2, "tags": None})
    assert rows(person, TODAY) == []
    assert due(person) == {}
