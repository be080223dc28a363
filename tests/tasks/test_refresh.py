"""What has to be made anew for whom, and that what ends in the middle goes on from there."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg.errors import RaiseException

from store import rebuilds
from store.database import transaction
from tasks import refresh
from tasks.refresh import must_rebuild
from tasks.wiring import wiring
from tests.builders import change, rows
from tests.tasks.days import PEOPLE, Days, days

FACTS, SEGMENTS = "person_facts", "segment_membership"

_BREAK = (
    """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN IF new.person_id = 3 THEN RAISE EXCEPTION ''broken off''; END IF; RETURN new; END'
""",
    "CREATE TRIGGER refuse BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION refuse()",
)
_MEND = ("DROP TRIGGER refuse ON {}", "DROP FUNCTION refuse")


@pytest.fixture
def house(
    server_url: str, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Days]:
    """Six who ordered, of whom all is known, and whom a rebuild takes two at a time."""
    monkeypatch.setattr(rebuilds, "_REACH", "SELECT 2 + 0 * :orders")
    with days(server_url, template, tmp_path) as made:
        for person in range(1, PEOPLE + 1):
            for weeks in (1, 3, 5, 9, 13 + person):
                made.happen("order", person, timedelta(weeks=weeks), person)
            made.happen("event", person, timedelta(days=1), person)
        made.refresh()
        yield made


def written(house: Days, before: dict[str, list[Any]]) -> dict[str, int]:
    """Return how many rows lie elsewhere than before, by table."""
    after = house.places()
    return {table: len(set(after[table]) - set(before[table])) for table in after}


def under_way(house: Days) -> dict[str, int | None]:
    """Return with whom a rebuild goes on, by subject."""
    told = rows(house.database, "SELECT subject, next_person FROM rebuild")
    return {row.subject: row.next_person for row in told}


def is_as_if_made_anew(house: Days) -> bool:
    return house.state() == house.made_anew() and house.sizes() == house.counted()


def wants(house: Days) -> bool:
    with transaction(house.database) as connection:
        return must_rebuild(connection, wiring(), house.now)


def broken_off(house: Days, table: str, work: Callable[[], Any]) -> None:
    """Have the third person's rows refused until the work has failed of it."""
    for statement in _BREAK:
        change(house.database, statement.format(table))
    with pytest.raises(RaiseException, match="broken off"):
        work()
    for statement in _MEND:
        change(house.database, statement.format(table))


def test_a_rebuild_of_facts_goes_on_where_it_was_killed(house: Days) -> None:
    house.rule("[policy.segments]\nhalf_life_days = 7")
    first, third = (
        row.id for row in rows(house.database, "SELECT id FROM person ORDER BY id")[:3:2]
    )
    before = house.places()
    refresh.mark_due.fn(house.now)
    assert under_way(house) == {"facts": first, "segments": first}
    assert refresh.rebuild_facts.fn(house.now) == 2
    assert under_way(house)["facts"] == third
    assert written(house, before)[FACTS] == 2
    assert wants(house)
    done = set(house.places()[FACTS]) - set(before[FACTS])
    house.refresh()
    assert done < set(house.places()[FACTS])
    assert under_way(house) == {"facts": None, "segments": None}
    assert not wants(house)
    assert is_as_if_made_anew(house)


@pytest.mark.parametrize("table", [FACTS, SEGMENTS])
def test_what_failed_in_the_middle_of_a_range_begins_with_that_range(
    house: Days, table: str
) -> None:
    house.rule("[policy]\nnew_days = 5\n[policy.segments]\nhalf_life_days = 7\nprice_repeats = 2")
    change(house.database, f"TRUNCATE {SEGMENTS}, segment_size")
    broken_off(house, table, house.refresh)
    (third,) = rows(house.database, "SELECT id FROM person ORDER BY id LIMIT 1 OFFSET 2")[0]
    assert under_way(house)["facts"] == (third if table == FACTS else None)
    assert under_way(house)["segments"] == (1 if table == FACTS else third)
    assert house.sizes() == house.counted()
    house.refresh()
    assert is_as_if_made_anew(house)


def test_a_rebuild_of_segments_goes_on_where_it_was_killed(house: Days) -> None:
    house.rule("[policy]\nregular_gaps = 2\ndue_lead_days = 9")
    refresh.mark_due.fn(house.now)
    refresh.learn_population.fn(house.now)
    assert refresh.rebuild_segments.fn(house.now) == 2
    before = house.places()
    versions = rows(house.database, "SELECT version FROM wheel WHERE kind = 'lifecycle'")
    assert len(set(versions)) == 2
    assert wants(house)
    house.refresh()
    versions = rows(house.database, "SELECT version FROM wheel WHERE kind = 'lifecycle'")
    assert len(set(versions)) == 1
    assert written(house, before)[FACTS] == 0
    assert written(house, before)["wheel"] > 0
    assert not wants(house)
    assert is_as_if_made_anew(house)


