"""Sizes, flows and memberships, told from what changed."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from store import segments
from store.database import transaction
from store.segments import Flow
from tests import builders
from tests.builders import change
from tests.memberships import day, membership

WEEK_AGO = day(7)


def changes(database: Engine) -> segments.Changes:
    with transaction(database) as connection:
        return segments.changes(connection, WEEK_AGO)


def flows(database: Engine) -> list[tuple[str | None, str | None, int]]:
    return [(flow.source, flow.target, flow.persons) for flow in changes(database).flows]


def test_who_moved_flowed_from_one_stage_to_the_other(database: Engine) -> None:
    for person in (1, 2):
        membership(database, person, "active", since=90, until=3)
        membership(database, person, "due", since=3)
    membership(database, 3, "due", since=40)
    found = changes(database)
    assert found.flows == [Flow("lifecycle", "active", "due", 2)]
    assert found.joined == {("lifecycle", "due"): 2}
    assert found.left == {("lifecycle", "active"): 2}


def test_what_lay_between_does_not_matter(database: Engine) -> None:
    membership(database, 1, "active", since=90, until=6)
    membership(database, 1, "due", since=6, until=2)
    membership(database, 1, "at_risk", since=2)
    assert flows(database) == [("active", "at_risk", 1)]


def test_who_left_and_came_back_has_not_moved(database: Engine) -> None:
    membership(database, 1, "active", since=90, until=6)
    membership(database, 1, "due", since=6, until=2)
    membership(database, 1, "active", since=2)
    membership(database, 2, "premium", since=90, until=6, dimension="shopper")
    membership(database, 2, "premium", since=2, dimension="shopper")
    found = changes(database)
    assert (found.flows, found.joined, found.left) == ([], {}, {})


def test_a_stage_that_began_before_it_was_known_is_still_where_a_person_went(
    database: Engine,
) -> None:
    membership(database, 1, "lapsed", since=90, until=6)
    membership(database, 1, "returned", since=8)
    assert flows(database) == [("lapsed", "returned", 1)]


def test_of_stages_that_overlap_the_one_that_ended_first_was_held_a_week_ago(
    database: Engine,
) -> None:
    membership(database, 1, "lapsed", since=90, until=6)
    membership(database, 1, "returned", since=8, until=1)
    membership(database, 1, "active", since=1)
    assert flows(database) == [("lapsed", "active", 1)]


def test_who_is_new_came_from_nowhere_and_who_fell_out_went_there(database: Engine) -> None:
    membership(database, 1, "new", since=2)
    membership(database, 2, "valued", since=80, until=1, dimension="value")
    assert changes(database).flows == [
        Flow("lifecycle", None, "new", 1),
        Flow("value", "valued", None, 1),
    ]


def test_most_persons_come_first(database: Engine) -> None:
    for person in (1, 2, 3):
        membership(database, person, "due", since=5)
    membership(database, 4, "active", since=5)
    assert flows(database) == [(None, "due", 3), (None, "active", 1)]


@pytest.mark.parametrize(("ago", "moved"), [(7, 0), (6, 1)])
def test_the_day_compared_with_belongs_to_then(database: Engine, ago: int, moved: int) -> None:
    membership(database, 1, "active", since=90, until=ago)
    membership(database, 1, "due", since=ago)
    membership(database, 2, "latte", since=ago, dimension="taste")
    membership(database, 3, "mocha", since=90, until=ago, dimension="taste")
    found = changes(database)
    assert len(found.flows) == moved
    assert found.joined.get(("taste", "latte"), 0) == moved
    assert found.left.get(("taste", "mocha"), 0) == moved


def test_who_came_and_went_within_the_week_did_neither(database: Engine) -> None:
    membership(database, 1, "premium", since=5, until=2, dimension="shopper")
    membership(database, 2, "new", since=5, until=2)
    found = changes(database)
    assert (found.flows, found.joined, found.left) == ([], {}, {})


def test_persons_may_be_in_several_segments_of_an_open_dimension(database: Engine) -> None:
    membership(database, 1, "premium", since=90, dimension="shopper")
    membership(database, 1, "impatient", since=2, dimension="shopper")
    membership(database, 1, "active", since=90, until=2, dimension="shopper")
    found = changes(database)
    assert found.flows == []
    assert found.joined == {("shopper", "impatient"): 1}
    assert found.left == {("shopper", "active"): 1}


def test_a_stage_and_a_shopper_of_one_name_are_kept_apart(database: Engine) -> None:
    membership(database, 1, "active", since=2)
    membership(database, 1, "active", since=90, until=1, dimension="shopper")
    found = changes(database)
    assert found.joined == {("lifecycle", "active"): 1}
    assert found.left == {("shopper", "active"): 1}


def test_a_person_is_told_what_lasts_and_then_what_ended_lately(database: Engine) -> None:
    membership(database, 1, "active", since=90, until=40)
    membership(database, 1, "due", since=40, until=3)
    membership(database, 1, "at_risk", since=3)
    membership(database, 1, "latte", since=9, dimension="taste")
    membership(database, 2, "latte", since=9, dimension="taste")
    with transaction(database) as connection:
        rows = segments.of_person(connection, 1, day(30))
    assert [(row.segment, row.since, row.until) for row in rows] == [
        ("at_risk", day(3), None),
        ("latte", day(9), None),
        ("due", day(40), day(3)),
    ]
    assert rows[0].evidence == {"orders": 3}


def test_examples_are_of_those_who_came_last(database: Engine) -> None:
    for person, since in ((1, 5), (2, 50), (3, 4), (4, 3)):
        membership(database, person, "due", since=since)
    membership(database, 5, "due", since=2, until=1)
    with transaction(database) as connection:
        assert segments.examples(connection, "lifecycle", "due", 2) == [3, 4]


def test_sizes_are_as_kept(database: Engine) -> None:
    membership(database, 1, "due", since=5)
    membership(database, 2, "due", since=5, until=1)
    with transaction(database) as connection:
        assert segments.sizes(connection) == {("lifecycle", "due"): 1}


def test_the_first_day_of_a_flow_is_that_of_its_first_run(database: Engine) -> None:
    builders.run(database, day=day(9))
    builders.run(database, day=day(1))
    builders.run(database, day=day(20), flow="pull-data")
    with transaction(database) as connection:
        assert segments.first_day(connection, "daily-growth") == day(9)
        assert segments.first_day(connection, "learn-weekly") is None


def test_no_question_reads_those_who_stay(database: Engine) -> None:
    change(
        database,
        "INSERT INTO segment_membership (person_id, dimension, segment, since, until, evidence)"
        " SELECT n, d, 'lapsed', '2020-01-01', CASE WHEN n % 500 = 0 THEN DATE '2026-03-01' END,"
        " '{}' FROM generate_series(1, 25000) n, unnest('{lifecycle, shopper}'::text[]) d",
    )
    change(
        database,
        "INSERT INTO segment_size SELECT dimension, segment, count(*) FROM segment_membership"
        " WHERE until IS NULL GROUP BY 1, 2",
    )
    change(database, "ANALYZE segment_membership, segment_size")
    values: dict[str, Any] = {
        "day": WEEK_AGO,
        "exclusive": list(segments.EXCLUSIVE),
        "person": 7,
        "dimension": "lifecycle",
        "segment": "lapsed",
        "limit": 3,
    }
    with transaction(database) as connection:
        for name in ("_SIZES", "_JOINED", "_LEFT", "_FLOWS", "_OF_PERSON", "_EXAMPLES"):
            assert _rows_read(connection, getattr(segments, name), values) <= 500, name


def _rows_read(connection: Connection, query: str, values: dict[str, Any]) -> float:
    """Return how many memberships a query looked at, those it passed over included."""
    named = {name: value for name, value in values.items() if f":{name}" in query}
    explained = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}"), named)
    nodes = [explained.scalar_one()[0]["Plan"]]
    read = 0.0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if node.get("Relation Name") == "segment_membership":
            looked_at = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read += looked_at * node["Actual Loops"]
    return read
