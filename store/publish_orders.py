"""Orders and their lines."""

from store.bulk import indexed_afterwards, make_room, row_by_row
from store.persons import REMARK
from store.publication import Publication, Published

TABLES = ("shop_order", "order_line")

_TOLD = "told_order"
"""
A temporary table: the staged orders, each with its values and the id it has or gets.

`was` is the member it belonged to until now, null of a new order; `same` tells whether all its own
values are known already.
"""

_KNOWN = "known_line"
"""A temporary table: the lines that staged orders have had, in the end those they have no more."""

_ORDERS = """
SELECT o.order_key AS key, m.id AS member_id, o.ordered_at, o.status, o.most_currency AS currency,
       CAST(o.most_discount AS numeric(18, 4)) AS discount,
       CAST(o.most_total AS numeric(18, 4)) AS total, o.store_key
FROM {stage}__orders o JOIN member m ON m.source = :members AND m.key = o.most_member
"""
"""The staged orders; those that keep the contract have one member, one currency, one total."""

# As a sub-select it is looked up once, not once per order.
_IDS = "(SELECT CAST(pg_get_serial_sequence('shop_order', 'id') AS regclass))"
# Looked up one by one: no statistics may lead the planner to read all that was ever bought.
_TELL = f"""
CREATE TEMPORARY TABLE {_TOLD} ON COMMIT DROP AS
SELECT t.*, coalesce(o.id, nextval({_IDS})) AS id,
       o.member_id AS was,
       (o.member_id, o.ordered_at, o.status, o.currency, o.discount, o.total, o.store_key)
       IS NOT DISTINCT FROM
       (t.member_id, t.ordered_at, t.status, t.currency, t.discount, t.total, t.store_key) AS same
FROM ({_ORDERS}) t LEFT JOIN LATERAL (
    SELECT * FROM shop_order o WHERE o.source = :source AND o.key = t.key LIMIT 1
) o ON true
"""
_KNOW = f"""
CREATE TEMPORARY TABLE {_KNOWN} ON COMMIT DROP AS
SELECT t.key, t.same, l.* FROM {_TOLD} t CROSS JOIN LATERAL (
    SELECT * FROM order_line l WHERE l.order_id = t.id OFFSET 0
) l WHERE t.was IS NOT NULL
"""
_KEEP = f"""
WITH kept AS (
    DELETE FROM {{stage}} s USING {_KNOWN} k
    WHERE k.same AND k.key = s.order_key AND k.ordinal = s.ordinal
      AND k.product_key = s.product_key AND k.quantity = s.quantity
      AND k.unit_price = CAST(s.unit_price AS numeric(18, 4))
    RETURNING k.order_id, k.ordinal
)
DELETE FROM {_KNOWN} k USING kept WHERE kept.order_id = k.order_id AND kept.ordinal = k.ordinal
"""


def publish_order_lines(run: Publication) -> Published:
    """
    Publish orders with their lines, and mark whom they belong to.

    What is staged of an order is all of it: it has the lines, the member and the values it is told
    with now, and begins with its first line, as an invoice may be keyed in over several minutes.
    """
    make_room(run.connection)
    _name_products(run)
    return Published(*(_publish_all(run) if run.is_first(*TABLES) else _publish_changes(run)), {})


def _publish_all(run: Publication) -> tuple[int, int]:
    """Publish what is staged where nothing was published before; return how many lines, and 0."""
    with indexed_afterwards(run.connection, TABLES):
        run(
            "INSERT INTO shop_order (source, key, member_id, ordered_at, status, currency,"
            " discount, total, store_key) SELECT :source, key, member_id, ordered_at, status,"
            f" currency, discount, total, store_key FROM ({_ORDERS}) t"
        )
        run("ANALYZE shop_order")
        published = run(
            "INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)"
            " SELECT o.id, s.ordinal, s.product_key, s.quantity, s.unit_price"
            " FROM {stage} s JOIN shop_order o ON o.key = s.order_key"
        )
    _mark_stale(run, "SELECT DISTINCT member_id AS id FROM shop_order")
    return published, 0


def _publish_changes(run: Publication) -> tuple[int, int]:
    """Publish what is staged and not known; return how many lines are new, and known already."""
    run(_TELL)
    run(f"ANALYZE {_TOLD}")
    unchanged = _compare(run)
    run(
        "INSERT INTO shop_order (id, source, key, member_id, ordered_at, status, currency,"
        " discount, total, store_key) SELECT id, :source, key, member_id, ordered_at, status,"
        # By member: that index is as large as all that was ever bought, and read page by page.
        f" currency, discount, total, store_key FROM {_TOLD} WHERE was IS NULL ORDER BY member_id"
    )
    published = run(
        "INSERT INTO order_line (order_id, ordinal, product_key, quantity, unit_price)"
        " SELECT t.id, s.ordinal, s.product_key, s.quantity, s.unit_price"
        f" FROM {{stage}} s JOIN {_TOLD} t ON t.key = s.order_key"
    )
    _mark_stale(
        run,
        f"SELECT member_id AS id FROM {_TOLD} WHERE NOT same"
        f" UNION SELECT was FROM {_TOLD} WHERE NOT same"
        f" UNION SELECT t.member_id FROM {_TOLD} t JOIN {_KNOWN} k ON k.order_id = t.id"
        f" UNION SELECT t.member_id FROM {_TOLD} t JOIN {{stage}} s ON s.order_key = t.key"
        " WHERE t.same",
    )
    return published, unchanged


def _compare(run: Publication) -> int:
    """Take what is known from the stage, and what is no more from the tables; return the former."""
    run(_KNOW)
    unchanged = run(_KEEP)
    run(f"ANALYZE {_KNOWN}")
    with row_by_row(run.connection):
        run(
            f"DELETE FROM order_line l USING {_KNOWN} k"
            " WHERE l.order_id = k.order_id AND l.ordinal = k.ordinal"
        )
        run(
            "UPDATE shop_order o SET member_id = t.member_id, ordered_at = t.ordered_at,"
            " status = t.status, currency = t.currency, discount = t.discount, total = t.total,"
            f" store_key = t.store_key FROM {_TOLD} t"
            " WHERE o.id = t.id AND t.was IS NOT NULL AND NOT t.same"
        )
    return unchanged


def _name_products(run: Publication) -> None:
    """Add products nobody told of; a catalogue's name for one stays, else the newest one counts."""
    # Apart, so that several workers may read the lines.
    run(
        "CREATE TEMPORARY TABLE named ON COMMIT DROP AS SELECT product_key, product_name,"
        " max(ordered_at) AS at, max(row) AS place FROM {stage} GROUP BY 1, 2"
    )
    run(
        "INSERT INTO product (source, key, name) SELECT DISTINCT ON (product_key) :source,"
        " product_key, coalesce(product_name, product_key) FROM named"
        " ORDER BY product_key, product_name IS NULL, at DESC, place DESC"
        " ON CONFLICT (source, key) DO UPDATE SET name = excluded.name"
        " WHERE product.name <> excluded.name AND excluded.name <> excluded.key"
        " AND (product.family, product.launched_at, product.stock) IS NULL"
    )
    run("DROP TABLE named")


def _mark_stale(run: Publication, members: str) -> None:
    """Mark the persons of members whose orders are new or changed, have new lines, or lost some."""
    run(
        "INSERT INTO stale_person SELECT DISTINCT m.person_id"
        f" FROM ({members}) told JOIN member m USING (id) ORDER BY 1 {REMARK}"
    )
