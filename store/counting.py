"""How many staged rows break each rule, by plain SQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from schemas.enums import Entity
from store.bulk import make_room
from store.predicates import RowRule
from store.staging import Stage


def bad_counts(
    connection: Connection, stage: Stage, rules: Sequence[RowRule], *, as_of: datetime
) -> Mapping[str, int]:
    """
    Return for each rule how many staged rows break it, in one scan.

    What a rule looks up elsewhere is joined: within a count PostgreSQL would look it up row by
    row, however many there are. Orders must have been gathered.
    """
    make_room(connection)
    counts = ", ".join(f"count(*) FILTER (WHERE {_bad(rule, stage)})" for rule in rules)
    joins = " ".join(_joins(rules, stage))
    row = connection.execute(
        text(f"SELECT {counts} FROM {stage.table} s {joins}"), {**stage.values, "as_of": as_of}
    ).one()
    return dict(zip((rule.name for rule in rules), row, strict=True))


def _bad(rule: RowRule, stage: Stage) -> str:
    if rule.of_order:
        return rule.of_order
    if rule.refers_to:
        return f"s.{rule.column} IS NOT NULL AND its_{rule.refers_to}.key IS NULL"
    return rule.bad_in(stage.table)


def _joins(rules: Sequence[RowRule], stage: Stage) -> Iterator[str]:
    for rule in rules:
        if rule.refers_to:
            table, named = rule.refers_to, f"its_{rule.refers_to}"
            yield (
                f"LEFT JOIN {table} {named} ON {named}.source = {rule.refers_within}"
                f" AND {named}.key = s.{rule.column}"
            )
    if stage.entity is Entity.ORDER_LINE:
        yield f"LEFT JOIN {stage.table}__odd o ON o.order_key = s.order_key"
