"""
How long a rebuild of facts and segments takes, and a day: python -m bench.knowing --thrice.

The baseline is DuckDB's, in the same run, over the same orders as Parquet, on two threads: it
aggregates them into memory, as far as SQL says what runwu's facts are, without segments and without
keeping anything. What DuckDB takes for four plain columns is told beside it; it is no bound, as the
facts themselves take DuckDB many times that. The bounds are those of the full size (1,000,000
members, 10,000,000 orders); in a smaller one what is fixed weighs more.

On a day one member in a hundred orders and three are due by the wheel; where fewer or more are due
by themselves, the wheel is arranged before (bench.knowing.changes). The shop of three times the
size has as many changes, not thrice as many; both find their tables in memory, as far as they fit.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.figures import table
from bench.knowing.baseline import Baseline, baseline
from bench.knowing.changes import arrange_wheel, bring, to_do, written
from bench.knowing.figures import Day, Measured
from bench.knowing.refreshing import Refreshed, refresh
from bench.knowing.shop import Shop, as_of, load, today, write_log
from bench.server import database, pages, server, settle, warm

DAYS = 3
"""Days that are measured; the one in the middle counts."""

THREADS = 2
CHANGED, DUE = 0.01, 0.03
"""Shares of the members who order on a day, and for whom time alone changes something."""


def main() -> None:
    """Measure, and print a table or JSON."""
    asked = argparse.ArgumentParser(prog="python -m bench.knowing", description=__doc__)
    asked.add_argument("--members", type=int, default=50_000)
    asked.add_argument("--orders", type=int, default=500_000)
    asked.add_argument("--thrice", action="store_true", help="a day of 3 x the members, too")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    figures = measure(given.members, given.orders, thrice=given.thrice).figures()
    if given.json:
        Console().print_json(json.dumps([asdict(one) | {"kept": one.kept} for one in figures]))
        return
    Console(width=120).print(table(f"{given.members:,} members, {given.orders:,} orders", figures))


def measure(members: int, orders: int, *, thrice: bool) -> Measured:
    """
    Measure a rebuild and days of a shop, and days of one of thrice the size if that is asked.

    One shop is gone before the other comes: each has the machine's memory to itself.
    """
    changes = round(members * CHANGED), round(members * DUE)
    with server() as url:
        full, days = _live(url, Shop(members, orders), *changes)
        larger = Shop(3 * members, 3 * orders)
        days_of_thrice = _live(url, larger, *changes)[1] if thrice else ()
    return Measured(_baseline(Shop(members, orders)), full, days, days_of_thrice)


def _live(server_url: str, shop: Shop, changed: int, due: int) -> tuple[Refreshed, Sequence[Day]]:
    """Return a shop's full rebuild, and the days after that."""
    with database(server_url, "shop") as url:
        load(url, shop)
        settle(url)
        full = refresh(url, as_of(-1))
        warm(url)
        return full, [_day(url, shop, number, changed, due) for number in range(DAYS)]


def _baseline(shop: Shop) -> Baseline:
    with TemporaryDirectory(prefix="runwu-bench-") as folder:
        log = Path(folder) / "log.parquet"
        write_log(shop, log)
        return baseline(log, THREADS)


def _day(url: str, shop: Shop, number: int, changed: int, due: int) -> Day:
    """Return one of the days after a full rebuild, which is settled by its morning."""
    by_itself = arrange_wheel(url, today(number), due)
    settle(url)
    bring(url, shop, number, changed)
    marked, waiting = to_do(url, today(number))
    before, seen = written(url), pages(url)
    refreshed = refresh(url, as_of(number))
    after = written(url)
    rows = {table: after[table] - before[table] for table in after}
    return Day(refreshed, marked, waiting, by_itself, rows, pages(url) - seen)


if __name__ == "__main__":
    main()
