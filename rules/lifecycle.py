"""Where a person stands, and when time alone will move them."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil

from rules.rhythm import due_window, rhythm
from schemas.enums import Lifecycle
from schemas.planning import Standing
from schemas.policy import Policy

_LAPSED_CYCLES = 3


def timeline(days: Sequence[date], policy: Policy) -> list[tuple[date, Lifecycle]]:
    """
    Return from which day on each segment holds if nothing more is ordered; `days` ascend.

    Rationale: without new orders a person only moves forward through dates that are known the
    moment the last order arrives, so a daily run need not look at anyone in between.
    """
    if not days:
        return [(date.min, Lifecycle.PROSPECT)]
    last = days[-1]
    person = rhythm(days)
    window = due_window(person, last, policy)
    if window is not None and person.median is not None:
        lapse = max(policy.lapsed_days, ceil(person.median * _LAPSED_CYCLES))
        return [
            (last, Lifecycle.ACTIVE),
            (window.opens, Lifecycle.DUE),
            (window.closes + timedelta(days=1), Lifecycle.AT_RISK),
            (
                max(window.closes + timedelta(days=2), last + timedelta(days=lapse)),
                Lifecycle.LAPSED,
            ),
        ]
    at_risk = last + timedelta(days=policy.at_risk_days)
    lapsed = last + timedelta(days=max(policy.lapsed_days, policy.at_risk_days + 1))
    later = [(at_risk, Lifecycle.AT_RISK), (lapsed, Lifecycle.LAPSED)]
    if len(days) == 1:
        settled = last + timedelta(days=policy.new_days)
        return [
            (last, Lifecycle.NEW),
            *([(settled, Lifecycle.ACTIVE)] * (settled < at_risk)),
            *later,
        ]
    return [(last, Lifecycle.ACTIVE), *later]


def standing(days: Sequence[date], today: date, policy: Policy) -> Standing:
    """Return the segment of `today` and the next day on which it changes by itself."""
    line = timeline([day for day in days if day <= today], policy)
    past = [(since, segment) for since, segment in line if since <= today]
    coming = [since for since, _ in line if since > today]
    since, segment = past[-1]
    return Standing(segment, since, min(coming, default=None))
