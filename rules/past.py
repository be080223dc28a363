"""What was known of members at a cut-off: the days they ordered on, and their rhythm so far."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from rules.cadence import cadences

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return a date as the number that polars keeps for it."""
    return (day - _EPOCH).days


@dataclass(frozen=True, eq=False)
class Past:
    """
    The order days before a cut-off.

    `members` is what `cadences` tells, a row each, sorted by `member`; `day` (numbers of days) and
    `amount` hold their order days in the same order, `members.order_days` of them each.
    """

    cut_off: date
    members: pl.DataFrame
    day: Ints
    amount: Floats

    @classmethod
    def of(cls, days: pl.DataFrame, cut_off: date) -> Self:
        """
        Return the past of a frame with member, on (Date) and amount; later rows are not looked at.

        A member and a day are in one row at most, and rows are sorted by both.
        """
        before = days.filter(pl.col("on") < cut_off)
        return cls(
            cut_off,
            cadences(before, ["member"]),
            before["on"].to_physical().to_numpy().astype(np.int64),
            before["amount"].to_numpy().astype(np.float64),
        )

    def __len__(self) -> int:
        return self.members.height

    def slices(self, size: int) -> Iterator[Self]:
        """Yield the same past of at most `size` members at a time."""
        for first in range(0, len(self), size):
            last = min(first + size, len(self))
            rows = slice(self.starts[first], self.starts[last])
            members = self.members.slice(first, size)
            yield type(self)(self.cut_off, members, self.day[rows], self.amount[rows])

    @property
    def now(self) -> int:
        """Return the number of the cut-off's day."""
        return day_number(self.cut_off)

    @cached_property
    def starts(self) -> Ints:
        """Return where each member's days start, and where the last one's end."""
        return np.concatenate([[0], np.cumsum(self.column("order_days"))]).astype(np.int64)

    @cached_property
    def owner(self) -> Ints:
        """Return the row in `members` of every order day."""
        return np.repeat(np.arange(len(self)), self.column("order_days").astype(np.int64))

    @cached_property
    def number(self) -> Ints:
        """Return how many order days of the same member lie before each order day."""
        return np.arange(len(self.day)) - self.starts[self.owner]

    @property
    def x(self) -> Floats:
        """Return how many repeat order days each member has."""
        return self.column("order_days") - 1

    @property
    def t_x(self) -> Floats:
        """Return the days from each member's first order day to the last."""
        return self.column("last_on") - self.column("first_on")

    @property
    def age(self) -> Floats:
        """Return the days from each member's first order day to the cut-off."""
        return self.now - self.column("first_on")

    @property
    def silence(self) -> Floats:
        """Return the days from each member's last order day to the cut-off; 1 at least."""
        return self.now - self.column("last_on")

    def column(self, name: str) -> Floats:
        """Return a column of `members` as numbers, nan where it is null."""
        return np.asarray(self.members[name].to_physical().cast(pl.Float64).to_numpy())

    def count(self, first: int, last: int) -> Floats:
        """Return how many order days each member has from `first` to before `last`."""
        seen = (self.day >= first) & (self.day < last)
        return np.bincount(self.owner[seen], minlength=len(self)).astype(np.float64)


def ordered(days: pl.DataFrame, past: Past, horizon: int) -> npt.NDArray[Any]:
    """Return 1.0 for members of a past with an order in the `horizon` days from its cut-off on."""
    end = past.cut_off + timedelta(days=horizon)
    came = days.filter(pl.col("on") >= past.cut_off, pl.col("on") < end)["member"].unique()
    return past.members["member"].is_in(came.implode()).cast(pl.Float64).to_numpy()
