"""Order days of made-up members, the same ones each time."""

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import polars as pl

OPENED = date(2024, 1, 1)

_SCHEMA = {"member": pl.UInt32, "on": pl.Date, "amount": pl.Float64}


def days(*histories: Iterable[int], amount: float = 10.0) -> pl.DataFrame:
    """Return a history per member, in days since the shop opened."""
    rows = [
        (member, OPENED + timedelta(days=int(day)), amount)
        for member, history in enumerate(histories)
        for day in sorted(set(history))
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def shop(
    members: int = 600, length: int = 300, shape: float = 1.0, gap: float = 25.0
) -> pl.DataFrame:
    """Return members with gamma gaps of a mean of their own, who stay a while."""
    rng = np.random.default_rng(7)
    histories = []
    for _ in range(members):
        born, mean = rng.integers(0, length), rng.gamma(2.0, gap / 2) + 2
        gaps = rng.gamma(shape, mean / shape, 80) + 0.5
        at = born + np.concatenate([[0.0], np.cumsum(gaps)])
        histories.append(at[at < min(length, born + rng.exponential(200) + 1)].astype(int).tolist())
    return days(*histories)
