"""A made-up history of three years: as columns, as Parquet and in the tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection

from store.bulk import indexed_afterwards
from store.database import engine, transaction
from store.frames import write_frame

Ints = NDArray[np.int64]

OPENED = datetime(2023, 1, 1, tzinfo=UTC)
"""The first day; doors are open from 08:00 to 22:00 of the business zone, 00:00 to 14:00 UTC."""

DAYS = 1_096
"""Days of which a shop has a history when it is first looked at."""

SOURCE = "shop"
_SEED = 5
_BLOCK = 1_000_000
_DAY = 86_400
_OPEN_SECONDS = 14 * 3_600
_PRODUCTS, _FAMILY, _STORES = 500, 12, 40
_FREQUENCIES = 0.8  # shape of the gamma distribution of how often members order
_STEADY = 0.5
_FAITHFUL = 0.6
_REDUCED = 0.2
_TABLES = ("person", "member", "shop_order", "order_line")


@dataclass(frozen=True)
class Block:
    """Some orders, and their lines: columns as the tables have them."""

    orders: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True)
class Shop:
    """
    Members and their orders, the same ones each time.

    How often members order differs, and from when till when; half of them order at about even
    gaps, the others whenever. Three lines of five are of a member's favourite product, a fifth of
    the orders is reduced, every fourth has a second line.
    """

    members: int
    orders: int

    def blocks(self) -> Iterator[Block]:
        """Yield the history in the order of time; an id is the place in it, from 1."""
        who, at = _history(self.members, self.orders)
        for first in range(0, self.orders, _BLOCK):
            part = slice(first, first + _BLOCK)
            yield _block(first + 1, who[part], at[part])

    def day(self, number: int, changed: int) -> Block:
        """Return a later day, counted from 0, on which so many members order once."""
        rng = np.random.default_rng([_SEED, 1, number])
        who = np.sort(rng.choice(self.members, changed, replace=False)) + 1
        at = (DAYS + number) * _DAY + rng.integers(0, _OPEN_SECONDS, changed)
        return _block(self.orders + number * changed + 1, who, at)


def as_of(day: int) -> datetime:
    """Return 07:30 in the business zone on the morning after a day; -1 is the history's last."""
    return OPENED + timedelta(days=DAYS + day + 1, minutes=-30)


def today(day: int) -> date:
    """Return the business date of that morning."""
    return (OPENED + timedelta(days=DAYS + day + 1)).date()


def write_log(shop: Shop, file: Path) -> None:
    """Write the history as one Parquet file: a row per line, with what its order tells."""
    families = _catalogue().select("family", product_key="key")
    pl.concat(
        block.lines.join(families, on="product_key").join(
            block.orders.select("member_id", "ordered_at", "store_key", "discount", "total", "id"),
            left_on="order_id",
            right_on="id",
        )
        for block in shop.blocks()
    ).write_parquet(file)


def load(url: str, shop: Shop) -> None:
    """Fill the empty tables of a database with the shop and its history."""
    with transaction(engine(url)) as connection:
        write_frame(connection, "store", _stores())
        write_frame(connection, "product", _catalogue())
        with indexed_afterwards(connection, _TABLES):
            persons, members = _members(shop.members)
            write_frame(connection, "person", persons)
            write_frame(connection, "member", members)
            for block in shop.blocks():
                write(connection, block)


def write(connection: Connection, block: Block) -> None:
    """Append orders and their lines."""
    write_frame(connection, "shop_order", block.orders)
    write_frame(connection, "order_line", block.lines)


def _history(members: int, orders: int) -> tuple[Ints, Ints]:
    """Return whose each order is, from 1, and its second since `OPENED`; sorted by time."""
    rng = np.random.default_rng(_SEED)
    often = np.cumsum(rng.gamma(_FREQUENCIES, size=members))
    who = np.searchsorted(often, np.sort(rng.random(orders)) * often[-1])
    many = np.bincount(who, minlength=members)
    begins = rng.uniform(0, 0.95 * DAYS, members)
    stays = np.minimum(60 + rng.exponential(DAYS / 2, members), DAYS - begins)
    steady = rng.random(members) < _STEADY
    place = rng.random(orders)
    place = np.where(
        steady[who],
        (np.arange(orders) - (np.cumsum(many) - many)[who] + 0.2 * place) / many[who],
        place,
    )
    day = (begins[who] + place * stays[who]).astype(np.int64)
    at = day * _DAY + rng.integers(0, _OPEN_SECONDS, orders)
    order = np.argsort(at, kind="stable")
    return who[order].astype(np.int64) + 1, at[order]


def _block(first: int, who: Ints, at: Ints) -> Block:
    rng = np.random.default_rng([_SEED, 0, first])
    ids = np.arange(first, first + len(who))
    two = ids % 4 == 0
    lines = _lines(ids, two, who, rng)
    goods = lines.group_by("order_id").agg(goods=(pl.col("quantity") * pl.col("unit_price")).sum())
    orders = (
        pl.DataFrame({"id": ids, "member_id": who, "at": at})
        .with_columns(
            source=pl.lit(SOURCE),
            key=pl.format("E{}", pl.col("id")),
            ordered_at=OPENED.replace(tzinfo=None) + pl.duration(seconds="at"),
            status=pl.lit("paid"),
            currency=pl.lit("CNY"),
            discount=pl.Series(np.where(rng.random(len(ids)) < _REDUCED, 5.0, 0.0)),
            store_key=pl.format("s{}", pl.Series((who + (ids % 3 == 0) * ids) % _STORES)),
        )
        .join(goods, left_on="id", right_on="order_id", maintain_order="left")
        .with_columns(total=(pl.col("goods") - pl.col("discount")).round(2))
        .drop("at", "goods")
    )
    return Block(orders, lines)


def _lines(ids: Ints, two: NDArray[np.bool_], who: Ints, rng: np.random.Generator) -> pl.DataFrame:
    order = np.concatenate([ids, ids[two]])
    ordinal = np.repeat([1, 2], [len(ids), int(two.sum())])
    faithful = rng.random(len(order)) < _FAITHFUL
    favourite = np.concatenate([who, who[two]]) * 7 % _PRODUCTS
    product = np.where(faithful, favourite, rng.integers(0, _PRODUCTS, len(order)))
    told = {"order_id": order, "ordinal": ordinal, "product": product}
    return (
        pl.DataFrame(told)
        .sort("order_id", "ordinal")
        .select(
            "order_id",
            "ordinal",
            product_key=pl.format("p{}", pl.col("product")),
            quantity=pl.lit(1),
            unit_price=9.8 + pl.col("product") % 51,
        )
    )


def _members(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = pl.DataFrame({"id": np.arange(1, count + 1)})
    key = pl.format("m{}", pl.col("id"))
    persons = ids.select("id", identity=key, bucket=pl.col("id") % 10_000)
    members = ids.select("id", source=pl.lit(SOURCE), key=key, person_id="id", city=pl.lit("上海"))
    return persons, members


def _catalogue() -> pl.DataFrame:
    product = pl.col("product")
    return pl.DataFrame({"product": np.arange(_PRODUCTS)}).select(
        source=pl.lit(SOURCE),
        key=pl.format("p{}", product),
        name=pl.format("云南日晒咖啡豆 {} 号 250g", product),
        family=pl.format("f{}", product // _FAMILY),
    )


def _stores() -> pl.DataFrame:
    store = pl.col("store")
    return pl.DataFrame({"store": np.arange(_STORES)}).select(
        source=pl.lit(SOURCE),
        key=pl.format("s{}", store),
        name=pl.format("门店 {}", store),
        city=pl.lit("上海"),
    )
