"""Twenty thousand persons to whom things happened, and what is read for the sake of a few."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from store.database import transaction

PERSONS = 20_000

_COUNTS = (
    "orders, refunds, order_days, units, spent, regularity, worth, discount_told, discounted,"
    " repeats_told, repeats_discounted, over_threshold, staple_days, reviews, suggestions,"
    " referrals, staff_contacts, visits, saved_items, carts, carts_left, cart_orders, touches,"
    " answered, unanswered, points, coupons"
)
_TOWN = (
    # What is delivered needs messages, and those all that is planned before: not here.
    "SET LOCAL session_replication_role = replica",
    f"""
INSERT INTO person (identity, bucket, merged_into)
SELECT 'p' || n, 0, CASE WHEN n % 10 = 0 THEN n - 1 END FROM generate_series(1, {PERSONS}) n
""",
    """
INSERT INTO member (source, key, person_id)
SELECT 'shop', 'm' || id, coalesce(merged_into, id) FROM person
""",
    """
INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency)
SELECT 'shop', id || '-' || n, id, timestamptz '2026-01-01Z' + n * interval '9 days', 'paid', 'CNY'
FROM member, generate_series(1, 3) n
""",
    """
INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)
SELECT id, 1, 'p' || id % 7, 1, 20 FROM shop_order
""",
    """
INSERT INTO member_event (source, key, kind, member_id, at)
SELECT 'shop', 'e' || id, 'visit', id, '2026-01-01Z' FROM member
""",
    """
INSERT INTO benefit (source, key, kind, member_id, name, remaining)
SELECT 'shop', 'b' || id, 'points', id, 'b', 7 FROM member
""",
    """
INSERT INTO delivery (message_id, person_id, status, at, answer_until, answered)
SELECT id, id, 'delivered', '2026-01-01Z', '2026-01-03Z', false FROM person
""",
    f"""
INSERT INTO person_facts (person_id, first_on, families, tags, {_COUNTS})
SELECT id, '2026-01-10', '[]', '[]'{", 3" * (_COUNTS.count(",") + 1)} FROM person
WHERE merged_into IS NULL
""",
    """
INSERT INTO segment_membership (person_id, dimension, segment, since, evidence)
SELECT person_id, dimension, 'active', '2026-01-28', '{}'
FROM person_facts, unnest(ARRAY['lifecycle', 'shopper']) dimension
""",
    """
INSERT INTO segment_size
SELECT dimension, segment, count(*) FROM segment_membership GROUP BY 1, 2
""",
    """
INSERT INTO wheel (person_id, kind, due_on, version)
SELECT person_id, kind, date '2026-03-02' + person_id::int % 1000, 'v'
FROM person_facts, unnest(ARRAY['lifecycle', 'need', 'ahead']) kind
""",
    "INSERT INTO stale_person SELECT person_id FROM person_facts WHERE person_id % 3 = 0",
)
_READ = """
SELECT relname, pg_stat_get_xact_tuples_returned(oid) AS rows FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
  AND pg_stat_get_xact_tuples_returned(oid) > :most
"""


def settle(database: Engine) -> Engine:
    """Fill an empty database; every tenth person is taken for the one before."""
    with transaction(database) as connection:
        for statement in _TOWN:
            connection.execute(text(statement))
        connection.execute(text("ANALYZE"))
    return database


def read_more_than(connection: Connection, most: int) -> dict[str, int]:
    """Return the tables and indexes of which this transaction read more rows, and how many."""
    return {row.relname: row.rows for row in connection.execute(text(_READ), {"most": most})}


SOME: Sequence[int] = (9, 777, 12_345)
