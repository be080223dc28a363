"""What a message is worth to a person today, beside others and beside silence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.planning import Case, Contender, Reason, Slot
from schemas.policy import Policy


def expected(contender: Contender, policy: Policy) -> float:
    """Return need times scene value times the scene's weight."""
    return contender.value * policy.arbitration.weight_of(contender.scene)


def annoyance(case: Case, slots: Sequence[Slot], policy: Policy, as_of: datetime) -> float:
    """
    Return what one more message costs this person today; `slots` are those that count.

    Rationale: each message makes the next one less welcome, and one that met with silence more
    so; what costs more than it may bring is left unsaid (product.md, point 8).
    """
    since = as_of - timedelta(days=policy.personal.days)
    lately = sum(1 for slot in slots if slot.span.end > since)
    return policy.arbitration.annoyance * (lately + case.unanswered)


def is_worth(gain: float, cost: float) -> tuple[Reason, ...]:
    """Return why silence is worth more, or nothing."""
    if gain > cost:
        return ()
    return (Reason("worth", {"expected": round(gain, 4), "annoyance": round(cost, 4)}),)


def allowance(case: Case, slots: Sequence[Slot], policy: Policy, as_of: datetime) -> int:
    """
    Return how many messages a person gets in any span of the personal budget's days.

    Rationale: whoever answers is glad to hear from us, whoever does not has said so.
    """
    budget = policy.personal
    since = as_of - timedelta(days=budget.days)
    answered = sum(1 for slot in slots if slot.answered and slot.span.end > since)
    return max(budget.least, min(budget.most, budget.start + answered - case.unanswered))


def said_too_often(contender: Contender, slots: Sequence[Slot], policy: Policy) -> Reason | None:
    """
    Return why a scene should not speak again before another one has.

    Rationale: the third time running it is a routine, and no thought of anybody.
    """
    times = policy.arbitration.in_a_row
    if len(slots) < times:
        return None
    ours = sorted((slot for slot in slots if slot.scene), key=lambda slot: slot.span.end)
    lately = [slot.scene for slot in ours[-times:]]
    if lately == [contender.scene] * times:
        return Reason("same_scene", {"times": times})
    return None
