"""What was measured, beside what it should be."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from bench.pulling import GX, IMPORTS, MADE, PLAIN, Pulled

DAY_SHARE = 100
"""A day brings one new order per so many old ones."""


@dataclass(frozen=True)
class Figure:
    """One line of the table: `ratio` is to be at most `bound`, where there is one."""

    name: str
    seconds: float | None = None
    ratio: float | None = None
    bound: float | None = None
    told: str = ""

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.bound is None or (self.ratio is not None and self.ratio <= self.bound)


def table(title: str, figures: Sequence[Figure]) -> Table:
    """Return figures as a table in which a bound that is not kept is red."""
    told = Table(title=title)
    for column in ("", "seconds", "measured", "at most"):
        told.add_column(column, justify="right" if column else "left")
    for one in figures:
        told.add_row(
            one.name,
            "" if one.seconds is None else f"{one.seconds:.2f}",
            "" if one.ratio is None else f"{one.ratio:.2f} {one.told}",
            "" if one.bound is None else f"{one.bound:g}",
            style=None if one.kept else "red",
        )
    return told


@dataclass(frozen=True)
class Measured:
    """A first load beside its baseline, days after it, and the same days after a tenth of it."""

    raw: float
    load: Pulled
    days: list[Pulled]
    days_of_less: list[Pulled]

    def figures(self) -> list[Figure]:
        """Return the table's lines."""
        seconds = self.load.seconds
        day = _middle(self.days)
        of_less = _middle(self.days_of_less).took
        return [
            Figure("raw COPY of the same rows", self.raw, 1.0),
            Figure("first load", self.load.took, self.load.took / self.raw, 12, "of raw COPY"),
            *(
                Figure(f"  {name}", seconds[name], seconds[name] / self.raw, None, "of raw COPY")
                for name in _steps(self.load)
            ),
            Figure("  (rows made up, not counted)", seconds[MADE]),
            Figure("  checks as plain SQL", seconds[PLAIN]),
            Figure(
                "  checks by Great Expectations",
                seconds[GX],
                seconds[GX] / seconds[PLAIN],
                3,
                "of plain SQL",
            ),
            Figure("peak memory of a first load", None, self.load.peak_mb, 400, "MB"),
            Figure(
                "a day of 1 % new orders",
                day.took,
                100 * day.took / self.load.took,
                3,
                "% of first load",
            ),
            *(Figure(f"  {name}", day.seconds[name]) for name in _steps(day)),
            Figure(
                "the same after 10 x the history",
                day.took,
                day.took / of_less,
                1.3,
                "of the day before",
            ),
            Figure("imports, once per process", seconds[IMPORTS]),
        ]


def _middle(days: list[Pulled]) -> Pulled:
    return sorted(days, key=lambda one: one.took)[len(days) // 2]


def _steps(pulled: Pulled) -> list[str]:
    return [name for name in pulled.seconds if name not in (IMPORTS, GX, PLAIN, MADE)]
