"""Segments and the wheel: what was judged is held against what stands, only the rest is written."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from store.database import transaction
from store.memberships import end_all, write_memberships, write_wheel
from tests.builders import change, rows
from tests.memberships import TODAY, day

JUDGED = {
    "person_id": pl.Int64,
    "dimension": pl.String,
    "segment": pl.String,
    "since": pl.Date,
    "spell": pl.Boolean,
    "evidence": pl.String,
}
WHEEL = {"person_id": pl.Int64, "kind": pl.String, "due_on": pl.Date, "version": pl.String}

Judged = tuple[int, str, str, date | None, bool, str]


def member(
    segment: str = "active",
    since: int | None = None,
    evidence: str = '{"orders":3}',
    person: int = 1,
    dimension: str = "lifecycle",
    *,
    spell: bool = False,
) -> Judged:
    """Return what is judged of a person, by days ago."""
    on = None if since is None else day(since)
    return (person, dimension, segment, on, spell, evidence)


def write(database: Engine, *judged: Judged, ago: int = 0, persons: Sequence[int] = (1,)) -> int:
    """Write what was judged so many days ago; return how many rows changed."""
    frame = pl.DataFrame(judged, JUDGED, orient="row")
    with transaction(database) as connection:
        return write_memberships(connection, persons, frame, day(ago))


def standing(database: Engine) -> list[Any]:
    """Return segment, and since and until in days ago, of every row there is."""
    return [
        (row.segment, (TODAY - row.since).days, row.until and (TODAY - row.until).days)
        for row in rows(
            database,
            "SELECT segment, since, until FROM segment_membership ORDER BY since, segment, until",
        )
    ]


def balanced(database: Engine) -> bool:
    """Tell whether the sizes kept are those counted."""
    kept = rows(database, "SELECT * FROM segment_size WHERE size <> 0 ORDER BY 1, 2")
    return kept == rows(
        database,
        "SELECT dimension, segment, count(*) FROM segment_membership WHERE until IS NULL"
        " GROUP BY 1, 2 ORDER BY 1, 2",
    )


def places(database: Engine) -> list[Any]:
    return rows(database, "SELECT ctid::text, xmin::text FROM segment_membership ORDER BY 1")


def test_what_begins_begins_today_or_when_it_is_known_to_have(database: Engine) -> None:
    assert write(database, member("active"), member("latte", since=9, dimension="taste")) == 2
    assert standing(database) == [("latte", 9, None), ("active", 0, None)]


def test_what_goes_on_keeps_its_row_untouched(database: Engine) -> None:
    write(database, member(), ago=5)
    before = places(database)
    assert write(database, member(), ago=3) == 0
    assert write(database, member(since=1)) == 0
    assert standing(database) == [("active", 5, None)]
    assert places(database) == before


def test_what_is_judged_no_more_ends_on_that_day(database: Engine) -> None:
    write(database, member(), ago=5)
    assert write(database, ago=2) == 1
    assert standing(database) == [("active", 5, 2)]
    assert write(database) == 0
    assert standing(database) == [("active", 5, 2)]


def test_one_stage_gives_way_to_the_next(database: Engine) -> None:
    write(database, member("active"), ago=5)
    assert write(database, member("due", since=2, spell=True)) == 2
    assert standing(database) == [("active", 5, 0), ("due", 2, None)]
    assert balanced(database)


def test_what_began_and_ended_on_one_day_never_was(database: Engine) -> None:
    write(database, member())
    assert write(database, member("due")) == 2
    assert standing(database) == [("due", 0, None)]
    assert balanced(database)


def test_what_began_after_today_never_was(database: Engine) -> None:
    """A clock was set back."""
    write(database, member())
    write(database, ago=3)
    assert standing(database) == []
    assert balanced(database)


def test_a_new_spell_ends_the_one_before(database: Engine) -> None:
    write(database, member("open", since=9, spell=True), ago=9)
    assert write(database, member("open", since=2, spell=True), ago=2) == 2
    assert standing(database) == [("open", 9, 2), ("open", 2, None)]
    assert balanced(database)


def test_a_spell_that_began_otherwise_than_was_thought_begins_there(database: Engine) -> None:
    """An order came late, so that what was open since two days has been since five."""
    write(database, member("open", since=2, spell=True), ago=1)
    assert write(database, member("open", since=5, spell=True)) == 2
    assert standing(database) == [("open", 5, None), ("open", 2, 0)]
    assert balanced(database)


def test_what_ended_goes_on_where_it_is_open_since_the_same_day_after_all(database: Engine) -> None:
    write(database, member("open", since=9, spell=True), ago=9)
    write(database, ago=3)
    assert standing(database) == [("open", 9, 3)]
    assert write(database, member("open", since=9, evidence='{"new":1}', spell=True)) == 1
    assert standing(database) == [("open", 9, None)]
    assert rows(database, "SELECT evidence FROM segment_membership") == [({"new": 1},)]
    assert balanced(database)


def test_an_older_spell_is_reopened_while_the_newer_ends(database: Engine) -> None:
    write(database, member("open", since=9, spell=True), ago=9)
    write(database, member("open", since=2, spell=True), ago=2)
    write(database, member("open", since=9, spell=True))
    assert standing(database) == [("open", 9, None), ("open", 2, 0)]
    assert balanced(database)


def test_evidence_is_renewed_only_where_it_is_another(database: Engine) -> None:
    write(database, member(), member("latte", dimension="taste"), ago=5)
    before = places(database)
    assert write(database, member(evidence='{"orders":4}'), member("latte", dimension="taste")) == 1
    assert len(set(places(database)) & set(before)) == 1
    assert standing(database) == [("active", 5, None), ("latte", 5, None)]
    told = rows(database, "SELECT segment, evidence::text FROM segment_membership ORDER BY 1")
    assert told == [("active", '{"orders":4}'), ("latte", '{"orders":3}')]


def test_the_same_name_in_two_dimensions_is_two_segments(database: Engine) -> None:
    write(database, member("active"), member("active", dimension="shopper"), ago=5)
    write(database, member("active", dimension="shopper"))
    assert standing(database) == [("active", 5, 0), ("active", 5, None)]
    assert balanced(database)


def test_odd_names_and_evidence_are_kept_as_they_are(database: Engine) -> None:
    odd = 'a "b", \n\\ ☕️ %s :x {'
    evidence = '{"name":"a \\"b\\", \\n ☕️"}'
    write(database, member(odd, evidence=evidence, dimension="taste"), ago=1)
    write(database, member(odd, evidence=evidence, dimension="taste"))
    (row,) = rows(database, "SELECT segment, evidence::text AS told, until FROM segment_membership")
    assert tuple(row) == (odd, evidence, None)


def test_others_are_left_alone(database: Engine) -> None:
    write(database, member(person=2), persons=[2], ago=5)
    before = places(database)
    write(database, member(), ago=1)
    write(database, persons=range(1, 2))
    assert set(before) < set(places(database))
    assert balanced(database)


def test_a_range_of_persons_is_written_as_a_few_are(database: Engine) -> None:
    judged = [member(person=person) for person in range(1, 8)]
    assert write(database, *judged, persons=range(1, 100), ago=2) == 7
    assert write(database, *judged[:5], persons=range(1, 100)) == 2
    assert balanced(database)


def test_a_transaction_that_fails_leaves_sizes_as_they_were(database: Engine) -> None:
    write(database, member(), ago=5)
    broken = member("due", evidence="no json")
    with pytest.raises(Exception, match="json"):
        write(database, broken)
    assert standing(database) == [("active", 5, None)]
    assert balanced(database)


EVIDENCE = st.sampled_from(['{"n":1}', '{"n":2}'])
DAY = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["lifecycle", "taste"]),
        st.sampled_from(["a", "b"]),
        st.none() | st.integers(0, 4).map(day),
        st.booleans(),
        EVIDENCE,
    ).map(lambda row: (*row[:4], row[4] and row[3] is not None, row[5])),
    max_size=8,
    unique_by=lambda row: row[:3],
)
ASKED = st.sampled_from([[1], [2, 3], [1, 2, 3], range(1, 3), range(1, 10)])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-1, 2), ASKED, DAY), max_size=6))
def test_what_is_open_is_what_was_judged_last_and_sizes_are_counts(
    database: Engine, days: list[tuple[int, Sequence[int], list[Judged]]]
) -> None:
    change(database, "TRUNCATE segment_membership, segment_size")
    today, last = TODAY, dict[int, set[Any]]()
    for later, asked, every in days:
        today += timedelta(days=later)
        judged = [row for row in every if row[0] in asked]
        frame = pl.DataFrame(judged, JUDGED, orient="row")
        with transaction(database) as connection:
            write_memberships(connection, asked, frame, today)
        for person in asked:
            last[person] = {(*row[:3], row[5]) for row in judged if row[0] == person}
        with transaction(database) as connection:
            assert write_memberships(connection, asked, frame, today) == 0
        assert balanced(database)
    told = rows(
        database,
        "SELECT person_id, dimension, segment, evidence::text FROM segment_membership"
        " WHERE until IS NULL",
    )
    assert {tuple(row) for row in told} == set().union(*last.values())
    assert rows(database, "SELECT 1 FROM segment_membership WHERE until <= since") == []


def test_refreshes_at_once_add_up_and_never_wait_in_a_circle(database: Engine) -> None:
    """Each moves its own persons between the same segments, to and fro."""
    at_once = Barrier(2)

    def refresh(first: int) -> None:
        persons = list(range(first, first + 20))
        for turn in range(12):
            names = ("a", "b", "c") if (turn + first) % 2 else ("c", "d")
            judged = [member(name, person=person) for person in persons for name in names]
            at_once.wait(60)
            write(database, *judged, persons=persons, ago=12 - turn)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(refresh, first) for first in (1, 100)]:
            done.result(120)
    assert balanced(database)
    assert rows(database, "SELECT sum(size) FROM segment_size") == [(100,)]


def test_a_refresh_that_forgets_somebody_first_waits_in_no_circle(database: Engine) -> None:
    """It counts twice in one transaction: who is gone, and who came."""
    write(database, member("a"), ago=5)
    joins = member("a", dimension="advocate", person=2)
    both = [member("a", dimension="advocate", person=3), member("a", person=3)]
    with ThreadPoolExecutor(1) as pool:
        with transaction(database) as connection:
            end_all(connection, [1])
            other = pool.submit(write, database, *both, persons=[3])
            while not rows(database, "SELECT 1 FROM pg_locks WHERE NOT granted"):
                pass
            frame = pl.DataFrame([joins], JUDGED, orient="row")
            write_memberships(connection, [2], frame, TODAY)
        assert other.result(60) == 2
    assert balanced(database)


def test_whoever_is_forgotten_is_in_no_segment_and_on_no_wheel(database: Engine) -> None:
    write(database, *(member(person=person) for person in (1, 2)), persons=[1, 2], ago=5)
    write(database, persons=[1], ago=2)
    write(database, member("due"), ago=1)
    turn(database, (1, "lifecycle", TODAY, "v"), (2, "lifecycle", TODAY, "v"), persons=[1, 2])
    with transaction(database) as connection:
        end_all(connection, [1, 7])
    for table in ("segment_membership", "wheel"):
        assert rows(database, f"SELECT person_id FROM {table}") == [(2,)]
    assert balanced(database)


def test_forgetting_nobody_changes_nothing(database: Engine) -> None:
    write(database, member())
    before = places(database)
    with transaction(database) as connection:
        end_all(connection, [])
    assert places(database) == before


def turn(database: Engine, *judged: tuple[Any, ...], persons: Sequence[int] = (1,)) -> int:
    """Write turns of the wheel; return how many rows changed."""
    frame = pl.DataFrame(judged, WHEEL, orient="row")
    with transaction(database) as connection:
        return write_wheel(connection, persons, frame)


def wheel(database: Engine) -> list[Any]:
    return rows(
        database, "SELECT person_id, kind, due_on, version, xmin::text FROM wheel ORDER BY 1, 2"
    )


def test_a_wheel_is_written_only_where_a_day_or_a_version_is_another(database: Engine) -> None:
    kept, moved = (1, "lifecycle", TODAY, "v1"), (1, "need", TODAY, "v1")
    assert turn(database, kept, moved, (1, "voice", TODAY, "v1")) == 3
    before = wheel(database)
    assert turn(database, kept, moved, (1, "voice", TODAY, "v1")) == 0
    assert wheel(database) == before
    assert turn(database, kept, (1, "need", TODAY, "v2"), (1, "cart", day(-1), "v1")) == 3
    after = wheel(database)
    assert [tuple(row)[1:4] for row in after] == [
        ("cart", day(-1), "v1"),
        ("lifecycle", TODAY, "v1"),
        ("need", TODAY, "v2"),
    ]
    assert before[0] in after


def test_another_persons_wheel_is_left_alone(database: Engine) -> None:
    turn(database, (2, "need", TODAY, "v1"), persons=[2])
    before = wheel(database)
    assert turn(database, persons=[1]) == 0
    assert turn(database, persons=range(2)) == 0
    assert wheel(database) == before
