"""What a day brings: new orders, and persons for whom time alone changes something."""

from datetime import date

from sqlalchemy import text

from bench.knowing.shop import Shop, write
from store.database import engine, transaction
from store.persons import mark_stale

_WRITTEN = ("person_facts", "segment_membership", "wheel")

_DUE = "due_on <= :today"
_NATURAL = f"SELECT count(DISTINCT person_id) FROM wheel WHERE {_DUE}"  # noqa: S608 - our own words
# In the order of a hash, which is the same for the same day and another on the next.
_CHOOSE = f"""
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
SELECT person_id FROM (SELECT DISTINCT person_id FROM wheel WHERE {_DUE}) due
ORDER BY hashint8extended(person_id, :seed) LIMIT :many
"""  # noqa: S608 - our own words
_CHOOSE_MORE = """
INSERT INTO chosen
SELECT person_id FROM wheel w
WHERE kind = 'lifecycle' AND due_on > :today
  AND NOT EXISTS (SELECT 1 FROM chosen c WHERE c.person_id = w.person_id)
ORDER BY hashint8extended(person_id, :seed) LIMIT :many - (SELECT count(*) FROM chosen)
"""
_HASTEN = """
UPDATE wheel w SET due_on = :today FROM chosen c
WHERE w.person_id = c.person_id AND w.kind = 'lifecycle' AND w.due_on > :today
"""
_PUT_OFF = f"""
UPDATE wheel w SET due_on = :today + 30 WHERE {_DUE}
  AND NOT EXISTS (SELECT 1 FROM chosen c WHERE c.person_id = w.person_id)
"""  # noqa: S608 - our own words
_COUNTS = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS written FROM pg_stat_user_tables
WHERE relname = ANY(:tables)
"""


def arrange_wheel(url: str, today: date, many: int) -> int:
    """
    Have so many persons be due on a day; return how many were by themselves.

    Of those who are, more are put off; where there are fewer, others' lifecycle is judged before
    its time. That changes nothing of the work: whoever is due is judged anew, whatever it was that
    the wheel said.
    """
    values = {"today": today, "many": many, "seed": today.toordinal()}
    with transaction(engine(url)) as connection:
        by_itself: int = connection.execute(text(_NATURAL), values).scalar_one()
        connection.execute(text(_CHOOSE), values)
        connection.execute(text("CREATE UNIQUE INDEX ON chosen (person_id)"))
        connection.execute(text("ANALYZE chosen"))
        connection.execute(text(_PUT_OFF), values)
        if by_itself < many:
            connection.execute(text(_CHOOSE_MORE), values)
            connection.execute(text(_HASTEN), values)
    return by_itself


def bring(url: str, shop: Shop, number: int, changed: int) -> None:
    """Publish a day's orders: rows of theirs, and marks for those whose they are."""
    block = shop.day(number, changed)
    with transaction(engine(url)) as connection:
        write(connection, block)
        # Every member is one person, who has the same id.
        mark_stale(connection, block.orders["member_id"].to_list())


def to_do(url: str, today: date) -> tuple[int, int]:
    """Return how many persons are marked, and how many are due by the wheel."""
    query = text(
        "SELECT (SELECT count(*) FROM stale_person),"
        " (SELECT count(DISTINCT person_id) FROM wheel WHERE due_on <= :today)"
    )
    with transaction(engine(url)) as connection:
        marked, due = connection.execute(query, {"today": today}).one()
    return marked, due


def written(url: str) -> dict[str, int]:
    """Return how many rows were written to what follows from histories, by table, so far."""
    with transaction(engine(url)) as connection:
        rows = connection.execute(text(_COUNTS), {"tables": list(_WRITTEN)}).all()
    counts = {row.relname: row.written for row in rows}
    return {table: counts[table] for table in _WRITTEN}
