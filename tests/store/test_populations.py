"""What all buyers taught, and what was observed of them since."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from store import populations
from store.database import transaction
from tests.builders import change

UPTO = date(2026, 3, 2)
PARAMETERS = {"bgnbd": {"r": 0.1 + 0.2, "b": 1e-17}, "why": '"☕️"\n', "rhythm": None}
GROUPS = {"x": [0.0, 1.5], "n": [2.0, 1e9]}


def newest(database: Engine) -> Any:
    with transaction(database) as connection:
        return _newest(connection)


def _newest(connection: Connection) -> Any:
    found = populations.newest(connection)
    assert found is not None
    return found


def groups(database: Engine) -> dict[str, list[float]]:
    with transaction(database) as connection:
        return populations.groups(connection, _newest(connection).id)


@pytest.fixture
def learned(database: Engine) -> Engine:
    """A database in which a population was learned."""
    with transaction(database) as connection:
        populations.add(connection, UPTO, PARAMETERS, GROUPS)
    return database


def test_before_the_first_there_is_none(database: Engine) -> None:
    with transaction(database) as connection:
        assert populations.newest(connection) is None


def test_what_was_learned_is_told_to_the_last_digit(learned: Engine) -> None:
    row = newest(learned)
    assert (row.upto, row.closed_on, row.observed, row.observed_at_close) == (UPTO, UPTO, 0, 0)
    assert (row.parameters, groups(learned)) == (PARAMETERS, GROUPS)


def test_the_newest_is_in_force_whatever_its_day(learned: Engine) -> None:
    with transaction(learned) as connection:
        populations.add(connection, date(2026, 1, 1), {"why": "anew"}, {})
        assert _newest(connection).parameters == {"why": "anew"}
        assert newest(learned).upto == UPTO
    assert newest(learned).upto == date(2026, 1, 1)
    assert groups(learned) == {}


def test_what_is_observed_adds_up_and_may_be_taken_back(learned: Engine) -> None:
    with transaction(learned) as connection:
        row = _newest(connection)
        for more in (3, 4, -2, 0):
            populations.observe(connection, row.id, more)
    assert (newest(learned).observed, newest(learned).observed_at_close) == (5, 0)


def test_a_closed_window_keeps_what_was_observed_by_then(learned: Engine) -> None:
    closed_on = date(2026, 4, 1)
    with transaction(learned) as connection:
        row = _newest(connection)
        populations.observe(connection, row.id, 7)
        populations.close(connection, row.id, closed_on)
        populations.observe(connection, row.id, 2)
    row = newest(learned)
    assert (row.upto, row.closed_on, row.parameters) == (UPTO, closed_on, PARAMETERS)
    assert (row.observed, row.observed_at_close, groups(learned)) == (9, 7, GROUPS)


def test_other_parameters_are_told_of_the_same_window(learned: Engine) -> None:
    with transaction(learned) as connection:
        row = _newest(connection)
        populations.observe(connection, row.id, 7)
        populations.amend(connection, row.id, {"season": 1.2})
    row = newest(learned)
    assert (row.upto, row.closed_on, row.parameters) == (UPTO, UPTO, {"season": 1.2})
    assert (row.observed, row.observed_at_close, groups(learned)) == (7, 0, GROUPS)


_NUMBERS = (
    "refunds, units, spent, regularity, worth, discount_told, discounted, repeats_told,"
    " repeats_discounted, over_threshold, staple_days, reviews, suggestions, referrals,"
    " staff_contacts, visits, saved_items, carts, carts_left, cart_orders, touches, answered,"
    " unanswered, points, coupons"
)


@pytest.mark.parametrize(
    ("persons", "days"),
    [([1], 3), ([1, 2], 10), ([1, 2, 3, 4], 10), (range(10), 10), (range(2, 4), 7), ([], 0)],
)
def test_order_days_are_of_those_who_had_ordered_by_a_day(
    database: Engine, persons: list[int] | range, days: int
) -> None:
    """The third ordered later, and the fourth never."""
    for person, count, first_on in (
        (1, 3, UPTO),
        (2, 7, date(2025, 1, 1)),
        (3, 20, date(2026, 3, 3)),
        (4, 0, None),
    ):
        change(
            database,
            "INSERT INTO person_facts (person_id, orders, order_days, first_on, families, tags,"
            f" {_NUMBERS}) VALUES (:person, :count, :count, :first_on, '[]', '[]'"
            f"{', 0' * (_NUMBERS.count(',') + 1)})",
            person=person,
            count=count,
            first_on=first_on,
        )
    with transaction(database) as connection:
        assert populations.order_days(connection, persons, UPTO) == days
