"""A shop that makes up its records as it is asked for them: any number, in little memory."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain, islice
from time import perf_counter

from schemas.enums import Entity, OrderStatus
from schemas.incoming import Page, Row, Window, staged_row

PAGE = 2_000
"""Members or orders on a page."""

OPENED = datetime(2023, 1, 1, tzinfo=UTC)
"""When the shop sold its first thing; a later order bears a later time."""

_GAP = timedelta(seconds=8)
_SPREAD = 2_654_435_761
_NONE = Decimal(0)
_STORES = [f"s{number:02d}" for number in range(40)]
_PRODUCTS = [
    (f"p{number:04d}", f"云南日晒咖啡豆 {number} 号 250g", Decimal(f"{9 + number % 51}.80"))
    for number in range(500)
]


@dataclass(frozen=True)
class Shop:
    """
    A source whose orders are numbered; it tells those of `orders`, then those `refunded` since.

    Every fourth order has two lines, the others one. Members are known from the beginning. `spent`
    counts the seconds in which rows were made up: a cost of the bench, not of the pull.
    """

    members: int
    orders: range
    refunded: range = range(0)
    name: str = "shop"
    entities: tuple[Entity, ...] = (Entity.MEMBER, Entity.ORDER_LINE)
    read_again_is_newer: bool = True
    spent: list[float] = field(default_factory=list)

    async def pages(
        self, entity: Entity, window: Window, cursor: str | None = None
    ) -> AsyncIterator[Page]:
        """Yield the members in the first window only, and the orders whatever the window is."""
        del cursor
        units = self._units(entity, first=window.since is None)
        while rows := self._made(units):
            yield Page(rows, pulled=len(rows))

    async def probe(self, as_of: datetime) -> None:
        """Be there."""

    def rows(self, entity: Entity) -> Iterator[Row]:
        """Yield the rows of a first window."""
        return chain.from_iterable(self._units(entity, first=True))

    def _made(self, units: Iterator[list[Row]]) -> list[Row]:
        began = perf_counter()
        rows = list(chain.from_iterable(islice(units, PAGE)))
        self.spent.append(perf_counter() - began)
        return rows

    def _units(self, entity: Entity, *, first: bool) -> Iterator[list[Row]]:
        """Yield the rows of one member or one order at a time: pages keep an order whole."""
        if entity is Entity.MEMBER:
            return map(_member, range(self.members if first else 0))
        return chain(
            (_order(number, self.members, OrderStatus.PAID.value) for number in self.orders),
            (_order(number, self.members, OrderStatus.REFUNDED.value) for number in self.refunded),
        )


def ordered_at(number: int) -> datetime:
    """Return when an order was made."""
    return OPENED + number * _GAP


def _member(number: int) -> list[Row]:
    row = staged_row(
        Entity.MEMBER,
        {
            "key": f"m{number:08d}",
            "unionid": f"oUnion{number:012d}",
            "city": "上海",
            "timezone": "Asia/Shanghai",
            "joined_at": OPENED,
            "consent": True,
            "consent_at": OPENED,
        },
        None,
    )
    return [row]


def _order(number: int, members: int, status: str) -> list[Row]:
    # Plain tuples in the order of COLUMNS: a mapping per row would cost more than its COPY.
    key, member = f"E{number:012d}", f"m{number * _SPREAD % members:08d}"
    at, store = ordered_at(number), _STORES[number % 40]
    *product, price = _PRODUCTS[number % 500]
    if number % 4:
        return [(key, 1, member, at, status, "CNY", _NONE, price, store, *product, 1, price, None)]
    *other, its = _PRODUCTS[number * 3 % 500]
    told = (member, at, status, "CNY", _NONE, price + its, store)
    return [(key, 1, *told, *product, 1, price, None), (key, 2, *told, *other, 1, its, None)]
