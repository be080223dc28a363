"""How regularly people buy, and when their next order is due."""

from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import ceil, floor
from random import Random
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cadence import (
    PopulationRhythm,
    cadences,
    due_windows,
    is_regular,
    population_rhythm,
    regularity,
)
from schemas.policy import Policy

FIRST = date(2026, 1, 5)
POLICY = Policy()
EVERYBODY = PopulationRhythm(typical=30.0, between=0.5, within=0.6)
GAPS = st.lists(st.integers(min_value=1, max_value=200), max_size=9)
HISTORIES = st.lists(GAPS, min_size=1, max_size=6)
POLICIES = st.builds(
    Policy,
    regular_gaps=st.integers(min_value=2, max_value=4),
    regular_spread=st.floats(min_value=0.01, max_value=2),
    due_lead_days=st.integers(min_value=0, max_value=30),
    due_overrun=st.floats(min_value=1, max_value=3),
)


def _days(gaps: list[int]) -> list[date]:
    return [FIRST + timedelta(days=days) for days in accumulate(gaps, initial=0)]


def _frame(histories: list[list[int]]) -> pl.DataFrame:
    rows = [(person, day) for person, gaps in enumerate(histories) for day in _days(gaps)]
    return pl.DataFrame(rows, {"person_id": pl.Int64, "on": pl.Date}, orient="row")


def _one(*gaps: int) -> pl.DataFrame:
    return cadences(_frame([list(gaps)]), ["person_id"])


def _middle(gaps: list[int]) -> tuple[float | None, float | None]:
    if not gaps:
        return None, None
    middle = median(gaps)
    return middle, median(abs(gap - middle) for gap in gaps)


def _literal(person: int, gaps: list[int]) -> tuple[Any, ...]:
    days = _days(gaps)
    last = gaps[-1] if gaps else None
    return (person, len(days), days[0], days[-1], last, *_middle(gaps), *_middle(gaps[:-1]))


@given(HISTORIES, st.randoms(use_true_random=False))
def test_a_cadence_tells_the_gaps_whatever_the_order_of_rows(
    histories: list[list[int]], random: Random
) -> None:
    rows = _frame(histories).rows()
    rows += random.sample(rows, len(rows) // 2)  # a second order on the same day
    random.shuffle(rows)
    frame = pl.DataFrame(rows, {"person_id": pl.Int64, "on": pl.Date}, orient="row")
    told = cadences(frame, ["person_id"])
    assert told.rows() == [_literal(person, gaps) for person, gaps in enumerate(histories)]


def test_a_cadence_is_told_per_product_family_too() -> None:
    rows = [(2, "tea", day) for day in _days([7, 9])] + [
        (1, "tea", FIRST),
        (2, "cake", FIRST),
        (2, "cake", FIRST + timedelta(days=40)),
    ]
    frame = pl.DataFrame(rows, ["person_id", "family", "on"], orient="row")
    told = cadences(frame, ["person_id", "family"])
    assert told.select("person_id", "family", "order_days", "gap_median").rows() == [
        (1, "tea", 1, None),
        (2, "cake", 2, 40.0),
        (2, "tea", 3, 8.0),
    ]


def test_keys_of_any_kind_and_size_are_told_apart() -> None:
    pairs = [(-(2**62), -3), (-5, 2**31 - 1), (-5, -(2**31)), (7, 0), (2**62, 9)]
    days = {pair: _days([7 + at] * at) for at, pair in enumerate(sorted(pairs))}
    rows = [(*pair, day) for pair, own in reversed(days.items()) for day in own]
    schema = {"person_id": pl.Int64, "family": pl.Int32, "on": pl.Date}
    frame = pl.DataFrame(rows, schema, orient="row")
    near = frame.filter(pl.col("person_id").is_between(-5, 7))
    for some in (frame, near):
        told = cadences(some, ["person_id", "family"])
        named = cadences(
            some.with_columns(pl.col("family").cast(pl.String)), ["person_id", "family"]
        )
        assert told.schema["family"] == pl.Int32
        assert named.with_columns(pl.col("family").cast(pl.Int32)).sort(told.columns).equals(told)
        for person, family, orders, first, last in told.select(pl.nth(range(5))).iter_rows():
            own = days[person, family]
            assert (orders, first, last) == (len(own), own[0], own[-1])


def test_days_before_1970_count_like_others() -> None:
    days = [date(1969, 12, 30), date(1970, 1, 1), date(1970, 1, 4)]
    told = cadences(pl.DataFrame({"person_id": [1, 1, 1], "on": days}), ["person_id"])
    assert told.select("first_on", "last_on", "last_gap", "gap_median").row(0) == (
        days[0],
        days[-1],
        3,
        2.5,
    )


def test_no_days_make_no_cadence() -> None:
    none = cadences(_frame([]), ["person_id"])
    assert none.is_empty()
    assert none.schema == _one(7, 7).schema
    assert due_windows(none, EVERYBODY, POLICY).is_empty()


@pytest.mark.parametrize(
    ("gaps", "expected", "before"),
    [
        ([], False, False),
        ([14, 14], False, False),  # twice may be chance
        ([14, 14, 14], True, False),
        ([10, 14, 20], True, False),  # spread 4 of 14
        ([7, 14, 30], False, False),  # spread 7 of 14
        ([14, 14, 14, 90], True, True),
        ([1, 90, 2, 80], False, False),
    ],
)
def test_only_a_steady_rhythm_is_spoken_of(gaps: list[int], expected: bool, before: bool) -> None:
    told = _one(*gaps).select(now=is_regular(POLICY), prior=is_regular(POLICY, prior=True))
    assert told.row(0) == (expected, before)


@pytest.mark.parametrize(("spread", "expected"), [(0.5, True), (0.49, False)])
def test_the_widest_spread_allowed_is_still_regular(spread: float, expected: bool) -> None:
    told = _one(7, 14, 30).select(is_regular(Policy(regular_spread=spread)))
    assert told.item() is expected


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], 0),
        ([14], 0),  # one gap tells nothing of its scatter
        ([14, 14], 1 / 3),
        ([14] * 9, 0.8),
        ([10, 14, 18], (1 - 4 / 14 / 0.694) / 2),
        ([1, 1, 90, 90], 0),
    ],
)
def test_buying_is_the_more_regular_the_steadier_and_longer_known(
    gaps: list[int], expected: float
) -> None:
    assert _one(*gaps).select(regularity()).item() == pytest.approx(expected)


