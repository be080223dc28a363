"""Who orders next, by our score and by what others use: python -m bench.predict."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.predict.comparing import HORIZONS, Calibration, Line, calibrations, compared
from bench.predict.logs import CREDIT, PUBLIC, Log, public
from bench.predict.plot import plot
from bench.predict.shops import shops


def main() -> None:
    """Print the tables, and draw how reliable the probabilities are."""
    asked = argparse.ArgumentParser(prog="python -m bench.predict", description=__doc__)
    asked.add_argument("--out", type=Path, default=Path("bench-out"), help="where pictures go")
    out = asked.parse_args().out
    console = Console(width=130)
    if PUBLIC.exists():
        log = public(PUBLIC)
        console.print(_ranking(log, list(compared(log))))
        told = list(calibrations(log))
        console.print(_calibration(told))
        out.mkdir(parents=True, exist_ok=True)
        picture = out / "reliability.png"
        plot(told, picture, CREDIT)
        console.print(f"{CREDIT}\nhow reliable the probabilities are: {picture}\n")
    else:
        console.print(f"{PUBLIC} is absent, so the public log is left out")
    for shop in shops():
        console.print(_ranking(shop, list(compared(shop))))


def _ranking(log: Log, lines: Sequence[Line]) -> Table:
    members = log.days["member"].n_unique()
    dates = ", ".join(day.isoformat() for day in log.cut_offs)
    table = Table(title=f"{log.name}, {members:,} members, mean of {dates}", title_justify="left")
    table.add_column("")
    for horizon in HORIZONS:
        table.add_column(f"{horizon} days\ntop 10 %", justify="right")
        table.add_column("\nAUC", justify="right")
    table.add_column("lapse\nAUC", justify="right")
    for line in lines:
        marks = [f"{mark:.3f}" for horizon in HORIZONS for mark in line.marks[horizon]]
        table.add_row(line.method, *marks, f"{line.lapse:.3f}")
    return table


def _calibration(told: Sequence[Calibration]) -> Table:
    table = Table(title="Share of members that orders", title_justify="left")
    for column in ("cut-off", "days", "came", "runwu", "before the shift", "BG/NBD"):
        table.add_column(column, justify="left" if column == "cut-off" else "right")
    for one in told:
        rates = (one.came, one.ours, one.unshifted, one.bg_nbd)
        table.add_row(one.cut_off, str(one.horizon), *(f"{rate.mean():.3f}" for rate in rates))
    return table


if __name__ == "__main__":
    main()
