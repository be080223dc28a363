"""What holds a person back who has heard so much of us, and said so little."""

from datetime import timedelta
from typing import NamedTuple

from rules.caps import Limits, stretched_gap
from rules.worth import allowance, annoyance
from schemas.governing import Cap
from schemas.policy import Policy


class Bounds(NamedTuple):
    """
    Their budget, the limits that so many slots can fill, and what one more message costs them.

    From `reach` after their last slot on no limit is broken; None where nothing may pass at all.
    """

    personal: Cap
    limits: Limits
    reach: timedelta | None
    cost: float


def bounds_of(slots: int, of_late: int, answered: int, unanswered: int, policy: Policy) -> Bounds:
    """
    Return the bounds of whoever has so many slots, of them so many of late, and so many answered.

    A cap that so few cannot fill holds nobody with so few back, and is left out.
    """
    allowed = allowance(answered, unanswered, policy)
    personal = Cap(rolling_days=policy.personal.days, max=allowed)
    limits = Limits(
        tuple(cap for cap in policy.caps if cap.fewest <= slots),
        personal if personal.fewest <= slots else None,
        stretched_gap(policy, unanswered),
    )
    return Bounds(personal, limits, limits.reach, annoyance(of_late, unanswered, policy))