@given(GAPS)
def test_regularity_lies_between_nothing_and_clockwork(gaps: list[int]) -> None:
    assert 0 <= _one(*gaps).select(regularity()).item() < 1


def test_chance_alone_is_not_regular() -> None:
    rng = np.random.default_rng(4)
    gaps = np.ceil(rng.exponential(60, (300, 20))).astype(int).tolist()
    random = cadences(_frame(gaps), ["person_id"]).select(regularity().mean()).item()
    steady = cadences(_frame([[60, 58, 62] * 7]), ["person_id"]).select(regularity()).item()
    assert random < 0.15
    assert steady > 0.8


def _window(
    gaps: list[int], population: PopulationRhythm | None = None, policy: Policy = POLICY
) -> tuple[int | None, int | None]:
    """Return in how many days after the last order the window opens and closes."""
    told = due_windows(_one(*gaps), population, policy).select("due_from", "due_until").row(0)
    opens, closes = (None if day is None else (day - _days(gaps)[-1]).days for day in told)
    return opens, closes


@pytest.mark.parametrize(
    ("gap", "lead", "overrun", "opens", "closes"),
    [
        ([14, 14, 14], 2, 1.3, 12, 18),
        ([14, 15, 14, 15], 2, 1.3, 13, 18),  # half a day is not yet due
        ([30, 30, 30], 2, 1.3, 28, 39),
        ([14, 14, 14], 0, 1.0, 14, 14),
        ([1, 1, 1], 2, 1.3, 1, 1),  # never on the day of the order itself
        ([1, 2, 1, 2], 0, 1.0, 2, 2),  # never closed before it opens
    ],
)
@pytest.mark.parametrize("population", [None, EVERYBODY])
def test_a_regular_window_opens_a_little_early_and_closes_when_the_reason_is_gone(
    gap: list[int],
    lead: int,
    overrun: float,
    opens: int,
    closes: int,
    population: PopulationRhythm | None,
) -> None:
    policy = Policy(due_lead_days=lead, due_overrun=overrun)
    assert _window(gap, population, policy) == (opens, closes)


