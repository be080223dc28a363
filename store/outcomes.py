"""What became of messages, and what persons did next."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from schemas.enums import MessageState

_ORDERS = """
INSERT INTO outcome (kind, source_event, person_id, message_id, at, amount)
SELECT 'order', o.source || ':' || o.key, d.person_id, d.message_id, o.ordered_at,
       coalesce((SELECT sum(l.quantity * l.unit_price) FROM order_line l WHERE l.order_id = o.id),
                0)
FROM delivery d
JOIN person p ON p.id = d.person_id
JOIN member b ON b.person_id = coalesce(p.merged_into, p.id)
JOIN shop_order o ON o.member_id = b.id AND o.status = 'paid'
 AND o.ordered_at > d.at AND o.ordered_at <= d.answer_until AND o.ordered_at <= :as_of
WHERE d.status = 'delivered' AND d.answered IS NULL
  AND NOT EXISTS (SELECT 1 FROM delivery later JOIN person q ON q.id = later.person_id
                  WHERE coalesce(q.merged_into, q.id) = b.person_id
                  AND later.status = 'delivered' AND later.at > d.at AND later.at < o.ordered_at)
ON CONFLICT (kind, source_event) DO NOTHING
"""

_CLOSE = """
UPDATE delivery d
SET answered = EXISTS (SELECT 1 FROM outcome o WHERE o.message_id = d.message_id)
WHERE d.answered IS NULL AND d.status = 'delivered'
  AND d.answer_until <= least(CAST(:as_of AS timestamptz),
      (SELECT min(until) FROM watermark WHERE entity = 'order_line'))
RETURNING d.person_id
"""


def record_deliveries(
    connection: Connection,
    messages: Sequence[int],
    status: MessageState,
    *,
    at: datetime,
    answer_until: datetime,
) -> None:
    """Store one row per message that was handed to a channel and now has its end."""
    connection.execute(
        text(
            "INSERT INTO delivery (message_id, person_id, status, at, answer_until)"
            " SELECT id, person_id, :status, :at, :until FROM message WHERE id = ANY(:ids)"
            " ON CONFLICT DO NOTHING"
        ),
        {"ids": list(messages), "status": status.value, "at": at, "until": answer_until},
    )


def credit_orders(connection: Connection, as_of: datetime) -> int:
    """Credit each later order to the last delivery before it whose window it falls into."""
    return connection.execute(text(_ORDERS), {"as_of": as_of}).rowcount


def close_windows(connection: Connection, as_of: datetime) -> list[int]:
    """
    Close the response windows that have passed; return the persons concerned.

    A window stays open until the orders within it have been pulled: what has not been read yet is
    not silence.
    """
    return list(connection.execute(text(_CLOSE), {"as_of": as_of}).scalars().all())


def persons_of(connection: Connection, messages: Sequence[int]) -> list[int]:
    """Return the persons of messages."""
    rows = connection.execute(
        text("SELECT DISTINCT person_id FROM message WHERE id = ANY(:ids)"), {"ids": list(messages)}
    )
    return list(rows.scalars().all())
