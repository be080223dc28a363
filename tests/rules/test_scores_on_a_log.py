"""What the combined score is worth on a year of a real shop."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata

from rules.bgnbd import Groups, fit
from rules.past import Floats, ordered
from rules.scores import Method, forecast

LOG = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
CUT_OFFS = (date(2011, 6, 9), date(2011, 8, 10), date(2011, 9, 10))
TOP = 0.1

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        not LOG.exists(), reason=f"{LOG} is absent: the public log is not ours to ship"
    ),
]


def _days() -> pl.DataFrame:
    return (
        pl.read_parquet(LOG)
        .filter(
            ~pl.col("InvoiceNo").str.starts_with("C"),
            pl.col("CustomerID").is_not_null(),
            pl.col("UnitPrice") > 0,
        )
        .group_by(
            pl.col("CustomerID").cast(pl.Int64).alias("member"),
            pl.col("InvoiceDate").dt.date().alias("on"),
        )
        .agg((pl.col("Quantity") * pl.col("UnitPrice")).sum().round(2).alias("amount"))
        .sort("member", "on")
    )


def _marks(scores: Floats, came: Floats) -> tuple[float, float]:
    """Return the AUC and the precision in the top tenth, ties in expectation."""
    some = came > 0
    many, others = some.sum(), (~some).sum()
    above = rankdata(scores)[some].sum() - many * (many + 1) / 2
    size = round(len(scores) * TOP)
    least = np.sort(scores)[-size]
    best = scores > least
    lots = (size - best.sum()) * came[scores == least].mean()
    return float(above / many / others), float((came[best].sum() + lots) / size)


@pytest.mark.parametrize("horizon", [7, 30, 90])
def test_it_ranks_better_than_bg_nbd_over_three_cut_offs(horizon: int) -> None:
    days = _days()
    ours, plain, lapses = [], [], []
    for cut_off in CUT_OFFS:
        found = forecast(days, cut_off, horizon)
        assert found.method is Method.COMBINED
        past, came = found.past, ordered(days, found.past, horizon)
        scores = found.expected["p_order"].to_numpy()
        bg_nbd = fit(Groups.of(past.members, cut_off))
        believed = bg_nbd.p_order(past.x, past.t_x, past.age, horizon)
        ours.append(_marks(scores, came))
        plain.append(_marks(believed, came))
        near = (past.x > 0) & (past.silence <= 180)
        lapses.append([_marks(-told[near], 1 - came[near])[0] for told in (scores, believed)])
    assert (np.mean(ours, axis=0) > np.mean(plain, axis=0) + 0.005).all()
    mine, theirs = np.mean(lapses, axis=0)
    assert mine > theirs


def test_it_says_the_same_each_time() -> None:
    days = _days()
    one, other = (forecast(days, CUT_OFFS[1], 30).expected for _ in range(2))
    assert one.equals(other)
