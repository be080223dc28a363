"""Lives as plain records, and the same as the frames that the rules read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import polars as pl

from schemas.histories import BENEFITS, EVENTS, LINES, ORDERS, PERSONS, TOUCHES, Histories


@dataclass(frozen=True)
class Line:
    product: str
    name: str
    family: str
    units: int
    amount: int


@dataclass(frozen=True)
class Order:
    order_id: int
    at: datetime
    status: str
    paid: int
    discount: int | None
    source: str
    key: str
    store: str | None
    store_city: str | None
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Event:
    kind: str
    at: datetime
    subject: str | None
    source: str
    key: str


@dataclass(frozen=True)
class Benefit:
    kind: str
    remaining: int | None
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True)
class Touch:
    at: datetime
    answered: bool | None


@dataclass(frozen=True)
class Life:
    """Everything that happened to one person, also what lies ahead of the instant asked about."""

    person_id: int
    city: str | None = None
    orders: tuple[Order, ...] = ()
    events: tuple[Event, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    touches: tuple[Touch, ...] = ()


def histories(lives: Sequence[Life], chance: Random | None = None) -> Histories:
    """Return lives as frames, whose rows `chance` shuffles where it is given."""

    def frame(schema: Mapping[str, Any], rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
        made = list(rows)
        if chance:
            chance.shuffle(made)
        return pl.DataFrame(made, schema, orient="row")

    orders = [(life.person_id, order) for life in lives for order in life.orders]
    return Histories(
        persons=frame(PERSONS, ((life.person_id, life.city) for life in lives)),
        orders=frame(ORDERS, (_order(person, order) for person, order in orders)),
        lines=frame(
            LINES,
            (
                (
                    person,
                    order.order_id,
                    line.product,
                    line.name,
                    line.family,
                    line.units,
                    line.amount,
                )
                for person, order in orders
                for line in order.lines
            ),
        ),
        events=frame(
            EVENTS,
            (
                (life.person_id, one.kind, one.at, one.subject, one.source, one.key)
                for life in lives
                for one in life.events
            ),
        ),
        benefits=frame(
            BENEFITS,
            (
                (life.person_id, one.kind, one.remaining, one.valid_from, one.valid_until)
                for life in lives
                for one in life.benefits
            ),
        ),
        touches=frame(
            TOUCHES,
            ((life.person_id, one.at, one.answered) for life in lives for one in life.touches),
        ),
    )


def _order(person: int, order: Order) -> tuple[Any, ...]:
    return (
        person,
        order.order_id,
        order.at,
        order.status,
        order.paid,
        order.discount,
        order.source,
        order.key,
        order.store,
        order.store_city,
    )
