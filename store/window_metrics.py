"""What a window was like, in numbers by which its day can be held against other days."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.limits import CURRENCY, MAX_TOTAL
from store.staging import Stage

# A share of no rows is null, and no share.
_SHARE = "avg(({0})::int)::float8".format
_SHARES: Mapping[Entity, Mapping[str, str]] = {
    Entity.MEMBER: {
        "consent": "coalesce(consent, false)",
        "unionid": "unionid IS NOT NULL",
        "phone": "phone_hash IS NOT NULL",
    },
    Entity.BENEFIT: {"points": "coalesce(kind = 'points', false)"},
    Entity.MEMBER_EVENT: {"complaint": "coalesce(kind = 'complaint', false)"},
    Entity.CONTACT: {"unionid": "unionid IS NOT NULL"},
}

_ORDERS = f"""
WITH told AS (
    SELECT most_currency AS currency, count(*) AS orders,
           count(*) FILTER (WHERE status = 'refunded') AS refunded, count(store_key) AS in_store,
           sum(goods) FILTER (WHERE {{fit}}) AS amount, count(*) FILTER (WHERE {{fit}}) AS fit
    FROM {{table}}__orders GROUP BY most_currency
), money AS (SELECT * FROM told WHERE currency ~ '{CURRENCY}' AND fit > 0)
SELECT (SELECT count(*) FROM {{table}}) AS rows,
       jsonb_build_object('refunded', (sum(refunded) / nullif(sum(orders), 0))::float8,
                          'in_store', (sum(in_store) / nullif(sum(orders), 0))::float8) AS shares,
       coalesce(sum(orders), 0)::bigint AS orders,
       coalesce((SELECT jsonb_object_agg(currency, (amount / fit)::float8) FROM money), '{{}}')
       AS means,
       coalesce((SELECT jsonb_object_agg(currency, amount::float8) FROM money), '{{}}') AS sums
FROM told
""".replace("{fit}", f"goods BETWEEN 0 AND {MAX_TOTAL}")
"""Amounts that break the contract are left out: one NaN would make all sums NaN."""


def window_metrics(connection: Connection, stage: Stage) -> dict[str, Any]:
    """
    Return the metrics of a staged window: `rows`, and `shares` of them by name (0 to 1).

    Of orders also their number, and by currency the `sums` of their lines and the `means` of an
    order. Shares and means of nothing are left out. Orders must have been gathered.
    """
    if stage.entity is Entity.ORDER_LINE:
        found = connection.execute(text(_ORDERS.replace("{table}", stage.table))).one()
        metrics = dict(found._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    else:
        shares = _SHARES.get(stage.entity, {})
        told = ", ".join(["count(*) AS rows", *(_SHARE(sql) for sql in shares.values())])
        rows, *values = connection.execute(text(f"SELECT {told} FROM {stage.table}")).one()
        metrics = {"rows": rows, "shares": dict(zip(shares, values, strict=True))}
    metrics["shares"] = {
        name: share for name, share in metrics["shares"].items() if share is not None
    }
    return metrics
