"""What is being made anew for everybody, and how far that has come."""

from sqlalchemy import Connection, text

FACTS = "facts"
SEGMENTS = "segments"

_BEGIN = """
INSERT INTO rebuild (subject, version, next_person)
VALUES (:subject, :version, (SELECT min(id) FROM person))
ON CONFLICT (subject) DO UPDATE SET version = excluded.version, next_person = excluded.next_person
"""
# As many persons as have about so many orders, by what the server believes of its tables.
_REACH = """
SELECT greatest(1000, (:orders * greatest(p.reltuples, 1) / greatest(o.reltuples, 1))::bigint)
FROM pg_class p, pg_class o
WHERE p.oid = 'person'::regclass AND o.oid = 'shop_order'::regclass
"""


def version(connection: Connection, subject: str) -> str | None:
    """Return the version that a subject conforms to, or is being brought to; None before any."""
    query = text("SELECT version FROM rebuild WHERE subject = :subject")
    return connection.execute(query, {"subject": subject}).scalar_one_or_none()


def is_due(connection: Connection, subject: str, version: str) -> bool:
    """Return whether there is anybody for whom a subject has to be made anew."""
    query = text("SELECT next_person FROM rebuild WHERE subject = :subject AND version = :version")
    values = {"subject": subject, "version": version}
    found = connection.execute(query, values).one_or_none()
    return found is None or found.next_person is not None


def start(connection: Connection, subject: str, version: str) -> None:
    """Have a subject made anew for everybody, from the first person on."""
    connection.execute(text(_BEGIN), {"subject": subject, "version": version})


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
