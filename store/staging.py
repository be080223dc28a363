"""Rows on their way in: staged, offered again, counted against the rules, put aside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from schemas.enums import Entity
from schemas.incoming import COLUMNS, Row
from store.bulk import copy_rows, make_room
from store.predicates import RowRule
from store.row_rules import COMPANION, KEYS, MENDED, MENDS, ROW_RULES, UNITS

SCHEMA = "staging"


@dataclass(frozen=True)
class Stage:
    """
    Where the window of one entity of one source is staged: a table of its own.

    `members_of` is the source whose keys its rows name members by, if that is another one.
    """

    source: str
    entity: Entity
    members_of: str | None = None

    @property
    def name(self) -> str:
        """The table's name within the schema."""
        return f"{self.source}__{self.entity.value}"

    @property
    def table(self) -> str:
        """The table's name with its schema."""
        return f"{SCHEMA}.{self.name}"

    @property
    def values(self) -> dict[str, Any]:
        """What statements about this window are told."""
        return {"source": self.source, "entity": self.entity.value, "members": self.members}

    @property
    def members(self) -> str:
        """The source whose keys name members."""
        return self.members_of or self.source

    def same_unit(self, row: str, kept: str) -> str:
        """Return SQL that is true where a quarantined row is of the same unit as a staged one."""
        return " AND ".join(
            f"{row}.{column}::text = {kept}.content->>'{column}'" for column in UNITS[self.entity]
        )


def clear(connection: Connection, stage: Stage) -> None:
    """Begin an empty stage; leftovers of a reading that was given up go with the old one."""
    connection.execute(text(f"DROP TABLE IF EXISTS {stage.table}"))
    connection.execute(
        text(f"CREATE UNLOGGED TABLE {stage.table} (LIKE staged_{stage.entity.value})")
    )


def stage_rows(
    connection: Connection, stage: Stage, rows: Iterable[Row], first: int, page: int = 0
) -> int:
    """Append the rows of a page in the order of COLUMNS, numbered from `first`; return how many."""
    numbered = ((first + place, page, *row) for place, row in enumerate(rows))
    return copy_rows(connection, stage.table, ("row", "page", *COLUMNS[stage.entity]), numbered)


def count(connection: Connection, stage: Stage) -> int | None:
    """Return how many rows are staged; None where nothing was ever."""
    exists = connection.execute(
        text("SELECT to_regclass(:table) IS NOT NULL"), {"table": stage.table}
    ).scalar_one()
    if not exists:
        return None
    found: int = connection.execute(text(f"SELECT count(*) FROM {stage.table}")).scalar_one()
    return found


def survey(connection: Connection, stage: Stage) -> None:
    """
    Tell the planner what is staged, and give this transaction room to work on it.

    Nobody else would in time: a window is judged as soon as it is there.
    """
    make_room(connection)
    connection.execute(text(f"ANALYZE {stage.table}"))


