"""The holdout's messages, which come to the end that the others of their wording came to."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.open_messages import OPEN

# Of the others with the same text, those through the same employee tell most: whether a task is
# confirmed depends on who confirms it. Where nobody else got the text it would have gone out.
_SETTLED = f"""
SELECT g.id, g.person_id, g.scene, g.state, g.wording_id IS NULL AS alone,
       fate.state AS fate,
       least(g.window_until, greatest(g.planned_for, coalesce(fate.at, g.planned_for))) AS at
FROM message g
JOIN run r ON r.id = g.run_id
LEFT JOIN LATERAL (
    SELECT t.state, d.at FROM message t LEFT JOIN delivery d ON d.message_id = t.id
    WHERE t.wording_id = g.wording_id AND NOT t.ghost
    ORDER BY t.sender <> g.sender, t.state NOT IN ('delivered', 'unknown_settled'), d.at, t.id
    LIMIT 1
) fate ON true
WHERE g.ghost AND g.{OPEN} AND g.state <> 'deferred'
  AND CASE WHEN g.wording_id IS NULL THEN r.status = 'done' AND g.planned_for <= :as_of
      ELSE NOT EXISTS (SELECT 1 FROM message t WHERE t.wording_id = g.wording_id
                       AND NOT t.ghost AND t.{OPEN}) END
ORDER BY g.id LIMIT :limit
"""


def settled(connection: Connection, as_of: datetime, limit: int) -> list[Any]:
    """
    Return open ghosts whose fate is known: how the wording ended for the others, and when.

    `alone` are those whose text nobody else got; `fate` is then null.
    """
    return list(connection.execute(text(_SETTLED), {"as_of": as_of, "limit": limit}).all())
