"""Shared budgets: counted by conditional updates, whoever spends beside us."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, text

Key = tuple[str, str]
"""A scope ("sender", "scene", "run") and whose budget of that scope it is."""

# In one order, so that two who hold several never wait for each other.
_OPEN = """
INSERT INTO budget (scope, key, "window", used, most)
SELECT scope, key, :window, 0, most
FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:most AS int[]))
    AS t(scope, key, most)
ORDER BY scope, key
ON CONFLICT (scope, key, "window")
DO UPDATE SET most = greatest(excluded.most, budget.used)
"""
_USED = """
SELECT scope, key, most - used AS left FROM budget WHERE "window" = :window
  AND (scope, key) IN (SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])))
"""
_SPEND = """
UPDATE budget b SET used = b.used + t.n
FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:spent AS int[]))
    AS t(scope, key, n)
WHERE b.scope = t.scope AND b.key = t.key AND b."window" = :window AND b.used + t.n <= b.most
RETURNING b.scope, b.key
"""


def hold(connection: Connection, window: date, most: Mapping[Key, int]) -> dict[Key, int]:
    """
    Return what is left of budgets on a day, and keep others from spending it meanwhile.

    A budget that is smaller now than what was spent of it is spent; nothing is taken back.
    """
    if not most:
        return {}
    values = {"window": window, **_columns(most)}
    connection.execute(text(_OPEN), {**values, "most": list(most.values())})
    found = connection.execute(text(_USED), values).all()
    return {(row.scope, row.key): row.left for row in found}


def spend(connection: Connection, window: date, spent: Mapping[Key, int]) -> None:
    """Spend of budgets that are held. Raises ValueError where more is spent than is left."""
    if not spent:
        return
    values = {"window": window, **_columns(spent), "spent": list(spent.values())}
    done = {(row.scope, row.key) for row in connection.execute(text(_SPEND), values).all()}
    for scope, key in spent.keys() - done:
        n = spent[scope, key]
        raise ValueError(f"the budget of {scope} {key} on {window} has no {n} left")


def _columns(of: Iterable[Key]) -> dict[str, list[str]]:
    scopes, keys = zip(*of, strict=True)
    return {"scopes": list(scopes), "keys": list(keys)}
