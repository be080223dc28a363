"""What was measured, beside what it should be."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import Figure
from bench.knowing.baseline import Baseline
from bench.knowing.refreshing import Refreshed

_BARE, _SAME = "of those four", "of the same facts"


@dataclass(frozen=True)
class Day:
    """
    A daily refresh, and what there was to do.

    Persons were `marked` by an order and `due` by the wheel; `by_itself` says how many would have
    been due. `written` counts the rows inserted, updated and deleted, by table; `pages` the pages
    of the database that were looked at, each time they were.
    """

    refreshed: Refreshed
    marked: int
    due: int
    by_itself: int
    written: dict[str, int]
    pages: int


@dataclass(frozen=True)
class Measured:
    """A full rebuild and days after it beside the baseline, and days of thrice the members."""

    baseline: Baseline
    full: Refreshed
    days: Sequence[Day]
    days_of_thrice: Sequence[Day] = ()

    def figures(self) -> list[Figure]:
        """Return the table's lines."""
        bare, same = self.baseline.bare, self.baseline.same
        full, day = self.full, middle(self.days)
        took = day.refreshed.took
        lines = [
            Figure("DuckDB, the facts that SQL can tell", same, 1.0),
            Figure("DuckDB, orders, money, first and last alone", bare, bare / same, None, _SAME),
            Figure("full rebuild", full.took, full.took / same, 10, _SAME),
            Figure("  beside orders, money, first and last", None, full.took / bare, None, _BARE),
            *_steps(full),
            Figure("  peak memory", None, full.peak_mb, None, "MB"),
            Figure(_named("a day", day), took, took / same, 1, _SAME),
            Figure("  beside orders, money, first and last", None, took / bare, None, _BARE),
            *_of_day(day),
        ]
        if self.days_of_thrice:
            larger = middle(self.days_of_thrice)
            ratio = larger.refreshed.took / took
            name = _named("the same in a shop of 3 x the size", larger)
            lines.append(Figure(name, larger.refreshed.took, ratio, 1.3, "of the day before"))
            lines += _of_day(larger)
            more = larger.pages / day.pages
            lines.append(
                Figure("  pages looked at, beside the day before", None, more, None, "times")
            )
        return lines


def middle(days: Sequence[Day]) -> Day:
    """Return the day of median length."""
    return sorted(days, key=lambda one: one.refreshed.took)[len(days) // 2]


def _named(what: str, day: Day) -> str:
    return f"{what}: {day.marked:,} persons marked, {day.due:,} due"


def _of_day(day: Day) -> list[Figure]:
    rows = ", ".join(f"{count:,} {table}" for table, count in day.written.items())
    return [
        *_steps(day.refreshed),
        Figure(f"  due by themselves: {day.by_itself:,} persons"),
        Figure(f"  rows written: {rows}"),
        Figure(f"  pages looked at: {day.pages:,}"),
    ]


def _steps(refreshed: Refreshed) -> list[Figure]:
    return [
        Figure(f"  {name}: {refreshed.persons[name]:,} persons", seconds)
        for name, seconds in refreshed.seconds.items()
    ]
