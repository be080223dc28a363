"""How a scene finds persons where there are many: by a stretch of an index."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from prompts.catalogue import scenes
from store.database import transaction
from tests.tasks.shop import TODAY, find

_COUNTS = (
    ", refunds, regularity, worth, discount_told, discounted, repeats_told, repeats_discounted,"
    " over_threshold, staple_days, reviews, suggestions, referrals, staff_contacts, visits,"
    " saved_items, carts, carts_left, cart_orders, touches, answered, unanswered, points, coupons"
)
_TOWN = (
    "INSERT INTO person (identity, bucket) SELECT 'p' || n, 0 FROM generate_series(1, 20000) n",
    f"""
INSERT INTO person_facts (person_id, orders, order_days, units, spent, first_order_at,
    last_order_at, last_on, gap_median, gap_spread, families, tags{_COUNTS})
SELECT id, 4, 4, 4, 100, '2025-06-01Z', timestamptz '2026-03-02Z' - id % 1000 * interval '1 day',
    date '2026-03-02' - (id % 1000)::int, 30, 2, '[]', '[]'{", 0" * _COUNTS.count(",")}
FROM person
""",
    """
INSERT INTO segment_membership (person_id, dimension, segment, since, evidence)
SELECT id, 'lifecycle', CASE WHEN id % 1000 < 28 THEN 'active' WHEN id % 1000 < 32 THEN 'due'
           WHEN id % 1000 < 33 THEN 'new' WHEN id % 1000 < 180 THEN 'at_risk' ELSE 'lapsed' END,
       date '2026-04-02' - (id % 1000)::int,
       jsonb_build_object('due_from', date '2026-03-30' - (id % 1000)::int,
                          'due_until', date '2026-04-10' - (id % 1000)::int)
FROM person
""",
    "ANALYZE",
)


@pytest.fixture
def town(database: Engine) -> Engine:
    """Twenty thousand persons, most of them long gone, as in every old shop."""
    with transaction(database) as connection:
        for statement in _TOWN:
            connection.execute(text(statement))
    return database


def _plan(connection: Connection, scene: str) -> list[dict[str, Any]]:
    """Return the nodes of the plan for what is really executed."""

    def explain(_: Any, __: Any, statement: str, values: Any, *___: Any) -> tuple[str, Any]:
        return f"EXPLAIN (FORMAT JSON) {statement}", values

    event.listen(connection, "before_cursor_execute", explain, retval=True)
    (row,) = find(connection, scene, TODAY)
    event.remove(connection, "before_cursor_execute", explain)
    nodes = [row[0][0]["Plan"]]
    for node in nodes:
        nodes.extend(node.get("Plans", ()))
    return nodes


@pytest.mark.parametrize("scene", scenes())
def test_a_scene_never_walks_all_persons(town: Engine, scene: str) -> None:
    with transaction(town) as connection:
        nodes = _plan(connection, scene)
    walked = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
    assert walked <= {"candidate"}


@pytest.mark.parametrize(
    ("scene", "bounds"),
    [
        ("replenish", {"segment"}),
        ("lapsing_care", {"segment", "since >", "since <="}),
        ("first_order_thanks", {"segment", "since >", "since <="}),
    ],
)
def test_a_scene_reads_one_stretch_of_the_index(town: Engine, scene: str, bounds: set[str]) -> None:
    with transaction(town) as connection:
        nodes = _plan(connection, scene)
    (condition,) = [n["Index Cond"] for n in nodes if n.get("Index Name") == "ix_segment_open"]
    assert {bound for bound in ("segment", "since >", "since <=") if bound in condition} == bounds
