"""What happened to persons, as the database tells it: a frame per kind, in any order of rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

AT = pl.Datetime("us", "UTC")
"""An instant; days are told in the business zone, and only by the rules."""

CENTS = 10_000
"""Money is counted in whole ten-thousandths of the main unit, which is as exact as it is stored."""

Schema = Mapping[str, pl.DataType | type[pl.DataType]]
"""The columns of a frame and their types."""

PERSONS: Schema = {"person_id": pl.Int64, "city": pl.String}
ORDERS: Schema = {
    "person_id": pl.Int64,
    "order_id": pl.Int64,
    "at": AT,
    "status": pl.String,
    "paid": pl.Int64,
    "discount": pl.Int64,
    "source": pl.String,
    "key": pl.String,
    "store_key": pl.String,
    "store_city": pl.String,
}
LINES: Schema = {
    "person_id": pl.Int64,
    "order_id": pl.Int64,
    "product_key": pl.String,
    "name": pl.String,
    "family": pl.String,
    "units": pl.Int64,
    "amount": pl.Int64,
}
EVENTS: Schema = {
    "person_id": pl.Int64,
    "kind": pl.String,
    "at": AT,
    "subject": pl.String,
    "source": pl.String,
    "key": pl.String,
}
BENEFITS: Schema = {
    "person_id": pl.Int64,
    "kind": pl.String,
    "remaining": pl.Int64,
    "valid_from": AT,
    "valid_until": AT,
}
TOUCHES: Schema = {"person_id": pl.Int64, "at": AT, "answered": pl.Boolean}


@dataclass(frozen=True)
class Histories:
    """
    The histories of some persons, whose rows need not be in any order.

    `persons` has a row for each of them, whatever else is known. `paid` is what an order cost:
    its total where a source tells it, else its lines less its discount.
    """

    persons: pl.DataFrame
    orders: pl.DataFrame
    lines: pl.DataFrame
    events: pl.DataFrame
    benefits: pl.DataFrame
    touches: pl.DataFrame
