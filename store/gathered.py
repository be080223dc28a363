"""
The orders of a stage, put together from their lines once for all who look at whole ones.

Of other entities there is nothing to gather, and all of this does nothing.
"""

from sqlalchemy import Connection, text

from schemas.enums import Entity
from store.bulk import drop
from store.staging import UNATTENDED, Stage, survey

_GATHERED = """
SELECT order_key,
       min(member_key) AS least_member, max(member_key) AS most_member,
       min(currency) AS least_currency, max(currency) AS most_currency,
       min(total) AS least_total, max(total) AS most_total,
       min(discount) AS least_discount, max(discount) AS most_discount,
       greatest(abs(min(discount)), abs(max(discount))) AS most_off,
       sum(quantity * unit_price) AS goods,
       count(ordinal) AS numbered, count(DISTINCT ordinal) AS numbers,
       max(status) AS status, max(store_key) AS store_key, min(ordered_at) AS ordered_at,
       min(page) AS first_page, max(page) AS last_page
FROM {table} WHERE {which} GROUP BY order_key
"""
"""What an order's lines come to, one row per order; `numbered` lines bear so many `numbers`."""

_REPEATED = """
SELECT order_key, ordinal FROM {table} WHERE ordinal IS NOT NULL
   AND order_key IN (SELECT order_key FROM {table}__orders WHERE numbers < numbered)
GROUP BY order_key, ordinal HAVING count(*) > 1
"""
"""Numbers that several lines of one order bear; looked for in the few orders that have any."""

_ODD = """
(least_member, least_currency, least_total, least_discount)
IS DISTINCT FROM (most_member, most_currency, most_total, most_discount)
OR goods - coalesce(most_discount, 0) - most_total <> 0 OR most_off > goods
"""
"""
What is true of every order that may break a rule over whole orders.

What is endless less what is endless is no number, which differs from 0 as it should.
Few are odd, so that what has to be known of them can be joined to millions of lines.
"""

_CURRENCY = """
SELECT most_currency AS currency FROM {table}__orders WHERE most_currency IS NOT NULL
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
"""
"""What most orders come in."""

_DERIVED = {
    "repeated": _REPEATED,
    "odd": f"SELECT * FROM {{table}}__orders WHERE {_ODD}",
    "currency": _CURRENCY,
}


def gather(connection: Connection, stage: Stage) -> None:
    """Survey a stage and put its orders together, all of them anew if they were."""
    survey(connection, stage)
    if stage.entity is not Entity.ORDER_LINE:
        return
    scatter(connection, stage)
    # Two halves, so that two workers put one together each while the leader writes. By an
    # inequality, as the planner takes that for a third of the lines; by a remainder it would take
    # it for one in two hundred, and not ask for help.
    connection.execute(text("SET LOCAL parallel_leader_participation TO off"))
    halves = (_GATHERED.replace("{which}", f"hashtext(order_key) {half} 0") for half in ("<", ">="))
    _create(connection, stage, "orders", " UNION ALL ".join(halves))
    connection.execute(text("SET LOCAL parallel_leader_participation TO DEFAULT"))
    _derive(connection, stage)


def gather_again(connection: Connection, stage: Stage, keys: str) -> None:
    """Put those orders together anew whose keys a query returns: their lines are others now."""
    if stage.entity is not Entity.ORDER_LINE:
        return
    orders = f"{stage.table}__orders"
    for statement in (
        f"CREATE TEMPORARY TABLE other_lines ON COMMIT DROP AS {keys}",
        "ANALYZE other_lines",
        f"DELETE FROM {orders} WHERE order_key IN (SELECT order_key FROM other_lines)",
        f"INSERT INTO {orders} "
        + _GATHERED.replace("{table}", stage.table).replace(
            "{which}", "order_key IN (SELECT order_key FROM other_lines)"
        ),
        "DROP TABLE other_lines",
    ):
        connection.execute(text(statement))
    _derive(connection, stage)


def ungather(connection: Connection, stage: Stage, keys: str, values: dict[str, object]) -> None:
    """Take those orders out whose keys a query returns, as they have no lines any more."""
    if stage.entity is Entity.ORDER_LINE:
        connection.execute(
            text(f"DELETE FROM {stage.table}__orders WHERE order_key IN ({keys})"), values
        )


def scatter(connection: Connection, stage: Stage) -> None:
    """Take away what was gathered."""
    for name in ("orders", *_DERIVED):
        drop(connection, f"{stage.table}__{name}")


def _derive(connection: Connection, stage: Stage) -> None:
    for name, query in _DERIVED.items():
        drop(connection, f"{stage.table}__{name}")
        _create(connection, stage, name, query)


def _create(connection: Connection, stage: Stage, name: str, query: str) -> None:
    told = query.replace("{table}", stage.table)
    table = f"{stage.table}__{name}"
    connection.execute(text(f"CREATE UNLOGGED TABLE {table} WITH ({UNATTENDED}) AS {told}"))
    connection.execute(text(f"ANALYZE {table}"))