@pytest.mark.parametrize("gaps", [[], [14], [1, 90, 2, 80]])
def test_nothing_is_said_of_the_irregular_where_no_population_is_known(gaps: list[int]) -> None:
    assert _window(gaps) == (None, None)


def test_whoever_ordered_once_is_due_when_everybody_is() -> None:
    stray = 0.6745 * (0.5**2 + 0.6**2) ** 0.5
    low, high = 30 * np.exp(-stray), 30 * np.exp(stray)
    assert _window([], EVERYBODY) == (floor(low), floor(high))


def test_the_more_gaps_a_person_has_the_more_their_own_count() -> None:
    mixed = [_window([5, 150] * times, EVERYBODY) for times in (1, 2, 8, 40)]
    opens = [first for first, _ in mixed if first is not None]
    closes = [last for _, last in mixed if last is not None]
    middles = [(first * last) ** 0.5 for first, last in zip(opens, closes, strict=True)]
    assert all(earlier < later for earlier, later in pairwise(middles))
    assert middles[-1] == pytest.approx(77.5, rel=0.1)


def test_the_window_of_whoever_scatters_more_is_wider() -> None:
    even, uneven = _window([20, 30, 45], EVERYBODY), _window([5, 30, 90], EVERYBODY)
    assert even[0] is not None
    assert even[1] is not None
    assert uneven[0] is not None
    assert uneven[1] is not None
    assert uneven[0] < even[0] <= even[1] < uneven[1]


def test_a_person_without_orders_is_never_due() -> None:
    nobody = _one(7).with_columns(order_days=pl.lit(0, pl.Int32), last_on=pl.lit(None, pl.Date))
    told = due_windows(nobody, EVERYBODY, POLICY).select("due_from", "due_until")
    assert told.row(0) == (None, None)


@given(GAPS, POLICIES, st.sampled_from([None, EVERYBODY]))
def test_a_due_window_lies_after_the_last_order(
    gaps: list[int], policy: Policy, population: PopulationRhythm | None
) -> None:
    opens, closes = _window(gaps, population, policy)
    regular = _one(*gaps).select(is_regular(policy)).item()
    assert (opens is not None) is (regular or population is not None)
    if opens is not None:
        assert closes is not None
        assert 1 <= opens <= closes
    if regular:
        first = max(1, ceil(median(gaps)) - policy.due_lead_days)
        assert (opens, closes) == (first, max(first, floor(median(gaps) * policy.due_overrun)))


def _population(between: float, within: float) -> PopulationRhythm | None:
    rng = np.random.default_rng(5)
    typical = np.exp(rng.normal(np.log(40), between, (2_000, 1)))
    gaps = typical * np.exp(rng.normal(0, within, (2_000, 8)))
    whole = np.maximum(1, np.round(gaps)).astype(int).tolist()
    return population_rhythm(cadences(_frame(whole), ["person_id"]))


@pytest.mark.parametrize(("between", "within"), [(0.6, 0.2), (0.3, 0.3), (0.8, 0.5)])
def test_the_scatter_between_persons_is_told_from_that_within(
    between: float, within: float
) -> None:
    told = _population(between, within)
    assert told is not None
    assert told.typical == pytest.approx(40, rel=0.05)
    assert told.between == pytest.approx(between, rel=0.15)
    assert told.within == pytest.approx(within, rel=0.15)


def test_where_all_are_alike_everybody_counts_for_much() -> None:
    alike, apart = _population(0.0, 0.4), _population(1.0, 0.1)
    assert alike is not None
    assert apart is not None
    assert alike.weight_of_all > 50
    assert apart.weight_of_all < 0.1


def test_clockwork_for_all_is_a_rhythm_too() -> None:
    told = population_rhythm(cadences(_frame([[7, 7, 7]] * 20), ["person_id"]))
    assert told is not None
    assert told.typical == pytest.approx(7)
    assert told.within > 0
    assert told.between > 0


def test_too_few_repeat_buyers_make_no_population() -> None:
    few = cadences(_frame([[7, 7]] * 19 + [[7]] * 30), ["person_id"])
    assert population_rhythm(few) is None
