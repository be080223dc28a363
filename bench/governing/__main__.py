"""
How long it takes to decide a morning's candidates: python -m bench.governing.

Deciding is all of it: persons are locked, their standing is read, one contender of each wins,
decisions, messages and reservations are written, shared budgets allotted, and whoever was
outcompeted by what they had no share for decided once more.

The baseline is a bare INSERT ... SELECT of the very rows that were written, into tables as full and
with the same indexes. Beside it stands what one Prefect task per member would take: measured on
2,000 of them, told for all. The bounds are those of the full size (1,000,000 members, 5,000,000
rows in the ledger, 500,000 candidates).
"""

import argparse
import json
from dataclasses import asdict, dataclass, field

from rich.console import Console

from bench.figures import Figure, table
from bench.governing.bare import insert_again
from bench.governing.naive import plan_each
from bench.governing.planning import Planned, plan
from bench.governing.town import Town, settle_town
from bench.server import database, server, settle, warm

MOST_SECONDS = 1 / 20_000
MOST_MB = 400
NAIVE_MEMBERS = 2_000


@dataclass(frozen=True)
class Measured:
    """What was measured of a town's morning: `naive` are the seconds of so many members' tasks."""

    town: Town
    planned: Planned
    bare: float
    rows: dict[str, int] = field(default_factory=dict)
    naive: float = 0
    naive_members: int = 0

    def figures(self) -> list[Figure]:
        """Return the table's lines."""
        took, candidates = self.planned.took, self.town.candidates
        naive = self.naive / self.naive_members * self.town.asked
        rows = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        return [
            Figure(f"INSERT ... SELECT of {rows}", self.bare, 1.0),
            Figure("decide, arbitrate, reserve, record", took, took / self.bare, None, "of it"),
            *(Figure(f"  {name}", seconds) for name, seconds in self.planned.seconds.items()),
            Figure(
                "  a candidate",
                None,
                1e6 * took / candidates,
                1e6 * MOST_SECONDS,
                f"µs: {candidates / took:,.0f} a second",
            ),
            Figure(
                "  of the processors, whoever's process",
                self.planned.had.busy,
                1e6 * self.planned.had.busy / candidates,
                None,
                "µs a candidate",
            ),
            Figure("  stolen from them by the host", self.planned.had.stolen),
            Figure("  peak memory", None, self.planned.peak_mb, MOST_MB, "MB"),
            Figure(
                f"a Prefect task per member, told from {self.naive_members:,}",
                naive,
                naive / took,
                None,
                "times as long",
            ),
        ]


def main() -> None:
    """Measure, and print a table or JSON."""
    asked = argparse.ArgumentParser(prog="python -m bench.governing", description=__doc__)
    asked.add_argument("--members", type=int, default=100_000)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    members = given.members
    figures = measure(members, NAIVE_MEMBERS).figures()
    if given.json:
        Console().print_json(json.dumps([asdict(one) | {"kept": one.kept} for one in figures]))
        return
    title = f"{members:,} members, {5 * members:,} rows in the ledger, {members // 2:,} candidates"
    Console(width=120).print(table(title, figures))


def measure(members: int, naive_members: int) -> Measured:
    """Measure a morning of a town of so many members."""
    town = Town(members, past=members * 5 // 2, candidates=members // 2)
    with server() as server_url:
        with database(server_url, "town") as url:
            run = settle_town(url, town)
            settle(url)
            warm(url)
            planned = plan(url, run)
            bare, rows = insert_again(url, run)
        small = Town(5 * naive_members, past=naive_members * 25 // 2, candidates=naive_members * 5)
        with database(server_url, "town") as url:
            run = settle_town(url, small)
            settle(url)
            naive = plan_each(url, run, naive_members)
    return Measured(town, planned, bare, rows, naive, naive_members)


if __name__ == "__main__":
    main()
