"""
How long it takes to decide recorded days again: python -m bench.replaying.

The baseline is the server's: it reads the same rows and counts their letters. Beside it stand the
replay by the rules that were in force, which has to come to the same, and by stricter ones, of
which the minutes are told for the full size (90 days of 100,000 candidates). The bounds are those
of that size; the work of a processor tells how far others on the machine were in the way.
"""

import argparse
import json
from dataclasses import asdict, dataclass

from rich.console import Console

from bench.figures import Figure, table
from bench.replaying.diary import Diary
from bench.replaying.replaying import Ran, read_all, replay_all
from bench.server import database, server, settle, warm
from schemas.governing import Cap
from schemas.policy import Policy

FULL = 90 * 100_000
MOST_MINUTES = 10
MOST_MB = 600

STRICTER = Policy(caps=(Cap(rolling_days=14, max=1),), gap_hours=96)


@dataclass(frozen=True)
class Measured:
    """A bare read of all rows, a replay by the same rules, and one by others."""

    bare: float
    same: Ran
    other: Ran

    def figures(self) -> list[Figure]:
        """Return the table's lines."""
        runs = (self.same, self.other)
        each, worked = (
            max(getattr(ran, what) / ran.candidates for ran in runs) for what in ("took", "worked")
        )
        peak = max(ran.peak_mb for ran in runs)
        same, other = (ran.took / self.bare for ran in runs)
        return [
            Figure("the server reads the same rows", self.bare, 1.0),
            Figure("replay by the same rules", self.same.took, same, None, "of it"),
            Figure("  decided otherwise", None, self.same.otherwise, 0, "candidates"),
            Figure("replay by stricter rules", self.other.took, other, None, "of it"),
            Figure("  decided otherwise", None, self.other.otherwise, None, "candidates"),
            Figure(
                "a candidate, of the slower", None, 1e6 * each, 60e6 * MOST_MINUTES / FULL, "µs"
            ),
            Figure("  a processor's work of it", None, 1e6 * worked, None, "µs"),
            Figure(f"  told for {FULL:,}", None, each * FULL / 60, MOST_MINUTES, "minutes"),
            Figure("peak memory", None, peak, MOST_MB, "MB"),
        ]


def main() -> None:
    """Measure, and print a table or JSON."""
    asked = argparse.ArgumentParser(prog="python -m bench.replaying", description=__doc__)
    asked.add_argument("--days", type=int, default=10)
    asked.add_argument("--candidates", type=int, default=20_000, help="a day's")
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    figures = measure(given.days, given.candidates).figures()
    if given.json:
        Console().print_json(json.dumps([asdict(one) | {"kept": one.kept} for one in figures]))
        return
    title = f"{given.days:,} days of {given.candidates:,} candidates"
    Console(width=120).print(table(title, figures))


def measure(days: int, candidates: int) -> Measured:
    """Measure replays of so many days of about so many candidates."""
    diary = Diary(candidates)
    with server() as server_url, database(server_url, "diary") as url:
        diary.write(url, days)
        settle(url)
        warm(url)
        return Measured(read_all(url), replay_all(url, diary.policy), replay_all(url, STRICTER))


if __name__ == "__main__":
    main()
