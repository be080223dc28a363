"""Rows come in fixed columns, and a key reads the same whatever type a file gave it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.enums import Entity
from schemas.incoming import COLUMNS, Page, key_text, rehearsal_unionid


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (17850.0, "17850"),
        (17850, "17850"),
        ("17850", "17850"),
        ("017850", "017850"),
        ("17850.0", "17850.0"),
        (0.5, "0.5"),
        (-3.0, "-3"),
        (1e16, "10000000000000000"),
        (float("inf"), "inf"),
    ],
)
def test_a_key_is_text(value: object, expected: str) -> None:
    assert key_text(value) == expected


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_a_whole_number_is_the_same_key_as_a_float(number: int) -> None:
    assert key_text(float(number)) == key_text(number) == str(number)


def test_every_entity_has_its_columns() -> None:
    assert set(COLUMNS) == set(Entity)
    for columns in COLUMNS.values():
        assert "row" not in columns
        assert len(set(columns)) == len(columns)


def test_made_up_identities_of_two_sources_never_meet() -> None:
    assert rehearsal_unionid("log", "1") != rehearsal_unionid("shop", "1")


def test_a_page_drops_nothing_unless_it_says_so() -> None:
    assert Page([], 0).dropped == {}
