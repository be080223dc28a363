"""What all buyers teach: learned when there is reason to, and held against what came since."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rules.judgement import version_of, versions_of
from rules.population import Population
from store.database import transaction
from tasks.populations import in_force, told
from tasks.wiring import wiring
from tests.builders import change, rows
from tests.tasks.days import PEOPLE, Days, days

TERMS = "[policy.population]\nrepeat_buyers = 3\nhistory_days = 60\nseason_days = 30"
NOW = timedelta(hours=1)


@pytest.fixture
def house(server_url: str, template: str, tmp_path: Path) -> Iterator[Days]:
    with days(server_url, template, tmp_path) as made:
        made.rule(TERMS)
        yield made


@pytest.fixture
def learned(house: Days) -> Days:
    """A shop of four who order every 20 days, and two who never did, of whom a model is fitted."""
    order(house, [1, 2, 3, 4], days=100, every=20)
    house.refresh()
    return house


def order(house: Days, persons: list[int], days: int, every: int = 1) -> None:
    """Let these persons order every so many days of the last ones, an hour before it is now."""
    change(
        house.database,
        "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency, total)"
        " SELECT 'shop', m.key || ' ' || at, m.id, at, 'paid', 'CNY', 20 FROM member m,"
        " generate_series(CAST(:first AS timestamptz), :last, :every) at"
        " WHERE m.key = ANY(:members)",
        first=house.now - timedelta(days=days) - NOW,
        last=house.now - NOW,
        every=timedelta(days=every),
        members=[f"m{person}" for person in persons],
    )
    change(
        house.database,
        "INSERT INTO stale_person SELECT person_id FROM member ON CONFLICT DO NOTHING",
    )


def later(house: Days, days: int) -> None:
    house.now += timedelta(days=days)
    house.refresh()


def known(house: Days) -> list[Any]:
    """Return the populations there were, the newest last."""
    return rows(house.database, "SELECT * FROM population ORDER BY id")


def newest(house: Days) -> Any:
    return known(house)[-1]


def sentence(house: Days) -> str:
    with transaction(house.database) as connection:
        return told(connection)


def is_judged_by_what_is_in_force(house: Days) -> bool:
    """Tell whether everybody's segments and turns are of the population in force."""
    wired = wiring()
    with transaction(house.database) as connection:
        population = in_force(connection)
    by_kind = versions_of(wired.policy, population, wired.zone)
    wheel = rows(house.database, "SELECT DISTINCT kind, version FROM wheel")
    whole = version_of(wired.policy, population, wired.zone)
    (rebuilt,) = rows(
        house.database, "SELECT version, next_person FROM rebuild WHERE subject = 'segments'"
    )
    return (
        bool(wheel)
        and all(row.version == by_kind[row.kind] for row in wheel)
        and tuple(rebuilt) == (whole, None)
    )


def test_before_the_first_day_nothing_is_known(house: Days) -> None:
    with transaction(house.database) as connection:
        assert in_force(connection) == Population()
    assert sentence(house) == "nothing was learned from all buyers yet; the first daily run does"


def test_the_first_day_teaches_a_model_where_there_is_a_history(learned: Days) -> None:
    (row,) = known(learned)
    assert (row.upto, row.closed_on, row.observed) == (learned.today, learned.today, 0)
    assert sum(row.groups["n"]) == 4
    with transaction(learned.database) as connection:
        assert in_force(connection).bgnbd is not None
    assert is_judged_by_what_is_in_force(learned)
    assert sentence(learned) == (
        f"learned from 4 repeat buyers in 100 days, up to {learned.today};"
        " a day of this season counts 1.0"
    )


def test_a_history_too_short_is_looked_at_again_after_a_week(house: Days) -> None:
    order(house, [1, 2, 3, 4], days=55, every=5)
    house.refresh()
    first = known(house)
    assert sentence(house) == (
        "too short a history to expect orders by, so fixed days count:"
        " 4 repeat buyers in 55 days; a model needs 3 in 60"
    )
    later(house, 6)
    assert known(house) == first
    later(house, 1)
    assert [row.upto for row in known(house)] == [first[0].upto, house.today]
    assert newest(house).parameters["why"] == "4 repeat buyers in 62 days"
    assert newest(house).parameters["bgnbd"] is not None
    assert is_judged_by_what_is_in_force(house)


def test_a_shop_of_nobody_is_asked_every_week_without_harm(house: Days) -> None:
    for _ in range(3):
        later(house, 7)
    assert [row.parameters["bgnbd"] for row in known(house)] == [None] * 3


def test_a_season_closes_after_its_days_and_the_model_stays(learned: Days) -> None:
    (before,) = known(learned)
    later(learned, 29)
    assert known(learned) == [before]
    later(learned, 1)
    (row,) = known(learned)
    assert (row.id, row.upto, row.closed_on) == (before.id, before.upto, learned.today)
    assert row.parameters["bgnbd"] == before.parameters["bgnbd"]
    assert row.parameters["season"] < before.parameters["season"] == 1.0
    assert is_judged_by_what_is_in_force(learned)


def test_each_season_is_held_against_its_own_window_only(learned: Days) -> None:
    learned.now += timedelta(days=20)
    order(learned, [1, 2, 3, 4], days=3)
    learned.refresh()
    later(learned, 10)
    (busy,) = known(learned)
    assert busy.observed == busy.observed_at_close == 4 * 4
    assert busy.parameters["season"] > 1
    later(learned, 30)
    (dull,) = known(learned)
    assert (dull.observed, dull.observed_at_close) == (busy.observed, busy.observed)
    assert dull.parameters["season"] < 1


