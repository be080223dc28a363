"""What was read is put in order before it is judged: once each, numbered, with what waited."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.incoming import COLUMNS
from store.gathered import gather, gather_again
from store.row_rules import COMPANION, KEYS, MENDED, MENDS, UNITS
from store.staging import Stage

AGAIN = 0
"""The page of rows that are offered again; those of a source are numbered from 1."""


@dataclass(frozen=True)
class Arranged:
    """How many rows were dropped by which rule, and how many are offered again."""

    dropped: dict[str, int]
    again: int


def arrange(connection: Connection, stage: Stage, *, newest: bool) -> Arranged:
    """
    Drop what came twice, number lines, add what is offered again, and gather orders.

    `newest` says that of a unit read again the later reading counts.
    """
    dropped = {}
    if newest:
        gather(connection, stage)
        dropped["read_again"] = keep_newest(connection, stage)
    if number_lines(connection, stage) or not newest:
        gather(connection, stage)
    dropped["repeated_row"] = drop_repeated(connection, stage)
    again = offer_again(connection, stage)
    return Arranged({rule: count for rule, count in dropped.items() if count}, again)


def number_lines(connection: Connection, stage: Stage) -> int:
    """
    Give lines a number where the source numbers none of an order's; return how many got one.

    They are numbered in the order they came in. Without a number, two lines that are alike would
    be taken for one that came twice.
    """
    if stage.entity is not Entity.ORDER_LINE:
        return 0
    bare = f"SELECT EXISTS (SELECT 1 FROM {stage.table} WHERE ordinal IS NULL)"
    if not connection.execute(text(bare)).scalar_one():
        return 0
    return connection.execute(
        text(
            f"UPDATE {stage.table} s SET ordinal = n.place FROM (SELECT row,"
            " row_number() OVER (PARTITION BY order_key ORDER BY row) AS place"
            f" FROM {stage.table} u WHERE ordinal IS NULL AND NOT EXISTS (SELECT 1"
            f" FROM {stage.table} o WHERE o.order_key = u.order_key AND o.ordinal IS NOT NULL)"
            ") n WHERE n.row = s.row"
        )
    ).rowcount


def keep_newest(connection: Connection, stage: Stage) -> int:
    """
    Of a unit that came again on a later page keep what came last; return how many rows went.

    It changed while it was read, and is now what it was by then. Orders must have been gathered.
    """
    same = " AND ".join(f"s.{column} = d.{column}" for column in UNITS[stage.entity])
    came_again = _came_again(stage)
    gone = connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING ({came_again}) d"
            f" WHERE {same} AND s.page < d.last_page"
        )
    ).rowcount
    if gone:
        gather_again(connection, stage, f"SELECT order_key FROM ({came_again}) d")
    return gone


def _came_again(stage: Stage) -> str:
    if stage.entity is Entity.ORDER_LINE:
        return (
            f"SELECT order_key, last_page FROM {stage.table}__orders WHERE first_page < last_page"
        )
    unit = ", ".join(UNITS[stage.entity])
    return (
        f"SELECT {unit}, max(page) AS last_page FROM {stage.table}"
        f" GROUP BY {unit} HAVING min(page) < max(page)"
    )


def drop_repeated(connection: Connection, stage: Stage) -> int:
    """
    Drop all but the first of rows that are alike in every column; return how many went.

    A member told twice joined when the earlier row says so. Orders must have been gathered.
    """
    alike, first = list(COLUMNS[stage.entity]), "row"
    if stage.entity is Entity.MEMBER:
        alike.remove("joined_at")
        alike[alike.index("consent_at")] = "nullif(consent_at, joined_at)"
        first = "joined_at, row"
    key = ", ".join(KEYS[stage.entity])
    # Few keys come twice, and only their rows are compared.
    twice = f"SELECT {key} FROM {stage.table} GROUP BY {key} HAVING count(*) > 1"
    if stage.entity is Entity.ORDER_LINE:
        twice = f"SELECT {key} FROM {stage.table}__repeated"
    numbered = (
        f"SELECT row, row_number() OVER (PARTITION BY {', '.join(alike)} ORDER BY {first}) AS place"
        f" FROM {stage.table} WHERE ({key}) IN ({twice})"
    )
    gone = connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING ({numbered}) d WHERE d.row = s.row AND d.place > 1"
        )
    ).rowcount
    if gone:
        gather_again(connection, stage, f"SELECT order_key FROM {stage.table}__repeated")
    return gone


def offer_again(connection: Connection, stage: Stage) -> int:
    """
    Stage the quarantined rows that were mended, or whose reason has gone; return how many.

    A unit is offered once nothing keeps any row of it, and not at all when the source has sent it
    anew: what the source says now counts. Orders must have been gathered.
    """
    columns = COLUMNS[stage.entity]
    gone = [f"(k.rule = '{rule}' AND {went.format(row='k')})" for rule, went in MENDS.items()]
    free = " OR ".join([f"k.rule IN ('{MENDED}', '{COMPANION}')", *gone])
    unit = " AND ".join(
        f"k.content->>'{column}' = q.content->>'{column}'" for column in UNITS[stage.entity]
    )
    mine = "{0}.source = :source AND {0}.entity = :entity AND {0}.settled_at IS NULL".format
    offered = connection.execute(
        text(
            f"INSERT INTO {stage.table} (row, page, {', '.join(columns)})"
            f" SELECT (SELECT coalesce(max(row), 0) FROM {stage.table})"
            f" + row_number() OVER (ORDER BY q.id), {AGAIN},"
            f" {', '.join(f'r.{column}' for column in columns)}"
            " FROM (SELECT DISTINCT ON (q.run_id, q.row) q.* FROM quarantine q"
            f" WHERE {mine('q')} ORDER BY q.run_id, q.row, q.id) q"
            f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{stage.table}, q.content) r"
            f" WHERE NOT EXISTS (SELECT 1 FROM quarantine k WHERE {mine('k')} AND NOT ({free})"
            f" AND (({unit}) OR (k.run_id = q.run_id AND k.row = q.row)))"
            f" AND NOT EXISTS (SELECT 1 FROM {stage.table} s WHERE {stage.same_unit('s', 'q')})"
        ),
        stage.values,
    ).rowcount
    if offered:
        gather_again(connection, stage, f"SELECT order_key FROM {stage.table} WHERE page = {AGAIN}")
    return offered