def test_what_happens_to_somebody_already_done_is_not_lost(house: Days) -> None:
    house.rule("[policy.segments]\nhalf_life_days = 7")
    refresh.mark_due.fn(house.now)
    refresh.rebuild_facts.fn(house.now)
    house.happen("order", 1, timedelta(hours=1), 3)
    house.refresh()
    assert house.told(1, "orders") == 6
    assert is_as_if_made_anew(house)


def test_a_policy_that_changes_again_meanwhile_begins_anew(house: Days) -> None:
    house.rule("[policy.segments]\nhalf_life_days = 7")
    refresh.mark_due.fn(house.now)
    refresh.rebuild_facts.fn(house.now)
    house.rule("[policy.segments]\nhalf_life_days = 9")
    house.refresh()
    assert is_as_if_made_anew(house)


def test_very_many_marked_are_done_along_with_everybody(
    house: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MANY", 3)
    before = house.places()
    for person in (2, 4):
        house.happen("order", person, timedelta(hours=1), 3)
    house.refresh()
    assert written(house, before)[FACTS] == 2
    before = house.places()
    for person in (2, 4, 5):
        house.happen("order", person, timedelta(hours=1), 3)
    refresh.mark_due.fn(house.now)
    assert rows(house.database, "SELECT * FROM stale_person") == []
    assert under_way(house)["facts"] is not None
    house.refresh()
    assert written(house, before)[FACTS] == PEOPLE
    assert [house.told(person, "orders") for person in (1, 2, 5)] == [5, 7, 6]
    assert is_as_if_made_anew(house)


@pytest.mark.parametrize(
    ("policy", "of_facts"),
    [
        ("[policy]\nnew_days = 5", False),
        ("[policy.segments]\nlikely_days = 90", False),
        ("[policy.segments]\ncart_days = 9", True),
        ("[business]\ntimezone = 'America/New_York'", True),
    ],
)
def test_an_edit_judges_everybody_anew_and_touches_facts_only_if_they_read_it(
    house: Days, policy: str, of_facts: bool
) -> None:
    versions, before = house.versions(), house.places()
    house.rule(policy)
    assert wants(house)
    house.refresh()
    assert (house.versions()[0] != versions[0]) == of_facts
    assert house.versions()[1] != versions[1]
    assert written(house, before)[FACTS] == of_facts * PEOPLE
    assert under_way(house) == {"facts": None, "segments": None}
    assert not wants(house)
    assert is_as_if_made_anew(house)


@pytest.mark.parametrize(
    "policy",
    [
        "[policy]\ngap_hours = 1\nsilence_limit = 9\nholdout = {share = 0.3}",
        "[policy.population]\nseason_days = 90",
    ],
)
def test_an_edit_that_only_the_governor_reads_writes_no_row(house: Days, policy: str) -> None:
    versions, before = house.versions(), house.places()
    house.rule(policy)
    assert not wants(house)
    house.refresh()
    assert house.versions() == versions
    assert house.places() == before


def test_an_edit_taken_back_leaves_things_as_they_were(house: Days) -> None:
    was = house.state()
    for policy in ("[policy]\nregular_gaps = 2\n[policy.segments]\ncart_days = 9", ""):
        house.rule(policy)
        house.refresh()
    assert house.state() == was
    assert house.sizes() == house.counted()


def test_only_whose_day_has_come_is_judged_again(house: Days) -> None:
    """Nobody's facts are read or written for it."""
    (first,) = rows(house.database, "SELECT min(due_on) FROM wheel")[0]
    due = rows(house.database, "SELECT DISTINCT person_id FROM wheel WHERE due_on = :on", on=first)
    places = house.places()
    house.now += timedelta(days=(first - house.today).days - 1)
    house.refresh()
    assert house.places() == places
    house.now += timedelta(days=1)
    house.refresh()
    assert written(house, places)[FACTS] == 0
    assert written(house, places)["wheel"] <= 3 * len(due)
    assert rows(house.database, "SELECT 1 FROM wheel WHERE due_on <= :on", on=first) == []
    assert is_as_if_made_anew(house)


def test_whoever_is_due_is_taken_in_chunks_until_nobody_is_left(
    house: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "CHUNK", 1)
    house.now += timedelta(days=300)
    turned = [refresh.turn_chunk.fn(house.now) for _ in range(PEOPLE + 1)]
    assert turned == [1] * PEOPLE + [0]
    assert rows(house.database, "SELECT 1 FROM wheel WHERE due_on <= :on", on=house.today) == []


def test_a_chunk_that_failed_leaves_its_marks(house: Days) -> None:
    house.happen("order", 3, timedelta(hours=1), 3)
    broken_off(house, FACTS, house.refresh)
    assert len(rows(house.database, "SELECT * FROM stale_person")) == 1
    assert house.told(3, "orders") == 5
    house.refresh()
    assert house.told(3, "orders") == 6
    assert is_as_if_made_anew(house)


def test_a_shop_of_nobody_is_refreshed_without_harm(house: Days) -> None:
    change(house.database, "TRUNCATE person CASCADE")
    change(
        house.database, f"TRUNCATE {FACTS}, {SEGMENTS}, segment_size, wheel, rebuild, population"
    )
    house.refresh()
    assert under_way(house) == {"facts": None, "segments": None}
    assert house.state() == {}
