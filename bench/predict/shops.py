"""Simulated shops with known habits, so that no method is judged by one real shop alone."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.predict.logs import Log

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_YEAR = 365
_HOLIDAYS = 350
_COME_ALL_THE_SAME = 0.2
_REMEMBERED = 0.7
_CLOSED = (380, 387)


_OPENED = date(2020, 1, 1)


def shops() -> tuple[Log, ...]:
    """Return every simulated shop; the same ones each time."""
    return (memoryless(), weekly_grocery(), seasonal_gifts(), families(), growing_cafe())


def memoryless(members: int = 8_000, seed: int = 1) -> Log:
    """Return customers without rhythm, as BG/NBD assumes them (Fader, Hardie and Lee 2005)."""
    rng = np.random.default_rng(seed)
    end = 700
    birth = rng.integers(0, 560, members).astype(float)
    rate = rng.gamma(0.45, 1 / 28, members)
    leaving = rng.beta(0.8, 3.5, members)
    orders = rng.geometric(np.maximum(leaving, 1e-9))
    return _log("memoryless", rng, _renewals(rng, birth, rate, 1.0, end, orders), (360, 480, 600))


def weekly_grocery(members: int = 1_500, seed: int = 2) -> Log:
    """Return baskets every one to six weeks on a favourite weekday; two weeks are quiet."""
    rng = np.random.default_rng(seed)
    end = 730
    weeks = rng.choice([1, 2, 3, 4, 6], members, p=[0.18, 0.22, 0.2, 0.25, 0.15])
    birth = rng.integers(0, 540, members).astype(float)
    leaves = birth + rng.exponential(160, members)
    numbers = np.arange(110)
    skips = np.cumsum(
        rng.random((members, numbers.size)) < rng.beta(1, 5, members)[:, None], axis=1
    )
    strays = np.rint(
        rng.normal(0, 1, (members, numbers.size)) * rng.choice([0.6, 2.5], (members, 1))
    )
    at = birth[:, None] + 7 * weeks[:, None] * (numbers + skips) + strays
    kept = (at < np.minimum(leaves, end)[:, None]) & (at >= birth[:, None])
    kept &= (at % _YEAR < _HOLIDAYS) | (rng.random(at.shape) < _COME_ALL_THE_SAME)
    who, _ = np.nonzero(kept)
    return _log("weekly grocery", rng, (who, at[kept]), (360, 480, 600))


def seasonal_gifts(members: int = 5_000, seed: int = 3) -> Log:
    """Return once-a-year gifts near the same date, beside occasional buyers."""
    rng = np.random.default_rng(seed)
    end = 1_000
    gifts = members // 2
    date = rng.choice([330.0, 120.0, 45.0, 200.0], gifts, p=[0.45, 0.2, 0.15, 0.2])
    years = np.arange(3)
    at = date[:, None] + rng.normal(0, 12, (gifts, 3)) + _YEAR * years
    begins = rng.integers(0, 3, gifts)
    kept = (
        (years >= begins[:, None]) & (rng.random(at.shape) < _REMEMBERED) & (at >= 0) & (at < end)
    )
    who, _ = np.nonzero(kept)
    others = members - gifts
    birth = rng.integers(0, 800, others).astype(float)
    rate = rng.gamma(0.8, 1 / 45, others)
    which, when = _renewals(rng, birth, rate, 1.0, end, rng.geometric(0.08, others))
    seen = rng.random(when.size) < _season(when, peak=325, height=0.6)
    return _log(
        "seasonal gifts",
        rng,
        (np.concatenate([who, which[seen] + gifts]), np.concatenate([at[kept], when[seen]])),
        (480, 690, 880),
    )


def families(members: int = 3_000, seed: int = 4) -> Log:
    """Return two paces in one household: a regular staple, and now and then something else."""
    rng = np.random.default_rng(seed)
    end = 600
    birth = rng.integers(0, 420, members).astype(float)
    stays = birth + rng.exponential(280, members)
    pace = rng.lognormal(np.log(30), 0.5, members)
    forever = np.full(members, 10_000)
    steady = _renewals(rng, birth, 1 / pace, 9.0, end, forever)
    other = _renewals(rng, birth, rng.gamma(0.7, 1 / 60, members), 1.0, end, forever)
    who, at = (np.concatenate(pair) for pair in zip(steady, other, strict=True))
    kept = at < stays[who]
    return _log("families", rng, (who[kept], at[kept]), (300, 400, 500))


def growing_cafe(members: int = 4_000, seed: int = 5) -> Log:
    """Return mixed regularity, a shop that doubles each year, quiet summers and a week closed."""
    rng = np.random.default_rng(seed)
    end = 730
    birth = 640 * rng.random(members) ** 0.5
    shape = rng.choice([0.7, 1.0, 3.0, 8.0], members)
    rate = rng.gamma(1.2, 1 / 22, members)
    who, at = _renewals(rng, birth, rate, shape, end, rng.geometric(rng.beta(1, 9, members)))
    kept = rng.random(at.size) < _season(at, peak=20, height=0.45)
    kept &= (at < _CLOSED[0]) | (at >= _CLOSED[1])
    return _log("growing cafe", rng, (who[kept], at[kept]), (360, 480, 600))


def _renewals(
    rng: np.random.Generator,
    birth: Floats,
    rate: Floats,
    shape: Floats | float,
    end: int,
    orders: Ints,
) -> tuple[Ints, Floats]:
    """Return members and instants: a first order at birth, then gamma gaps of mean 1 / rate."""
    at, alive = birth, np.arange(birth.size)
    who, when = [alive], [at]
    shapes = np.broadcast_to(shape, birth.shape)
    for number in range(1, end + 1):
        scale = 1 / np.maximum(shapes[alive] * rate[alive], 1e-9)
        at = at + np.minimum(rng.gamma(shapes[alive], scale), 1e6)
        kept = (at < end) & (orders[alive] > number)
        at, alive = at[kept], alive[kept]
        if alive.size == 0:
            break
        who.append(alive)
        when.append(at)
    return np.concatenate(who), np.concatenate(when)


def _season(day: Floats, peak: int, height: float) -> Floats:
    """Return the share of wishes that become orders: highest on the peak's day of the year."""
    season: Floats = 1 - height * (1 - np.cos(2 * np.pi * (day - peak) / _YEAR)) / 2
    return season


def _log(
    name: str, rng: np.random.Generator, told: tuple[Ints, Floats], cut_offs: tuple[int, ...]
) -> Log:
    pairs = np.unique(np.stack([told[0], np.floor(told[1]).astype(np.int64)], axis=1), axis=0)
    taste = rng.lognormal(3, 0.6, int(pairs[:, 0].max()) + 1)
    amount = taste[pairs[:, 0]] * rng.lognormal(0, 0.4, len(pairs))
    days = pl.DataFrame(
        {"member": pairs[:, 0], "on": pairs[:, 1] + (_OPENED - date(1970, 1, 1)).days}
    )
    return Log(
        name,
        days.select("member", pl.col("on").cast(pl.Int32).cast(pl.Date), amount=pl.Series(amount)),
        tuple(_OPENED + timedelta(days=cut_off) for cut_off in cut_offs),
    )
