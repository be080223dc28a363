"""What is being made anew for everybody, and how far that has come."""

from datetime import datetime

from sqlalchemy import Connection, text

FACTS = "facts"
SEGMENTS = "segments"

_START = """
INSERT INTO rebuild (subject, version, next_person, as_of)
VALUES (:subject, :version, (SELECT min(id) FROM person), :as_of)
ON CONFLICT (subject) DO UPDATE
SET version = excluded.version, next_person = excluded.next_person, as_of = excluded.as_of
"""
_CONFORMS = """
SELECT next_person IS NULL AS done FROM rebuild
WHERE subject = :subject AND version = :version AND as_of <= :as_of
"""
# As many persons as have about so many orders, by what the server believes of its tables; few where
# it has not looked at them yet.
_REACH = """
SELECT CASE WHEN o.reltuples > 0
       THEN greatest(1000, (:orders * greatest(p.reltuples, 1) / o.reltuples)::bigint)
       ELSE 1000 END
FROM pg_class p, pg_class o
WHERE p.oid = 'person'::regclass AND o.oid = 'shop_order'::regclass
"""


def conforms(connection: Connection, subject: str, version: str, as_of: datetime) -> bool | None:
    """
    Return whether a subject is what a version says, or, if not, None unless that is under way.

    What was made as of a later instant is worth nothing: a clock was set back.
    """
    values = {"subject": subject, "version": version, "as_of": as_of}
    return connection.execute(text(_CONFORMS), values).scalar_one_or_none()


def start(connection: Connection, subject: str, version: str, as_of: datetime) -> None:
    """Have a subject made anew for everybody, from the first person on."""
    values = {"subject": subject, "version": version, "as_of": as_of}
    connection.execute(text(_START), values)


def move_on(connection: Connection, as_of: datetime) -> None:
    """Note as of which instant things are made now."""
    connection.execute(text("UPDATE rebuild SET as_of = :as_of"), {"as_of": as_of})


def next_range(connection: Connection, subject: str, orders: int) -> range | None:
    """
    Return the ids of the next persons to be done, who have about so many orders; None at the end.

    The row is locked until the transaction ends.
    """
    query = text("SELECT next_person FROM rebuild WHERE subject = :subject FOR UPDATE")
    first = connection.execute(query, {"subject": subject}).scalar_one_or_none()
    if first is None:
        return None
    reach = connection.execute(text(_REACH), {"orders": orders}).scalar_one()
    return range(first, first + reach)


def advance(connection: Connection, subject: str, done: range) -> None:
    """Note that a range is done; where nobody is beyond it, all of it is."""
    connection.execute(
        text(
            "UPDATE rebuild SET next_person = (SELECT min(id) FROM person WHERE id >= :beyond)"
            " WHERE subject = :subject"
        ),
        {"subject": subject, "beyond": done.stop},
    )
