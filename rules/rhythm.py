"""How regularly a person buys, and when the next order is due."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor
from statistics import median

from schemas.planning import DueWindow, Rhythm
from schemas.policy import Policy


def rhythm(days: Sequence[date]) -> Rhythm:
    """
    Return the rhythm of ascending, distinct order days.

    Rationale: two orders on one day are one visit; medians shrug off the odd holiday.
    """
    gaps = tuple((later - earlier).days for earlier, later in pairwise(days))
    if not gaps:
        return Rhythm((), None, None)
    middle = median(gaps)
    return Rhythm(gaps, middle, median(abs(gap - middle) for gap in gaps))


def is_regular(person: Rhythm, policy: Policy) -> bool:
    """
    Tell whether a rhythm is steady enough to say "about every N days".

    Rationale: on public logs a due rule without this test ranks worse than frequency alone
    (prediction.md); it pays only where buying is regular.
    """
    if person.median is None or person.spread is None:
        return False
    enough = len(person.gaps) >= policy.regular_gaps
    return enough and person.spread <= policy.regular_spread * person.median


def due_window(person: Rhythm, last_day: date, policy: Policy) -> DueWindow | None:
    """
    Return when the next order is due, or None where buying is not regular.

    Rationale: from a little before the median cycle ends to at most `due_overrun` of it; beyond
    that the reason is gone and the person may simply have moved on (prediction.md, point 2).
    """
    if not is_regular(person, policy) or person.median is None:
        return None
    opens = last_day + timedelta(days=max(1, ceil(person.median) - policy.due_lead_days))
    closes = last_day + timedelta(days=floor(person.median * policy.due_overrun))
    return DueWindow(opens, max(opens, closes))
