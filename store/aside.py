"""What does not keep the contract is put aside, each row with its reasons."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.gathered import ungather
from store.predicates import RowRule
from store.row_rules import COMPANION, KEYS, ROW_RULES, UNITS
from store.staging import Stage


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
    `passed`, as only that one will be published. Orders must have been gathered.
    """
    names = set(broken)
    rules = [rule for rule in rules or ROW_RULES[stage.entity] if rule.name in names]
    values = {**stage.values, "run": run_id, "as_of": as_of}
    # A window that was refused and is tried again brings its bad rows anew.
    connection.execute(text(f"DELETE FROM quarantine q WHERE {_MINE('q')}"), values)
    for rule in rules:
        _keep_bad(connection, stage, rule, values)
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
    gone = connection.execute(
        text(
            f"DELETE FROM {stage.table} s USING quarantine q WHERE {_MINE('q')} AND q.row = s.row"
        ),
        values,
    ).rowcount
    if gone:
        keys = f"SELECT q.content->>'order_key' FROM quarantine q WHERE {_MINE('q')}"
        ungather(connection, stage, keys, values)
    return gone


_MINE = "{0}.run_id = :run AND {0}.source = :source AND {0}.entity = :entity".format


def _keep_bad(
    connection: Connection, stage: Stage, rule: RowRule, values: Mapping[str, Any]
) -> None:
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
