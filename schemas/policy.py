"""The rules a business sets itself, typed and versioned by content."""

from datetime import time
from typing import Literal

from pydantic import Field

from schemas.section import LocalTime, Section, short_hash
from schemas.segments import SegmentPolicy


class Cap(Section):
    """At most `max` messages per person in a calendar window or in any rolling span of hours."""

    window: Literal["day", "week", "month"] | None = None
    rolling_hours: int | None = Field(default=None, ge=1)
    max: int = Field(ge=1)

    def model_post_init(self, context: object, /) -> None:
        """Insist on exactly one kind of window."""
        del context
        if (self.window is None) == (self.rolling_hours is None):
            raise ValueError("a cap has either `window` or `rolling_hours`")


class QuietHours(Section):
    """Local times between which nobody is written to; the end belongs to the day."""

    start: LocalTime = time(20, 30)
    end: LocalTime = time(9, 0)


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
    stricter than the platform's quota.

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
    gap_hours: int = Field(default=48, ge=0)
    quiet_hours: QuietHours = QuietHours()
    silence_limit: int = Field(default=3, ge=1)
    hold_hours: int = Field(default=48, ge=1)
    holdout_share: float = Field(default=0.1, ge=0, le=0.5)

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

    def model_post_init(self, context: object, /) -> None:
        """Insist that whoever has lapsed was at risk before."""
        del context
        if self.at_risk_share <= self.lapsed_share:
            raise ValueError("`at_risk_share` must be above `lapsed_share`")

    @property
    def version(self) -> str:
        """Return a short hash of the content: the same rules have the same version."""
        return short_hash(self.model_dump(mode="json"))
