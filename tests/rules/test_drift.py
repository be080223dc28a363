"""What is usual: by weekday, by factor, and only where enough days tell."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.drift import Band, DayValue, Kind, usual
from schemas.contract import DriftTerms

TERMS = DriftTerms()


def days(values: Sequence[float], rows: int = 1000) -> list[DayValue]:
    return [DayValue(ago, value, rows) for ago, value in enumerate(values, start=1)]


def today(value: float, rows: int = 1000) -> DayValue:
    return DayValue(0, value, rows)


def band(kind: Kind, values: Sequence[float], value: float = 0, rows: int = 1000) -> Band:
    found = usual(kind, today(value, rows), days(values), TERMS)
    assert found is not None
    return found


@pytest.mark.parametrize("known", [0, 1, 13])
def test_too_few_days_say_nothing(known: int) -> None:
    assert usual(Kind.COUNT, today(0), days([300] * known), TERMS) is None


def test_days_beyond_those_asked_for_say_nothing() -> None:
    old = [DayValue(ago, 300, 300) for ago in range(57, 90)]
    assert usual(Kind.COUNT, today(0), old, TERMS) is None


@pytest.mark.parametrize(
    ("value", "holds"),
    [(0, False), (60, False), (80, True), (300, True), (1100, True), (1300, False)],
)
def test_a_count_may_be_some_times_more_or_less_than_usual(value: float, holds: bool) -> None:
    history = [300, 290, 310, 305, 280, 320, 300, 300, 295, 310, 300, 290, 300, 300]
    assert band(Kind.COUNT, history).holds(value) is holds


def test_nothing_on_a_day_that_usually_has_hundreds_is_unusual_however_days_stray() -> None:
    history = [150, 600, 200, 500, 300, 250, 400, 350, 280, 320, 450, 180, 550, 300]
    assert not band(Kind.COUNT, history).holds(0)


def test_nothing_is_usual_in_a_shop_of_three_orders_a_day() -> None:
    assert band(Kind.COUNT, [3, 2, 4, 3, 3, 2, 5, 3, 3, 4, 2, 3, 3, 3]).holds(0)


def test_a_bulk_edit_of_what_hardly_ever_changes_is_usual() -> None:
    assert band(Kind.COUNT, [0] * 14).holds(TERMS.least_rows)
    assert not band(Kind.COUNT, [0] * 14).holds(TERMS.least_rows + 1)


def test_the_same_weekday_counts_once_there_are_enough_of_it() -> None:
    history = [0 if ago % 7 == 0 else 300 for ago in range(1, 29)]
    closed = band(Kind.COUNT, history)
    assert (closed.days, closed.holds(0), closed.holds(300)) == (4, True, False)


def test_until_then_what_the_weekday_was_before_is_usual_too() -> None:
    history = [0 if ago % 7 == 0 else 300 for ago in range(1, 22)]
    closed = band(Kind.COUNT, history)
    assert (closed.days, closed.holds(0), closed.holds(300)) == (21, True, True)


def test_one_outage_and_one_promotion_move_nothing() -> None:
    quiet = band(Kind.COUNT, [300] * 20)
    assert band(Kind.COUNT, [300] * 8 + [0] + [300] * 2 + [9000] + [300] * 8) == quiet


@pytest.mark.parametrize(("value", "holds"), [(0.59, False), (0.61, True), (1.0, True)])
def test_a_share_may_differ_by_so_much(value: float, holds: bool) -> None:
    assert band(Kind.SHARE, [0.8] * 14).holds(value) is holds


def test_a_mean_may_be_some_times_more_or_less_but_gets_no_allowance_of_rows() -> None:
    found = band(Kind.MEAN, [20] * 14)
    assert (found.holds(60), found.holds(100), found.holds(3)) == (True, False, False)


@pytest.mark.parametrize("kind", [Kind.SHARE, Kind.MEAN])
def test_shares_and_means_of_few_rows_say_nothing(kind: Kind) -> None:
    assert usual(kind, today(0.5, rows=99), days([0.5] * 20), TERMS) is None
    assert usual(kind, today(0.5), days([0.5] * 20, rows=99), TERMS) is None


@given(
    st.lists(st.floats(0, 1e9), min_size=14, max_size=56),
    st.sampled_from([Kind.COUNT, Kind.MEAN]),
)
def test_the_middle_of_equal_days_is_always_usual(values: list[float], kind: Kind) -> None:
    found = band(kind, values)
    assert 0 <= found.low <= found.high
    assert band(kind, values[:1] * len(values)).holds(values[0])


@given(st.lists(st.floats(0, 1), min_size=14, max_size=56))
def test_the_band_of_a_share_lies_within_nothing_and_all(values: list[float]) -> None:
    found = band(Kind.SHARE, values)
    assert 0 <= found.low <= found.high <= 1
