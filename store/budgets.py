"""Shared budgets: counted by conditional updates, whoever spends beside us."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, text

Key = tuple[str, str]
"""A scope ("sender", "scene", "run") and whose budget of that scope it is."""

_OPEN = """
INSERT INTO budget (scope, key, "window", used, most) VALUES (:scope, :key, :window, 0, :most)
ON CONFLICT (scope, key, "window")
DO UPDATE SET most = greatest(excluded.most, budget.used)
"""
_USED = """
SELECT scope, key, most - used AS left FROM budget WHERE "window" = :window
  AND (scope, key) IN (SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])))
"""
_SPEND = """
UPDATE budget SET used = used + :n
WHERE scope = :scope AND key = :key AND "window" = :window AND used + :n <= most
"""


def hold(connection: Connection, window: date, most: Mapping[Key, int]) -> dict[Key, int]:
    """
    Return what is left of budgets on a day, and keep others from spending it meanwhile.

    A budget that is smaller now than what was spent of it is spent; nothing is taken back.
    """
    if not most:
        return {}
    # In one order, so that two who hold several never wait for each other.
    rows = [
        {"scope": scope, "key": key, "window": window, "most": most[scope, key]}
        for scope, key in sorted(most)
    ]
    connection.execute(text(_OPEN), rows)
    scopes, keys = zip(*sorted(most), strict=True)
    found = connection.execute(
        text(_USED), {"window": window, "scopes": list(scopes), "keys": list(keys)}
    )
    return {(row.scope, row.key): row.left for row in found}


def spend(connection: Connection, window: date, spent: Iterable[tuple[Key, int]]) -> None:
    """Spend of budgets that are held. Raises ValueError where more is spent than is left."""
    for (scope, key), n in spent:
        values = {"scope": scope, "key": key, "window": window, "n": n}
        if not connection.execute(text(_SPEND), values).rowcount:
            raise ValueError(f"the budget of {scope} {key} on {window} has no {n} left")
