"""What a message is worth to a person today, beside others and beside silence."""

from collections.abc import Sequence
from datetime import datetime

from schemas.planning import Contender, Reason, Slot
from schemas.policy import Policy


def expected(contender: Contender, policy: Policy) -> float:
    """Return need times scene value times the scene's weight."""
    return contender.value * policy.arbitration.weight_of(contender.scene)


def lately(slots: Sequence[Slot], policy: Policy, as_of: datetime) -> Sequence[Slot]:
    """Return the slots of the personal budget's days; `slots` are those that count."""
    if not slots:
        return slots
    since = as_of - policy.personal.span
    return [slot for slot in slots if slot.span.end > since]


def answers(lately: Sequence[Slot]) -> int:
    """Return how many of a person's slots they answered; whether, is not known of the youngest."""
    return sum([slot.answered is True for slot in lately])


def annoyance(of_late: int, unanswered: int, policy: Policy) -> float:
    """
    Return what one more message costs a person today, after so many lately.

    Rationale: each message makes the next one less welcome, and one that met with silence more
    so; what costs more than it may bring is left unsaid (product.md, point 8).
    """
    return policy.arbitration.annoyance * (of_late + unanswered)


def is_worth(gain: float, cost: float) -> tuple[Reason, ...]:
    """Return why silence is worth more, or nothing."""
    if gain > cost:
        return ()
    return (Reason("worth", {"expected": round(gain, 4), "annoyance": round(cost, 4)}),)


def allowance(answered: int, unanswered: int, policy: Policy) -> int:
    """
    Return how many messages a person gets in any span of the personal budget's days.

    `answered` counts those of the last such span, `unanswered` those since their last answer.

    Rationale: whoever answers is glad to hear from us, whoever does not has said so.
    """
    budget = policy.personal
    return max(budget.least, min(budget.most, budget.start + answered - unanswered))


def said_too_often(
    contender: Contender, slots: Sequence[Slot], policy: Policy
) -> tuple[Reason, ...]:
    """
    Return why a scene should not speak again before another one has, or nothing.

    Rationale: the third time running it is a routine, and no thought of anybody.
    """
    times = policy.arbitration.in_a_row
    if len(slots) < times:
        return ()
    ours = sorted((slot for slot in slots if slot.scene), key=lambda slot: slot.span.end)
    lately = [slot.scene for slot in ours[-times:]]
    if lately == [contender.scene] * times:
        return (Reason("same_scene", {"times": times}),)
    return ()
