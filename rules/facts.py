"""From a person's history to the facts that scenes read."""

from datetime import date

from rules.lifecycle import standing
from rules.rhythm import due_window, rhythm
from schemas.person import Facts, History, Staple
from schemas.policy import Policy


def judge(history: History, today: date, policy: Policy) -> Facts:
    """Return the facts of a person as of `today`."""
    person = rhythm(history.days)
    due = due_window(person, history.days[-1], policy) if history.days else None
    return Facts(
        history=history,
        rhythm=person,
        due=due,
        standing=standing(history.days, today, policy),
        staple=_habitual(history, policy),
    )


def _habitual(history: History, policy: Policy) -> Staple | None:
    """
    Return the staple if it is bought often enough to be spoken of.

    Rationale: naming a thing somebody bought twice among forty says "we watch you", not "we know
    you".
    """
    staple = history.staple
    if staple is None or staple.days <= policy.regular_gaps:
        return None
    return staple if staple.days >= policy.staple_share * len(history.days) else None
