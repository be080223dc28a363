"""
How long a first load takes, and a day: python -m bench --members 1000000 --orders 10000000.

The bounds are those of the full size; in a smaller one what is fixed weighs more. Everything is
measured in one run on a server that nobody else uses, against a raw COPY on that server, before
the load and after it: another process on the machine may have slowed down either.
"""

import argparse
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.figures import DAY_SHARE, Measured, table
from bench.pulling import Pulled, pull
from bench.raw import Raw
from bench.server import database, server, settle
from bench.source import Shop, ordered_at

DAYS = 3
"""Days that are measured; the one in the middle counts."""


def main() -> None:
    """Measure, and print a table or JSON."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--members", type=int, default=50_000)
    asked.add_argument("--orders", type=int, default=500_000)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    figures = _measure(given.members, given.orders).figures()
    if given.json:
        Console().print_json(json.dumps([asdict(one) | {"kept": one.kept} for one in figures]))
        return
    Console().print(table(f"{given.members:,} members, {given.orders:,} orders", figures))


def _measure(members: int, orders: int) -> Measured:
    day = orders // DAY_SHARE
    shop = Shop(members, range(orders))
    with server() as url, TemporaryDirectory(prefix="runwu-bench-") as folder:
        with database(url, "whole") as whole:
            raw = Raw(whole, shop, Path(folder))
            before = raw.copy()
            load = _pull(whole, shop)
            after = raw.copy()
            settle(whole)
            days = [_pull(whole, _day(shop, orders, number, day)) for number in range(DAYS)]
        with database(url, "tenth") as tenth:
            less = Shop(members, range(orders // 10))
            _pull(tenth, less)
            settle(tenth)
            of_less = [
                _pull(tenth, _day(less, orders // 10, number, day)) for number in range(DAYS)
            ]
    return Measured((before + after) / 2, load, days, of_less)


def _day(shop: Shop, orders: int, number: int, day: int) -> Shop:
    """Return the shop on a later day: one in twenty of the orders it tells was refunded."""
    first = orders + number * day
    refunded = range(number * day // 20, (number + 1) * day // 20)
    return Shop(shop.members, range(first, first + day), refunded)


def _pull(url: str, shop: Shop) -> Pulled:
    return pull(url, shop, ordered_at(shop.orders.stop) + timedelta(hours=1))


if __name__ == "__main__":
    main()
