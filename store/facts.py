"""Histories in, facts out: only for persons something happened to, or whose wheel turns."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.person import Facts, History, Staple
from store.bulk import copy_rows
from store.persons import REMARK

WHEEL_KIND = "lifecycle"
_NEVER = date(9999, 12, 31)

_ORDERS = """
SELECT m.person_id, count(*) AS orders, min(o.ordered_at) AS first_order_at,
       max(o.ordered_at) AS last_order_at,
       array_agg(DISTINCT (o.ordered_at AT TIME ZONE :zone)::date) AS days
FROM member m JOIN shop_order o ON o.member_id = m.id
WHERE m.person_id = ANY(:persons) AND o.status = 'paid' AND o.ordered_at <= :as_of
GROUP BY m.person_id
"""

_PRODUCTS = """
SELECT DISTINCT ON (person_id) person_id, product_key, name, days,
       sum(units) OVER w AS units, sum(spent) OVER w AS spent
FROM (
    SELECT m.person_id, l.product_key, max(p.name) AS name,
           count(DISTINCT (o.ordered_at AT TIME ZONE :zone)::date) AS days,
           sum(l.quantity) AS units, sum(l.quantity * l.unit_price) AS spent
    FROM member m
    JOIN shop_order o ON o.member_id = m.id
    JOIN order_line l ON l.order_id = o.id
    JOIN product p ON p.source = o.source AND p.key = l.product_key
    WHERE m.person_id = ANY(:persons) AND o.status = 'paid' AND o.ordered_at <= :as_of
    GROUP BY m.person_id, l.product_key
) bought
WINDOW w AS (PARTITION BY person_id)
ORDER BY person_id, days DESC, bought.spent DESC, product_key
"""

# What a person got whom this one is taken for, this one got.
_TOUCHES = """
WITH got AS (
    SELECT coalesce(p.merged_into, p.id) AS person_id, d.at, d.answered, d.status
    FROM person p JOIN delivery d ON d.person_id = p.id
    WHERE p.id = ANY(:persons) OR p.merged_into = ANY(:persons)
)
SELECT d.person_id, count(*) AS touches, max(d.at) AS last_touch_at,
       count(*) FILTER (WHERE d.answered IS FALSE
                        AND d.at > coalesce(a.last_answered, '-infinity')) AS unanswered
FROM got d
LEFT JOIN (SELECT person_id, max(at) AS last_answered FROM got
           WHERE answered GROUP BY person_id) a USING (person_id)
