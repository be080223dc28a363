"""The rules a business sets itself, typed and versioned by content."""

from datetime import timedelta
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from schemas.governing import (
    Arbitration,
    Blackout,
    Cap,
    Categories,
    Dates,
    Holdout,
    OpenHours,
    PersonalBudget,
    QuietHours,
    SharedBudgets,
)
from schemas.section import Section, short_hash
from schemas.segments import SegmentPolicy


class PopulationTerms(Section):
    """
    What a model of all buyers needs to be learned from, and when it is learned anew.

    Every `season_days` the orders of a closed window are held against what was expected: a little
    more or less is the season, `drift_ratio` times more or less, beyond chance, is another shop. A
    history that was too short is looked at again after `retry_days`.
    """

    repeat_buyers: int = Field(default=200, ge=1)
    history_days: int = Field(default=90, ge=1)
    season_days: int = Field(default=30, ge=7)
    retry_days: int = Field(default=7, ge=1)
    drift_ratio: float = Field(default=1.25, gt=1)


class Policy(Section):
    """
    Every threshold of the governor and the segments.

    The caps are runwu's own choice (domain.md: no source gives a numeric per-person cap) and
    stricter than the platform's quota, which is a cap like any other beside them.

    The gap lies between any two messages; it grows `backoff` times with each one left unanswered,
    and after `silence_limit` of them a person is left alone until they act. For `after_order_hours`
    after an order, and while a complaint is open, no guarded category speaks.

    Once a model is fitted, somebody is at risk, and later lapsed, when the probability of an order
    within `outlook_days` has fallen to a share of what it was on the day of their last order: the
    same shares serve a grocer and a jeweller. Without a model the days count.
    """

    caps: tuple[Cap, ...] = (
        Cap(window="day", max=1),
        Cap(rolling_hours=24, max=1),
        Cap(window="week", max=2),
        Cap(rolling_hours=24 * 7, max=2),
        Cap(window="month", max=4),
        Cap(rolling_hours=24 * 30, max=4),
    )
    gap_hours: int = Field(default=48, ge=0, le=24 * 366)
    backoff: float = Field(default=1.5, ge=1, le=10)
    silence_limit: int = Field(default=3, ge=1, le=100)
    personal: PersonalBudget = PersonalBudget()
    shared: SharedBudgets = SharedBudgets()

    quiet_hours: QuietHours = QuietHours()
    open_hours: tuple[OpenHours, ...] = ()
    holidays: tuple[Dates, ...] = ()
    blackouts: tuple[Blackout, ...] = ()

    categories: Categories = Categories()
    after_order_hours: int = Field(default=48, ge=0)
    arbitration: Arbitration = Arbitration()
    holdout: Holdout = Holdout()
    hold_hours: int = Field(default=48, ge=1)

    new_days: int = Field(default=30, ge=1)
    at_risk_days: int = Field(default=90, ge=1)
    lapsed_days: int = Field(default=180, ge=1)
    returned_days: int = Field(default=30, ge=1)
    outlook_days: int = Field(default=90, ge=1)
    at_risk_share: float = Field(default=0.5, gt=0, lt=1)
    lapsed_share: float = Field(default=0.33, gt=0, lt=1)
    lapsed_cycles: float = Field(default=3, ge=1)
    regular_gaps: int = Field(default=3, ge=2)
    regular_spread: float = Field(default=0.35, gt=0)
    staple_share: float = Field(default=0.5, gt=0, le=1)
    due_lead_days: int = Field(default=2, ge=0)
    due_overrun: float = Field(default=1.3, ge=1)

    segments: SegmentPolicy = SegmentPolicy()
    population: PopulationTerms = PopulationTerms()

    @model_validator(mode="after")
    def _has_an_order(self) -> Self:
        """Insist that whoever has lapsed was at risk before."""
        if self.at_risk_share <= self.lapsed_share:
            raise ValueError("`at_risk_share` must be above `lapsed_share`")
        return self

    @cached_property
    def after_order(self) -> timedelta:
        """For how long after an order no guarded category speaks."""
        return timedelta(hours=self.after_order_hours)

    @cached_property
    def version(self) -> str:
        """Return a short hash of the content: the same rules have the same version."""
        return short_hash(self.model_dump(mode="json"))
