"""What happened to persons: the rows that facts are made of, of a few persons or of a range."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import polars as pl
from sqlalchemy import Connection

from schemas.histories import (
    BENEFITS,
    CENTS,
    EVENTS,
    LINES,
    ORDERS,
    PERSONS,
    TOUCHES,
    Histories,
    Schema,
)
from store.bulk import row_by_row
from store.frames import instant, read_frame

Persons = Sequence[int] | range
"""Whose histories: a few persons by their ids, or all whose ids lie in a range."""


_PERSONS = """
SELECT DISTINCT ON (m.person_id) m.person_id, m.city
FROM member m WHERE {who} ORDER BY m.person_id, m.city IS NULL, m.id
"""
_ORDERS = f"""
SELECT m.person_id, o.id, {instant("o.ordered_at")}, o.status, (o.total * {CENTS})::bigint,
       (o.discount * {CENTS})::bigint, o.source, o.key, o.store_key
FROM member m JOIN shop_order o ON o.member_id = m.id WHERE {{who}}
"""
_LINE = (
    f"l.order_id, l.product_key, l.quantity::bigint, (l.quantity * l.unit_price * {CENTS})::bigint"
)
# Of few persons the orders are known by then, and not looked up once more for their lines.
_LINES = f"""
SELECT {_LINE}
FROM order_line l WHERE l.order_id = ANY(%(orders)s)
"""
_LINES_OF_RANGE = f"""
SELECT {_LINE}
FROM member m JOIN shop_order o ON o.member_id = m.id JOIN order_line l ON l.order_id = o.id
WHERE {{who}}
"""
_PRODUCTS = "SELECT source, key, name, coalesce(family, key) FROM product"
_STORES = "SELECT source, key, city FROM store"
_EVENTS = f"""
SELECT m.person_id, e.kind, {instant("e.at")}, e.subject, e.source, e.key
FROM member m JOIN member_event e ON e.member_id = m.id WHERE {{who}}
"""
_BENEFITS = f"""
SELECT m.person_id, b.kind, b.remaining, {instant("b.valid_from")}, {instant("b.valid_until")}
FROM member m JOIN benefit b ON b.member_id = m.id WHERE {{who}}
"""
# What a person got whom this one is taken for, this one got.
_TOUCHES = f"""
SELECT coalesce(p.merged_into, p.id), {instant("d.at")}, d.answered::text
FROM person p JOIN delivery d ON d.person_id = p.id
WHERE d.status IN ('delivered', 'unknown_settled') AND p.id IN (
    SELECT one.id FROM person one WHERE {{who}}
    UNION ALL SELECT one.id FROM person one WHERE {{taken_for}}
)
"""

_TOLD_ORDERS = {name: kind for name, kind in ORDERS.items() if name != "store_city"}
_TOLD_LINES = {
    name: kind for name, kind in LINES.items() if name not in ("person_id", "name", "family")
}
_QUERIES: tuple[tuple[str, Schema, str], ...] = (
    (_PERSONS, PERSONS, "m.person_id"),
    (_ORDERS, _TOLD_ORDERS, "m.person_id"),
    (_EVENTS, EVENTS, "m.person_id"),
    (_BENEFITS, BENEFITS, "m.person_id"),
    (_TOUCHES, TOUCHES, "one.id"),
)
_CATALOGUE: Schema = {
    "source": pl.String,
    "product_key": pl.String,
    "name": pl.String,
    "family": pl.String,
}
_PLACES: Schema = {"source": pl.String, "store_key": pl.String, "store_city": pl.String}


def histories(connection: Connection, persons: Persons) -> Histories:
    """Return all that happened to these persons, whenever it did; who has no member is left out."""
    with nullcontext() if isinstance(persons, range) else row_by_row(connection):
        told, orders, events, benefits, touches = (
            _told(connection, query, schema, persons, person) for query, schema, person in _QUERIES
        )
        lines = _lines(connection, persons, orders)
    places = read_frame(connection, _STORES, _PLACES)
    catalogue = read_frame(connection, _PRODUCTS, _CATALOGUE)
    sources = orders.select("order_id", "person_id", "source")
    return Histories(
        persons=told,
        orders=_paid(orders, lines)
        .join(places, on=("source", "store_key"), how="left")
        .select(ORDERS.keys()),
        lines=lines.join(sources, on="order_id")
        .join(catalogue, on=("source", "product_key"), how="left")
        .with_columns(
            pl.coalesce("name", "product_key").alias("name"),
            pl.coalesce("family", "product_key").alias("family"),
        )
        .select(LINES.keys()),
        events=events,
        benefits=benefits,
        touches=touches,
    )


def _lines(connection: Connection, persons: Persons, orders: pl.DataFrame) -> pl.DataFrame:
    if isinstance(persons, range):
        return _told(connection, _LINES_OF_RANGE, _TOLD_LINES, persons, "m.person_id")
    return read_frame(connection, _LINES, _TOLD_LINES, {"orders": orders["order_id"].to_list()})


def _told(
    connection: Connection, query: str, schema: Schema, persons: Persons, person: str
) -> pl.DataFrame:
    whose, values = who(persons, person)
    taken_for, _ = who(persons, "one.merged_into")
    return read_frame(connection, query.format(who=whose, taken_for=taken_for), schema, values)


def _paid(orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the orders with what was paid: where no total is told, lines less discount."""
    goods = lines.group_by("order_id").agg(goods=pl.col("amount").sum())
    less = pl.col("goods").fill_null(0) - pl.col("discount").fill_null(0)
    return orders.join(goods, on="order_id", how="left").with_columns(
        paid=pl.coalesce(pl.col("paid"), less.clip(lower_bound=0))
    )


def who(persons: Persons, person: str) -> tuple[str, Mapping[str, Any]]:
    """Return SQL that is true of these persons' ids, told as `person`, and its values."""
    if isinstance(persons, range):
        values = {"first": persons.start, "beyond": persons.stop}
        return f"{person} >= %(first)s AND {person} < %(beyond)s", values
    return f"{person} = ANY(%(persons)s)", {"persons": list(persons)}