WHERE d.status IN ('delivered', 'unknown_settled')
GROUP BY d.person_id
"""


def enqueue_due(connection: Connection, today: date, version: str) -> int:
    """Mark the persons whose wheel turns by `today`, and all whose wheel has another version."""
    return connection.execute(
        text(
            "INSERT INTO stale_person SELECT person_id FROM wheel WHERE kind = :kind"
            " AND ((version = :version AND due_on <= :today) OR version < :version"
            f" OR version > :version) ORDER BY 1 {REMARK}"
        ),
        {"kind": WHEEL_KIND, "today": today, "version": version},
    ).rowcount


def claim_stale(connection: Connection, limit: int) -> list[int]:
    """Take up to `limit` marked persons; they come back if the transaction does not commit."""
    rows = connection.execute(
        text(
            "DELETE FROM stale_person WHERE person_id IN (SELECT person_id FROM stale_person"
            " ORDER BY person_id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING person_id"
        ),
        {"limit": limit},
    ).scalars()
    return sorted(rows)


def forget_emptied(connection: Connection, persons: Sequence[int]) -> list[int]:
    """
    Forget the facts of those of these persons who have no member any more; return the others.

    They were taken for somebody else, or their member was: whom it is now, its facts are.
    """
    emptied = set(
        connection.execute(
            text(
                "SELECT id FROM person p WHERE id = ANY(:persons)"
                " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.person_id = p.id)"
            ),
            {"persons": list(persons)},
        ).scalars()
    )
    values = {"persons": sorted(emptied)}
    for table in ("person_facts", "wheel", "segment_membership"):
        connection.execute(text(f"DELETE FROM {table} WHERE person_id = ANY(:persons)"), values)
    return [person for person in persons if person not in emptied]


def histories(
    connection: Connection, persons: Sequence[int], as_of: datetime, zone: str
) -> list[History]:
    """Return the history of each person up to `as_of`, in the order given."""
    values = {"persons": list(persons), "as_of": as_of, "zone": zone}
    orders = _by_person(connection, _ORDERS, values)
    products = _by_person(connection, _PRODUCTS, values)
    touches = _by_person(connection, _TOUCHES, values)
    return [
        _history(person, orders.get(person), products.get(person), touches.get(person))
        for person in persons
    ]


def write_facts(connection: Connection, facts: Iterable[Facts], today: date, version: str) -> None:
    """Replace the facts, the wheel entries and, where they changed, the segments of persons."""
    judged = list(facts)
    persons = {"persons": [one.history.person_id for one in judged]}
    connection.execute(text("DELETE FROM person_facts WHERE person_id = ANY(:persons)"), persons)
    connection.execute(text("DELETE FROM wheel WHERE person_id = ANY(:persons)"), persons)
    copy_rows(connection, "person_facts", _FACT_COLUMNS, (_fact_row(f, today) for f in judged))
    copy_rows(
        connection,
        "wheel",
        ("person_id", "kind", "due_on", "version"),
        (
            (f.history.person_id, WHEEL_KIND, f.standing.changes_on or _NEVER, version)
            for f in judged
        ),
    )
    _write_segments(connection, judged, today)


def _write_segments(connection: Connection, judged: Sequence[Facts], today: date) -> None:
    current = connection.execute(
        text(
            "SELECT person_id, segment, since FROM segment_membership"
            " WHERE person_id = ANY(:persons) AND until IS NULL"
        ),
        {"persons": [one.history.person_id for one in judged]},
    )
    known = {row.person_id: (row.segment, row.since) for row in current}
    moved = [
        one
        for one in judged
        if known.get(one.history.person_id) != (one.standing.segment.value, _since(one))
    ]
    moved_ids = {"persons": [one.history.person_id for one in moved], "today": today}
    # A membership that began today and ends today was never one.
    connection.execute(
        text(
            "DELETE FROM segment_membership WHERE person_id = ANY(:persons)"
            " AND until IS NULL AND since >= :today"
        ),
        moved_ids,
    )
    connection.execute(
        text(
            "UPDATE segment_membership SET until = :today"
            " WHERE person_id = ANY(:persons) AND until IS NULL"
        ),
        moved_ids,
    )
    connection.execute(
        text(
            "DELETE FROM segment_membership m USING unnest(CAST(:persons AS bigint[]),"
            " CAST(:segments AS text[]), CAST(:starts AS date[])) AS n(person_id, segment, since)"
            " WHERE m.person_id = n.person_id AND m.segment = n.segment AND m.since = n.since"
        ),
        {
            "persons": moved_ids["persons"],
            "segments": [one.standing.segment.value for one in moved],
            "starts": [_since(one) for one in moved],
        },
    )
    copy_rows(
        connection,
        "segment_membership",
        ("person_id", "segment", "since", "evidence"),
        ((f.history.person_id, f.standing.segment.value, _since(f), _evidence(f)) for f in moved),
    )


def _since(facts: Facts) -> date:
    return max(facts.standing.since, date(1900, 1, 1))


def _evidence(facts: Facts) -> dict[str, Any]:
    last = facts.history.last_order_at
    return {
        "orders": facts.history.orders,
        "order_days": len(facts.history.days),
        "last_order_at": last.isoformat() if last else None,
        "gap_median": facts.rhythm.median,
        "gap_spread": facts.rhythm.spread,
    }


def _by_person(connection: Connection, query: str, values: dict[str, Any]) -> dict[int, Any]:
    return {row.person_id: row for row in connection.execute(text(query), values)}


def _history(person: int, orders: Any, products: Any, touches: Any) -> History:
    values: dict[str, Any] = {}
    if orders:
        values |= {
            "orders": orders.orders,
            "first_order_at": orders.first_order_at,
            "last_order_at": orders.last_order_at,
            "days": tuple(sorted(orders.days)),
        }
    if products:
        values |= {
            "units": int(products.units),
            "spent": products.spent,
            "staple": Staple(products.product_key, products.name, products.days),
        }
    if touches:
        values |= {
            "touches": touches.touches,
            "unanswered": touches.unanswered,
            "last_touch_at": touches.last_touch_at,
        }
    return History(person, **values)


_FACT_COLUMNS = (
    "person_id",
    "orders",
    "units",
    "spent",
    "first_order_at",
    "last_order_at",
    "gaps",
    "gap_median",
    "gap_spread",
    "due_from",
    "due_until",
    "staple_key",
    "staple_name",
    "staple_days",
    "touches",
    "unanswered",
    "last_touch_at",
    "refreshed_on",
)


def _fact_row(facts: Facts, today: date) -> tuple[Any, ...]:
    history, staple = facts.history, facts.staple
    return (
        history.person_id,
        history.orders,
        history.units,
        history.spent,
        history.first_order_at,
        history.last_order_at,
        list(facts.rhythm.gaps),
        facts.rhythm.median,
        facts.rhythm.spread,
        facts.due.opens if facts.due else None,
        facts.due.closes if facts.due else None,
        staple.key if staple else None,
        staple.name if staple else None,
        staple.days if staple else 0,
        history.touches,
        history.unanswered,
        history.last_touch_at,
        today,
    )