def offer_again(connection: Connection, stage: Stage) -> int:
    """
    Stage the quarantined rows that were mended, or whose reason has gone; return how many.

    A unit is offered once nothing keeps any row of it, and not at all when the source has sent it
    anew: what the source says now counts.
    """
    columns = COLUMNS[stage.entity]
    gone = [f"(k.rule = '{rule}' AND {went.format(row='k')})" for rule, went in MENDS.items()]
    free = " OR ".join([f"k.rule IN ('{MENDED}', '{COMPANION}')", *gone])
    unit = " AND ".join(
        f"k.content->>'{column}' = q.content->>'{column}'" for column in UNITS[stage.entity]
    )
    mine = "{0}.source = :source AND {0}.entity = :entity AND {0}.settled_at IS NULL".format
    return connection.execute(
        text(
            f"INSERT INTO {stage.table} (row, page, {', '.join(columns)})"
            f" SELECT (SELECT coalesce(max(row), 0) FROM {stage.table})"
            " + row_number() OVER (ORDER BY q.id), 0,"
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


def number_lines(connection: Connection, stage: Stage) -> None:
    """
    Give lines a number where the source numbers none of an order's, in the order they came in.

    Without one, two lines that are alike would be taken for one that came twice.
    """
    if stage.entity is not Entity.ORDER_LINE:
        return
    bare = f"SELECT EXISTS (SELECT 1 FROM {stage.table} WHERE ordinal IS NULL)"
    if not connection.execute(text(bare)).scalar_one():
        return
    connection.execute(
        text(
            f"UPDATE {stage.table} s SET ordinal = n.place FROM (SELECT row,"
            " row_number() OVER (PARTITION BY order_key ORDER BY row) AS place"
            f" FROM {stage.table} u WHERE ordinal IS NULL AND NOT EXISTS (SELECT 1"
            f" FROM {stage.table} o WHERE o.order_key = u.order_key AND o.ordinal IS NOT NULL)"
            ") n WHERE n.row = s.row"
        )
    )


def keep_newest(connection: Connection, stage: Stage) -> int:
    """
    Of a unit that came again on a later page keep what came last; return how many rows went.

    It changed while it was read, and is now what it was by then.
    """
    unit = ", ".join(UNITS[stage.entity])
    same = " AND ".join(f"s.{column} = d.{column}" for column in UNITS[stage.entity])
    return connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING (SELECT {unit}, max(page) AS page"
            f" FROM {stage.table} GROUP BY {unit} HAVING min(page) < max(page)) d"
            f" WHERE {same} AND s.page < d.page"
        )
    ).rowcount


def drop_repeated(connection: Connection, stage: Stage) -> int:
    """
    Drop all but the first of rows that are alike in every column; return how many went.

    A member told twice joined when the earlier row says so.
    """
    alike, first = list(COLUMNS[stage.entity]), "row"
    if stage.entity is Entity.MEMBER:
        alike.remove("joined_at")
        alike[alike.index("consent_at")] = "nullif(consent_at, joined_at)"
        first = "joined_at, row"
    key = ", ".join(KEYS[stage.entity])
    # Few keys come twice, and only their rows are compared.
    numbered = (
        f"SELECT row, row_number() OVER (PARTITION BY {', '.join(alike)} ORDER BY {first}) AS place"
        f" FROM {stage.table} WHERE ({key}) IN"
        f" (SELECT {key} FROM {stage.table} GROUP BY {key} HAVING count(*) > 1)"
    )
    return connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING ({numbered}) d WHERE d.row = s.row AND d.place > 1"
        )
    ).rowcount


def quarantine(
    connection: Connection,
    stage: Stage,
    *,
    run_id: int,
    as_of: datetime,
    broken: Iterable[str],
    passed: bool,
    rules: Sequence[RowRule] = (),
) -> int:
    """
    Keep each bad row once per rule in `broken`, take it from staging; return how many rows.

    What was kept of a unit before is settled once it has come anew: bad, or good in a window that
    `passed`, as only that one will be published.
    """
    names = set(broken)
    rules = [rule for rule in rules or ROW_RULES[stage.entity] if rule.name in names]
    values = {**stage.values, "run": run_id, "as_of": as_of}
    # A window that was refused and is tried again brings its bad rows anew.
    connection.execute(text(f"DELETE FROM quarantine q WHERE {_MINE('q')}"), values)
    for rule in rules:
        connection.execute(
            text(
                "INSERT INTO quarantine"
                " (run_id, source, entity, row, rule, column_name, value, content)"
                f" SELECT :run, :source, :entity, s.row, '{rule.name}', '{rule.column}',"
                f" s.{rule.column}::text, to_jsonb(s) - 'row' - 'page' FROM {stage.table} s"
                f" WHERE {rule.bad_in(stage.table)}"
            ),
            values,
        )
    if rules and UNITS[stage.entity] != KEYS[stage.entity]:
        _keep_companions(connection, stage, values)
    fate = "" if passed else f" AND s.row IN (SELECT row FROM quarantine n WHERE {_MINE('n')})"
    connection.execute(
        text(
            f"UPDATE quarantine q SET settled_at = :as_of FROM {stage.table} s"
            " WHERE q.source = :source AND q.entity = :entity AND q.settled_at IS NULL"
            f" AND q.run_id <> :run AND {stage.same_unit('s', 'q')}{fate}"
        ),
        values,
    )
    return connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING quarantine q WHERE {_MINE('q')} AND q.row = s.row"
        ),
        values,
    ).rowcount


_MINE = "{0}.run_id = :run AND {0}.source = :source AND {0}.entity = :entity".format


def _keep_companions(connection: Connection, stage: Stage, values: Mapping[str, Any]) -> None:
    column = UNITS[stage.entity][0]
    mine = _MINE("q")
    connection.execute(
        text(
            "INSERT INTO quarantine"
            " (run_id, source, entity, row, rule, column_name, value, content)"
            f" SELECT :run, :source, :entity, s.row, '{COMPANION}', '{column}', s.{column}::text,"
            f" to_jsonb(s) - 'row' - 'page' FROM {stage.table} s"
            f" WHERE s.{column} IN (SELECT q.content->>'{column}' FROM quarantine q WHERE {mine})"
            f" AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE {mine} AND q.row = s.row)"
        ),
        values,
    )
