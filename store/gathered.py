"""The orders of a stage, put together from their lines once for all who look at whole ones."""

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.limits import CURRENCY, MAX_PRICE, MAX_QUANTITY
from store.staging import Stage, survey

GATHERED = f"""
SELECT order_key,
       min(member_key) AS least_member, max(member_key) AS most_member,
       min(currency) AS least_currency, max(currency) AS most_currency,
       min(total) AS least_total, max(total) AS most_total,
       min(discount) AS least_discount, max(discount) AS most_discount,
       max(abs(discount)) AS most_off, sum(quantity * unit_price) AS goods,
       count(ordinal) AS numbered, count(DISTINCT ordinal) AS numbers,
       coalesce(max(status), '') AS status, bool_or(store_key IS NOT NULL) AS in_store,
       CASE WHEN max(currency) ~ '{CURRENCY}' THEN max(currency) END AS currency,
       sum(quantity * unit_price) FILTER (
           WHERE quantity BETWEEN 1 AND {MAX_QUANTITY}
             AND unit_price BETWEEN 0 AND {MAX_PRICE}) AS amount
FROM {{table}} WHERE order_key IS NOT NULL GROUP BY order_key
"""
"""
What an order's lines come to, one row per order; `numbered` lines bear so many `numbers`.

Amounts that break the contract are left out of `amount`: one NaN would make all sums NaN.
"""


def orders_of(stage: Stage) -> str:
    """Return the table of a stage's gathered orders."""
    return f"{stage.table}__orders"


_REPEATED = """
SELECT order_key, ordinal FROM {table} WHERE ordinal IS NOT NULL
   AND order_key IN (SELECT order_key FROM {table}__orders WHERE numbers < numbered)
GROUP BY order_key, ordinal HAVING count(*) > 1
"""
"""Numbers that several lines of one order bear; looked for in the few orders that have any."""


def gather(connection: Connection, stage: Stage) -> None:
    """Put the orders of a stage together, anew if they were; of other entities do nothing."""
    if stage.entity is not Entity.ORDER_LINE:
        return
    survey(connection, stage)  # since it was last looked at, its lines were numbered
    scatter(connection, stage)
    for name, query in (("orders", GATHERED), ("repeated", _REPEATED)):
        found = query.replace("{table}", stage.table)
        connection.execute(text(f"CREATE UNLOGGED TABLE {stage.table}__{name} AS {found}"))
        connection.execute(text(f"ANALYZE {stage.table}__{name}"))


def scatter(connection: Connection, stage: Stage) -> None:
    """Take what was gathered away again."""
    for name in ("orders", "repeated"):
        connection.execute(text(f"DROP TABLE IF EXISTS {stage.table}__{name}"))
