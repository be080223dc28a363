"""The baseline: the rows that a plan wrote, written again by the server itself."""

from time import perf_counter

from sqlalchemy import text

from store.bulk import indexed_afterwards
from store.database import engine, transaction

_WRITTEN = {
    "decision": "EXISTS (SELECT FROM candidate c WHERE c.id = t.candidate_id AND c.run_id = :run)",
    "message": "t.run_id = :run",
    "message_event": "EXISTS (SELECT FROM message m WHERE m.id = t.message_id AND m.run_id = :run)",
    "ledger": "EXISTS (SELECT FROM message m WHERE m.id = t.slot AND m.run_id = :run)",
}


def insert_again(url: str, run_id: int) -> tuple[float, dict[str, int]]:
    """
    Return how long a bare INSERT ... SELECT of a run's rows takes, and how many rows by table.

    They go into tables with the same indexes, which are as full as the real ones were before; the
    rows are read beforehand, so that writing them is what is measured.
    """
    database = engine(url)
    counts = {}
    took = 0.0
    for table, theirs in _WRITTEN.items():
        others = f"NOT ({theirs})"
        with transaction(database) as connection:
            values = {"run": run_id}
            connection.execute(text(f"CREATE TABLE copy_{table} (LIKE {table} INCLUDING ALL)"))
            with indexed_afterwards(connection, (f"copy_{table}",)):
                connection.execute(
                    text(f"INSERT INTO copy_{table} SELECT * FROM {table} t WHERE {others}"), values
                )
            connection.execute(
                text(
                    f"CREATE TEMPORARY TABLE new_{table} AS SELECT * FROM {table} t WHERE {theirs}"
                ),
                values,
            )
            began = perf_counter()
            inserted = connection.execute(
                text(f"INSERT INTO copy_{table} SELECT * FROM new_{table}")
            )
            counts[table] = inserted.rowcount
        took += perf_counter() - began
    return took, counts
