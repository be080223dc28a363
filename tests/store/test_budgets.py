"""Shared budgets hold whoever spends beside us."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from store import budgets
from store.database import transaction
from tests.builders import change, rows

DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)
TEXTS = ("sender", "yi")


def hold(database: Engine, most: int, day: date = DAY) -> int:
    with transaction(database) as connection:
        return budgets.hold(connection, day, {TEXTS: most})[TEXTS]


def spend(database: Engine, n: int, most: int = 5, day: date = DAY) -> None:
    with transaction(database) as connection:
        budgets.hold(connection, day, {TEXTS: most})
        budgets.spend(connection, day, {TEXTS: n})


def test_what_is_spent_is_not_left(database: Engine) -> None:
    assert hold(database, 5) == 5
    spend(database, 3)
    assert hold(database, 5) == 2


def test_every_day_has_its_own(database: Engine) -> None:
    spend(database, 5)
    assert hold(database, 5, NEXT) == 5


def test_more_than_is_left_is_not_spent(database: Engine) -> None:
    spend(database, 3)
    with pytest.raises(ValueError, match="has no 3 left"):
        spend(database, 3)
    assert hold(database, 5) == 2


@pytest.mark.parametrize(("most", "left"), [(9, 6), (4, 1), (2, 0), (0, 0)])
def test_a_bound_may_change_in_mid_day_and_takes_nothing_back(
    database: Engine, most: int, left: int
) -> None:
    spend(database, 3)
    assert hold(database, most) == left


def test_nothing_bounded_is_nothing_held(database: Engine) -> None:
    with transaction(database) as connection:
        assert budgets.hold(connection, DAY, {}) == {}


def test_the_table_itself_refuses_what_is_over(database: Engine) -> None:
    spend(database, 3)
    with pytest.raises(IntegrityError, match="nobody_is_over_budget"):
        change(database, "UPDATE budget SET used = 6")


def test_many_at_once_spend_no_more_than_there_is(database: Engine) -> None:
    """Each takes one where there is one; they wait for each other, and none for ever."""

    def take(_: int) -> int:
        with transaction(database) as connection:
            held = budgets.hold(connection, DAY, {TEXTS: 5, ("run", "1"): 9})
            n = min(1, held[TEXTS])
            if n:
                budgets.spend(connection, DAY, {TEXTS: n, ("run", "1"): n})
            return n

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(20))) == 5
    assert rows(database, "SELECT key, used FROM budget ORDER BY key") == [("1", 5), ("yi", 5)]