def test_another_shop_is_learned_anew_and_everybody_judged_by_it(learned: Days) -> None:
    (before,) = known(learned)
    learned.now += timedelta(days=30)
    order(learned, list(range(1, PEOPLE + 1)), days=29)
    learned.refresh()
    old, row = known(learned)
    assert old == (*before[:-2], old.observed, old.observed_at_close)
    assert old.observed == 4 * 30
    assert (row.upto, row.closed_on, row.observed) == (learned.today, learned.today, 0)
    assert sum(row.groups["n"]) == PEOPLE
    assert row.parameters["bgnbd"] != before.parameters["bgnbd"]
    assert is_judged_by_what_is_in_force(learned)
    assert rows(
        learned.database,
        "SELECT count(*) FROM segment_membership WHERE until IS NULL AND dimension = 'lifecycle'",
    ) == [(PEOPLE,)]


def test_drift_to_a_shop_without_a_history_says_so(learned: Days) -> None:
    """Which it is once the policy asks for more."""
    learned.now += timedelta(days=30)
    order(learned, [1, 2, 3, 4], days=29)
    learned.rule(TERMS.replace("repeat_buyers = 3", "repeat_buyers = 5"))
    learned.refresh()
    assert newest(learned).parameters["bgnbd"] is None
    assert newest(learned).parameters["why"].endswith("a model needs 5 in 60")
    assert is_judged_by_what_is_in_force(learned)


def test_an_edited_share_is_felt_on_the_same_day_and_changes_nothing_else(learned: Days) -> None:
    """Of four buyers no one is among the best fifth, and one is among the best half."""
    order(learned, [1], days=3, every=5)
    learned.refresh()
    (before,) = known(learned)
    learned.rule(TERMS + "\n[policy.segments]\nvalued_share = 0.5")
    learned.refresh()
    (row,) = known(learned)
    assert before.parameters["cuts"]["valued"] is None
    assert row.parameters["cuts"]["valued"] is not None
    others = ("bgnbd", "rhythm", "season", "why")
    assert [row.parameters[it] for it in others] == [before.parameters[it] for it in others]
    assert (row.id, row.upto, row.closed_on) == (before.id, before.upto, before.closed_on)
    assert is_judged_by_what_is_in_force(learned)
    later(learned, 1)
    assert newest(learned).parameters == row.parameters


def observed(house: Days) -> int:
    house.refresh()
    return int(newest(house).observed)


def test_only_those_known_then_are_observed(learned: Days) -> None:
    learned.now += timedelta(days=1)
    learned.happen("order", 1, NOW, 1)
    learned.happen("order", 6, NOW, 1)
    assert observed(learned) == 1
    learned.now += timedelta(days=1)
    learned.happen("order", 6, NOW, 1)
    assert observed(learned) == 1


def test_days_are_observed_and_not_orders(learned: Days) -> None:
    learned.now += timedelta(days=1)
    for _ in range(3):
        learned.happen("order", 1, NOW, 1)
    assert observed(learned) == 1


def test_a_refunded_order_is_observed_no_more(learned: Days) -> None:
    learned.now += timedelta(days=1)
    for person in (1, 2):
        learned.happen("order", person, NOW, 1)
    assert observed(learned) == 2
    learned.happen("refund", 1, timedelta(), 0)
    assert observed(learned) == 1


def test_whom_somebody_is_taken_for_makes_no_order_and_loses_none(learned: Days) -> None:
    """But where both had ordered on one day, that is one day of one person now."""
    learned.now += timedelta(days=1)
    for person in (1, 6):
        learned.happen("order", person, timedelta(hours=2), 1)
    assert observed(learned) == 1
    learned.happen("merge", 6, timedelta(), 0)
    assert learned.told(1, "orders") is not None
    assert observed(learned) == 1
    learned.happen("unmerge", 6, timedelta(), 0)
    assert observed(learned) == 1


def test_orders_of_one_who_turns_out_to_be_known_are_observed(learned: Days) -> None:
    learned.now += timedelta(days=2)
    learned.happen("order", 6, timedelta(days=1), 1)
    assert observed(learned) == 0
    learned.happen("merge", 6, timedelta(), 0)
    assert observed(learned) == 1
    learned.happen("unmerge", 6, timedelta(), 0)
    assert observed(learned) == 0


def test_two_known_who_are_one_and_two_again_are_observed_as_before(learned: Days) -> None:
    learned.happen("merge", 2, timedelta(), 0)
    observed(learned)
    learned.happen("unmerge", 2, timedelta(), 0)
    assert observed(learned) == 0


def test_a_window_that_took_more_back_than_it_brought_is_an_empty_one(house: Days) -> None:
    """A source may take back years of orders: they were before the window, but they are gone."""
    order(house, [1, 2, 3, 4], days=90)
    house.refresh()
    change(house.database, "UPDATE shop_order SET status = 'refunded' WHERE id % 5 > 0")
    change(house.database, "INSERT INTO stale_person SELECT person_id FROM member")
    later(house, 30)
    assert known(house)[0].observed < -100
    assert 0 < newest(house).parameters["season"] < 1


def test_facts_made_anew_are_no_orders(learned: Days) -> None:
    learned.rule(TERMS + "\n[policy.segments]\nhalf_life_days = 7")
    assert observed(learned) == 0
