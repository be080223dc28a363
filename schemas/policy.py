"""The rules a business sets itself, typed and versioned by content."""

import hashlib
import json
from datetime import time
from typing import Literal

from pydantic import Field

from schemas.section import LocalTime, Section


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


class Policy(Section):
    """
    Every threshold of the governor and the segments.

    The caps are runwu's own choice (domain.md: no source gives a numeric per-person cap) and
    stricter than the platform's quota.
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
    regular_gaps: int = Field(default=3, ge=2)
    regular_spread: float = Field(default=0.35, gt=0)
    staple_share: float = Field(default=0.5, gt=0, le=1)
    due_lead_days: int = Field(default=2, ge=0)
    due_overrun: float = Field(default=1.3, ge=1)

    @property
    def version(self) -> str:
        """Return a short hash of the content: the same rules have the same version."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]
