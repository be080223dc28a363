"""Segments and the wheel: what was judged is held against what stands; only the rest is written."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from store.bulk import row_by_row
from store.frames import read_frame, write_frame
from store.histories import Persons, who

_NAME = ("person_id", "dimension", "segment")
_MEMBERSHIP = {
    "person_id": pl.Int64,
    "dimension": pl.String,
    "segment": pl.String,
    "since": pl.Date,
    "evidence": pl.String,
}
_TURN = {"person_id": pl.Int64, "kind": pl.String, "due_on": pl.Date, "version": pl.String}
_MEMBERSHIPS, _WHEEL = "segment_membership", "wheel"
_COLUMNS = {_MEMBERSHIPS: _MEMBERSHIP, _WHEEL: _TURN}

_OPEN = """
SELECT person_id, dimension, segment, since, evidence FROM segment_membership
WHERE until IS NULL AND {who}
"""
_ANY = "SELECT EXISTS (SELECT 1 FROM segment_membership WHERE {who})"
_TURNS = "SELECT person_id, kind, due_on, version FROM wheel WHERE {who}"

_SAME = "(m.person_id, m.dimension, m.segment, m.since)"
_TOLD = "(t.person_id, t.dimension, t.segment, t.since)"
# A membership that began today and ends today was never one.
_TAKE_BACK = f"DELETE FROM segment_membership m USING told t WHERE {_SAME} = {_TOLD}"
_END = f"UPDATE segment_membership m SET until = :today FROM told t WHERE {_SAME} = {_TOLD}"
_RENEW = (
    f"UPDATE segment_membership m SET evidence = t.evidence FROM told t WHERE {_SAME} = {_TOLD}"
)
# What ended may go on after all, from the same day on.
_BEGIN = """
INSERT INTO segment_membership (person_id, dimension, segment, since, evidence) SELECT * FROM told
ON CONFLICT (person_id, dimension, segment, since)
DO UPDATE SET until = NULL, evidence = excluded.evidence
"""
_RESIZE = """
INSERT INTO segment_size (dimension, segment, size) VALUES (:dimension, :segment, :change)
ON CONFLICT (dimension, segment) DO UPDATE SET size = segment_size.size + excluded.size
"""
_STOP = "DELETE FROM wheel w USING told t WHERE (w.person_id, w.kind) = (t.person_id, t.kind)"
_MOVE = (
    "UPDATE wheel w SET due_on = t.due_on, version = t.version FROM told t"
    " WHERE (w.person_id, w.kind) = (t.person_id, t.kind)"
)


def write_memberships(
    connection: Connection, persons: Persons, judged: pl.DataFrame, today: date
) -> int:
    """
    Have the segments of `persons` be as judged; return how many rows that changed.

    `judged` is rules.judgement.Judged.memberships. What goes on keeps its row and the day it began;
    its evidence is renewed where that is another.
    """
    where, values = who(persons, "person_id")
    standing = read_frame(connection, _OPEN.format(who=where), _MEMBERSHIP, values)
    # A spell that began anew is not the one that stands, though it has the same name.
    both = judged.join(standing, on=_NAME, suffix="_was").filter(
        ~pl.col("spell") | (pl.col("since") == pl.col("since_was"))
    )
    renewed = both.filter(pl.col("evidence") != pl.col("evidence_was")).with_columns(
        since=pl.col("since_was")
    )
    ended = standing.join(both, on=_NAME, how="anti")
    begun = judged.join(both, on=_NAME, how="anti").with_columns(pl.col("since").fill_null(today))
    _tell(connection, _MEMBERSHIPS, _TAKE_BACK, ended.filter(pl.col("since") >= today))
    _tell(connection, _MEMBERSHIPS, _END, ended.filter(pl.col("since") < today), today=today)
    _tell(connection, _MEMBERSHIPS, _RENEW, renewed)
    if connection.exec_driver_sql(_ANY.format(who=where), dict(values)).scalar_one():
        _tell(connection, _MEMBERSHIPS, _BEGIN, begun)
    else:
        _append(connection, _MEMBERSHIPS, begun.select(*_MEMBERSHIP))
    _resize(connection, [(begun, 1), (ended, -1)])
    return len(ended) + len(begun) + len(renewed)


def write_wheel(connection: Connection, persons: Persons, judged: pl.DataFrame) -> int:
    """Have the wheel of `persons` be as judged; return how many rows that changed."""
    where, values = who(persons, "person_id")
    standing = read_frame(connection, _TURNS.format(who=where), _TURN, values)
    key = ["person_id", "kind"]
    turned = judged.select(*_TURN).join(standing, on=list(_TURN), how="anti")
    stopped = standing.join(judged, on=key, how="anti")
    _tell(connection, _WHEEL, _STOP, stopped)
    _tell(connection, _WHEEL, _MOVE, turned.join(standing, on=key, how="semi"))
    _append(connection, _WHEEL, turned.join(standing, on=key, how="anti"))
    return len(stopped) + len(turned)


def end_all(connection: Connection, persons: list[int]) -> None:
    """Forget the segments and the wheel of persons who are no more."""
    where, values = who(persons, "person_id")
    standing = read_frame(connection, _OPEN.format(who=where), _MEMBERSHIP, values)
    for table in _COLUMNS:
        connection.execute(text(f"DELETE FROM {table} WHERE person_id = ANY(:persons)"), values)
    _resize(connection, [(standing, -1)])


def _append(connection: Connection, table: str, rows: pl.DataFrame) -> None:
    """Append rows, those of a person beside each other: they are looked for together."""
    write_frame(connection, table, rows.sort("person_id"))


def _tell(
    connection: Connection, table: str, statement: str, rows: pl.DataFrame, **values: date
) -> None:
    """Execute a statement about `table` that reads `rows`, if there are any, as `told`."""
    if rows.is_empty():
        return
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE told ON COMMIT DROP AS SELECT {', '.join(_COLUMNS[table])}"
            f" FROM {table} LIMIT 0"
        )
    )
    _append(connection, "told", rows.select(*_COLUMNS[table]))
    connection.execute(text("ANALYZE told"))
    with row_by_row(connection):
        connection.execute(text(statement), values)
    connection.execute(text("DROP TABLE told"))


def _resize(connection: Connection, moved: Iterable[tuple[pl.DataFrame, int]]) -> None:
    changes: Counter[tuple[str, str]] = Counter()
    for rows, sign in moved:
        for dimension, segment, count in rows.group_by("dimension", "segment").len().iter_rows():
            changes[dimension, segment] += sign * count
    told = [
        {"dimension": dimension, "segment": segment, "change": change}
        for (dimension, segment), change in changes.items()
        if change
    ]
    if told:
        # A refresh counts twice, who is gone and who came: row by row, two might wait in a circle.
        connection.execute(text("LOCK TABLE segment_size IN SHARE ROW EXCLUSIVE MODE"))
        connection.execute(text(_RESIZE), told)
