"""What the default bounds make of a year of a real shop, whose days are no artist's impression."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from rules.drift import DayValue, Kind, usual
from schemas.contract import DriftTerms

LOG = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
TERMS = DriftTerms()


def _days() -> pl.DataFrame:
    """Return every date of the log with its lines of members and the mean value of an order."""
    goods = (
        pl.read_parquet(LOG)
        .filter(~pl.col("InvoiceNo").str.starts_with("C"), pl.col("CustomerID").is_not_null())
        .with_columns(
            pl.col("InvoiceDate").dt.date().alias("day"),
            (pl.col("Quantity") * pl.col("UnitPrice")).alias("amount"),
        )
    )
    orders = goods.group_by("day", "InvoiceNo").agg(pl.col("amount").sum(), pl.len().alias("lines"))
    told = orders.group_by("day").agg(pl.col("lines").sum(), pl.col("amount").mean().alias("mean"))
    whole = told.sort("day").upsample("day", every="1d")
    return whole.with_columns(pl.col("lines").fill_null(0))


def _refused(kind: Kind, column: str, days: pl.DataFrame) -> tuple[int, list[date]]:
    """Return how many days could be judged, and which of them were refused."""
    values = [
        (day, float(value), lines)
        for day, value, lines in days.select("day", column, pl.col("lines").alias("rows")).rows()
        if value is not None
    ]
    judged, refused = 0, []
    for place, (day, value, lines) in enumerate(values):
        before = [DayValue((day - then).days, was, made) for then, was, made in values[:place]]
        band = usual(kind, DayValue(0, value, lines), before, TERMS)
        judged += band is not None
        if band is not None and not band.holds(value):
            refused.append(day)
    return judged, refused


@pytest.mark.skipif(not LOG.exists(), reason=f"{LOG} is absent: the public log is not ours to ship")
def test_of_a_real_year_only_closed_days_and_one_giant_order_are_refused() -> None:
    days = _days()
    judged, refused = _refused(Kind.COUNT, "lines", days)
    open_days = set(days.filter(pl.col("lines") > 0)["day"])
    assert judged > 350
    assert 0 < len(refused) < 20
    assert not open_days & set(refused)
    judged, refused = _refused(Kind.MEAN, "mean", days)
    assert judged > 280
    assert refused == [date(2011, 12, 9)]
