"""Where persons stand, and when time alone will move them: many at once."""

from datetime import date

import polars as pl

from rules.bgnbd import BgNbd
from rules.cadence import gap_count, is_regular, regular_window
from schemas.enums import Lifecycle
from schemas.policy import Policy

_ALWAYS = date(1900, 1, 1)


def stages(frame: pl.DataFrame, today: date, policy: Policy, model: BgNbd | None) -> pl.DataFrame:
    """
    Add stage, stage_since and stage_until, the day on which time alone moves a person on.

    `frame` holds what `cadences` tells of each person's order days up to today; order_days is 0 or
    null for prospects. stage_until is null where a stage lasts until the next order.

    Rationale: without new orders a person only moves forward, through dates that are known the
    moment the last order arrives, so a daily run need not look at anyone in between.
    """
    opens, _ = regular_window(policy)
    at_risk, lapsed = _silences(frame, policy, model, prior=False)
    _, gone = _silences(frame, policy, model, prior=True)
    new = gap_count() == 0
    returned = pl.col("last_gap") >= gone
    dates = frame.select(
        prospect=pl.col("order_days").fill_null(0) == 0,
        first=pl.when(new)
        .then(pl.lit(Lifecycle.NEW.value))
        .when(returned)
        .then(pl.lit(Lifecycle.RETURNED.value))
        .otherwise(pl.lit(Lifecycle.ACTIVE.value)),
        last=pl.col("last_on"),
        settled=_on(
            pl.when(new).then(policy.new_days).when(returned).then(policy.returned_days + 1)
        ),
        due=_on(pl.when(is_regular(policy)).then(opens)),
        at_risk=_on(at_risk),
        lapsed=_on(lapsed),
    )
    return frame.with_columns(dates.select(_told(today)))


def _told(today: date) -> list[pl.Expr]:
    """Return the stage of today, its first day, and the first day of the next."""
    ebbing = pl.coalesce("due", "at_risk")
    settled = pl.min_horizontal("settled", ebbing)
    never = pl.lit(None, pl.Date)
    past = [
        (pl.col("prospect"), Lifecycle.PROSPECT, pl.lit(_ALWAYS), never),
        (pl.col("lapsed") <= today, Lifecycle.LAPSED, pl.col("lapsed"), never),
        (pl.col("at_risk") <= today, Lifecycle.AT_RISK, pl.col("at_risk"), pl.col("lapsed")),
        (pl.col("due") <= today, Lifecycle.DUE, pl.col("due"), pl.col("at_risk")),
        (settled <= today, Lifecycle.ACTIVE, settled, ebbing),
    ]
    stage, since, until = pl.col("first"), pl.col("last"), settled
    for reached, name, begins, ends in reversed(past):
        stage = pl.when(reached).then(pl.lit(name.value)).otherwise(stage)
        since = pl.when(reached).then(begins).otherwise(since)
        until = pl.when(reached).then(ends).otherwise(until)
    return [stage.alias("stage"), since.alias("stage_since"), until.alias("stage_until")]


def _silences(
    frame: pl.DataFrame, policy: Policy, model: BgNbd | None, *, prior: bool
) -> tuple[pl.Expr, pl.Expr]:
    """
    Return after how many days without an order a person is at risk, and has lapsed.

    `prior` tells it of the history without the last order day. Rationale: where buying is regular,
    a missed due window says more than the model, and nobody has lapsed before
    `lapsed_cycles` of them; else
    everyone is measured by the share of their own expectation that is left.
    """
    _, closes = regular_window(policy, prior=prior)
    regular = is_regular(policy, prior=prior)
    cycles = pl.col("prior_median" if prior else "gap_median") * policy.lapsed_cycles
    faint, faded = _shares(frame, policy, model, prior=prior)
    at_risk = pl.when(regular).then(closes + 1).otherwise(faint)
    late = pl.when(regular).then(cycles.ceil().cast(pl.Int64))
    return at_risk, pl.max_horizontal(faded, at_risk + 1, late)


def _shares(
    frame: pl.DataFrame, policy: Policy, model: BgNbd | None, *, prior: bool
) -> tuple[pl.Expr, pl.Expr]:
    """Return after how many days hope has fallen to the policy's shares, or its days."""
    if model is None:
        return pl.lit(policy.at_risk_days, pl.Int64), pl.lit(policy.lapsed_days, pl.Int64)
    span = (pl.col("last_on") - pl.col("first_on")).dt.total_days()
    history = frame.select(
        x=(gap_count() - int(prior)).clip(lower_bound=0),
        t_x=(span - pl.col("last_gap") if prior else span).fill_null(0),
    )
    x, t_x = history["x"].to_numpy(), history["t_x"].to_numpy()
    faint, faded = (
        pl.Series(model.days_until_share(x, t_x, share, policy.outlook_days))
        for share in (policy.at_risk_share, policy.lapsed_share)
    )
    return pl.lit(faint), pl.lit(faded)


def _on(days: pl.Expr) -> pl.Expr:
    """Return the day that lies so many days after the last order day."""
    return (pl.col("last_on").cast(pl.Int32) + days.cast(pl.Int32)).cast(pl.Date)
