"""Who orders next, out of a file with an order log, into a file with a row per member."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from adapters.order_log.columns import parsed
from adapters.order_log.reading import OrderLog, read
from rules.cadence import due_windows, population_rhythm, regularity
from rules.scores import Forecast, Method, forecast
from rules.stages import stages
from schemas.errors import ConfigurationError
from schemas.policy import Policy

_DECIMALS = 6
"""A result is the same wherever it was computed: beyond these digits machines may differ."""

_FARTHEST = 3_650

_TOLD = {
    Method.COMBINED: "BG/NBD, corrected by what earlier windows of this log taught",
    Method.BG_NBD: "BG/NBD alone",
    Method.RECENCY_FREQUENCY: "recency and frequency",
}


@dataclass(frozen=True)
class Prediction:
    """What was written, and from what."""

    log: OrderLog
    forecast: Forecast
    rows: pl.DataFrame

    @property
    def fallback(self) -> str | None:
        """Return in a sentence what was used instead of the combined score, and why."""
        if self.forecast.why is None:
            return None
        return f"used {_TOLD[self.forecast.method]}: {self.forecast.why}"

    def told(self) -> dict[str, Any]:
        """Return the counts and parameters, for machines."""
        model = self.forecast.model
        return {
            "members": self.rows.height,
            "order_days": self.log.days.height,
            "rows": self.log.rows,
            "dropped": self.log.dropped,
            "method": self.forecast.method.value,
            "fallback": self.fallback,
            "expected_rate": round(float(self.rows["p_order"].sum()) / self.rows.height, 6),
            "expected_orders": round(float(self.rows["expected_orders"].sum()), 2),
            "shift": round(self.forecast.shift, 6),
            "bg_nbd": None if model is None else asdict(model),
        }


def predict(orders: Path, as_of: date, days: int, columns: str | None, out: Path) -> Prediction:
    """
    Write what to expect of each member in the `days` days from `as_of` on.

    Nothing dated on or after `as_of` is used. Raises ConfigurationError or SourceError.
    """
    if not 1 <= days <= _FARTHEST:
        raise ConfigurationError(f"--days {days} can't be foreseen; give 1 to {_FARTHEST}")
    given = {} if columns is None else parsed(columns)
    if not out.parent.is_dir():
        raise ConfigurationError(f"{out.parent} is no folder; check --out")
    if out.is_dir() or (out.exists() and orders.exists() and out.samefile(orders)):
        raise ConfigurationError(f"{out} can't be written over; name another file with --out")
    log = read(orders, as_of, given)
    found = forecast(log.days, as_of, days)
    rows = _rows(log, found)
    try:
        rows.write_csv(out)
    except OSError as error:
        told = error.strerror or "no reason given"
        raise ConfigurationError(f"{out} can't be written ({told}); check --out") from None
    return Prediction(log, found, rows)


def _rows(log: OrderLog, found: Forecast) -> pl.DataFrame:
    """Return a row per member, who is likeliest to order first."""
    policy = Policy()
    members = found.past.members
    standing = stages(members, found.past.cut_off, policy, found.model)
    windows = due_windows(members, population_rhythm(members), policy)
    table = found.expected.with_columns(
        log.members.gather(members["member"]).alias("member_id"),
        *windows.select("due_from", "due_until"),
        members.select(regularity()).to_series().alias("regularity"),
        standing["stage"].alias("lifecycle"),
    )
    numbers = ("p_order", "expected_orders", "p_alive", "regularity")
    return (
        table.with_columns(pl.col(numbers).round(_DECIMALS))
        .select(
            "member_id",
            "p_order",
            "expected_orders",
            "p_alive",
            "due_from",
            "due_until",
            "regularity",
            "lifecycle",
        )
        .sort("p_order", "member_id", descending=[True, False])
    )
