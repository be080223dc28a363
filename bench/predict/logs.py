"""Order logs to predict from, cut off where what came after is known."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from adapters.order_log.reading import read

CREDIT = "Online Retail: D. Chen (2015), UCI, DOI 10.24432/C5BW33, CC BY 4.0"
PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"

_PUBLIC_CUT_OFFS = (date(2011, 6, 9), date(2011, 8, 10), date(2011, 9, 10))


@dataclass(frozen=True, eq=False)
class Log:
    """
    A shop's order days, and the dates from which on to predict.

    `days` has member, on and amount, a row per member and day, sorted by both.
    """

    name: str
    days: pl.DataFrame
    cut_offs: tuple[date, ...]


def public(path: Path = PUBLIC) -> Log:
    """Return the public log; raise ConfigurationError where it is absent."""
    return Log("Online Retail", read(path, date(2012, 1, 1), {}).days, _PUBLIC_CUT_OFFS)
