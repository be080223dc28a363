"""Kept up to date day after day, what is known is what a full recompute says."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.tasks.days import PEOPLE, Days, days

pytestmark = pytest.mark.soak

# A day takes a second, so what fails is not made smaller.
slowly = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WHAT = ("order", "event", "benefit", "touch", "refund", "merge", "unmerge", "edit", "refit")
BACK = st.one_of(
    st.integers(-50, 50).map(lambda hours: timedelta(hours=hours)),
    st.integers(0, 60).map(lambda weeks: timedelta(weeks=weeks)),
)
HAPPENING = st.tuples(
    st.sampled_from([*8 * ["order"], *3 * ["event"], *WHAT]),
    st.integers(1, PEOPLE),
    BACK,
    st.integers(0, 11),
)
DAYS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 1, 2, 7, 31, 100, -1, -40]),
        st.lists(HAPPENING, max_size=12) | st.just([]),
    ),
    min_size=6,
    max_size=8,
)


Told = list[tuple[int, list[tuple[str, int, timedelta, int]]]]


@slowly
@given(DAYS)
def test_what_is_kept_up_to_date_is_what_a_full_recompute_says(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory, told: Told
) -> None:
    """And where nothing happened and nothing is due, no row is written."""
    with days(server_url, template, tmp_path_factory.mktemp("days")) as house:
        for later, happenings in told:
            house.now += timedelta(days=later)
            for happening in happenings:
                house.happen(*happening)
            quiet, before = house.is_quiet(), (house.versions(), house.places())
            house.refresh()
            # On an earlier day all is made anew: what is known of a later one is worth nothing.
            if quiet and later >= 0 and house.versions() == before[0]:
                assert house.places() == before[1]
            is_as_if_made_anew(house)


def is_as_if_made_anew(house: Days) -> None:
    assert house.sizes() == house.counted()
    kept, made = house.state(), house.made_anew()
    assert {what: kept[what] for what in kept.keys() - made.keys()} == {}
    assert {what: made[what] for what in made.keys() - kept.keys()} == {}
    assert {what: (kept[what], made[what]) for what in made if kept[what] != made[what]} == {}


@pytest.fixture
def house(server_url: str, template: str, tmp_path: Path) -> Iterator[Days]:
    with days(server_url, template, tmp_path) as made:
        yield made


def test_a_day_on_which_nothing_happens_and_nothing_is_due_writes_no_row(house: Days) -> None:
    house.happen("order", 1, timedelta(days=3), 1)
    house.refresh()
    before = house.places()
    house.now += timedelta(days=1)
    assert house.is_quiet()
    house.refresh()
    assert house.places() == before
    assert all(before.values())


@pytest.mark.parametrize(
    ("what", "choice", "column"),
    [
        ("order", 1, "orders"),
        ("event", 1, "complaint_at"),
        ("event", 5, "referrals"),
        ("touch", 1, "touches"),
        ("benefit", 4, "points"),
    ],
)
def test_what_is_told_ahead_of_its_time_counts_once_it_has_come(
    house: Days, what: str, choice: int, column: str
) -> None:
    house.happen(what, 1, timedelta(hours=-21), choice)
    house.refresh()
    assert not house.told(1, column)
    house.now += timedelta(days=1)
    house.refresh()
    assert house.told(1, column)
    is_as_if_made_anew(house)


@pytest.mark.parametrize("days_back", [1, 40])
def test_a_clock_set_back_takes_back_what_has_not_happened_yet(house: Days, days_back: int) -> None:
    for what in ("order", "event", "touch"):
        house.happen(what, 1, timedelta(hours=5), 1)
    house.refresh()
    then = house.state()
    house.now -= timedelta(days=days_back)
    house.refresh()
    assert (house.told(1, "orders"), house.told(1, "touches")) == (0, 0)
    is_as_if_made_anew(house)
    house.now += timedelta(days=days_back)
    house.refresh()
    assert house.state() == then


def test_a_person_taken_for_another_and_back_is_as_before(house: Days) -> None:
    for person, back in ((1, 10), (1, 20), (2, 3), (2, 12)):
        house.happen("order", person, timedelta(days=back), 2)
        house.happen("touch", person, timedelta(days=back - 1), 1)
    house.refresh()
    apart = house.state()
    house.happen("merge", 1, timedelta(), 1)
    house.refresh()
    assert (house.told(1, "orders"), house.told(2, "orders")) == (None, 4)
    assert (house.told(2, "touches"), house.told(2, "gap_median")) == (4, 7)
    is_as_if_made_anew(house)
    house.happen("unmerge", 1, timedelta(), 1)
    house.refresh()
    assert house.state() == apart
    is_as_if_made_anew(house)
