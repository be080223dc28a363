"""How much of a person's budget is taken at a moment, and when there is room again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.caps import frees_at, violations
from rules.quiet_hours import next_allowed
from schemas.planning import Slot, Span
from schemas.policy import Cap, Policy

_NOBODYS = 0  # no candidate has this id


@dataclass(frozen=True)
class Used:
    """A cap's window, the slots that already count in it, and how many may."""

    window: str
    used: int
    max: int


def usage(
    slots: Sequence[Slot], policy: Policy, zone: ZoneInfo, as_of: datetime
) -> tuple[Used, ...]:
    """
    Return how much of each cap is taken for a message that would arrive at `as_of`.

    Rationale: whoever asks why must be shown the count that the governor goes by, and no other;
    so the governor's own rule counts, and it is made to answer whether or not the cap is reached.
    """
    here = Span(as_of, as_of)
    itself = Slot(_NOBODYS, here)
    taken = []
    for cap in policy.caps:
        (reason,) = violations(here, (*slots, itself), _alone(cap, policy), zone)
        taken.append(Used(reason.numbers["window"], reason.numbers["used"] - 1, cap.max))
    return tuple(taken)


def next_place(
    slots: Sequence[Slot], policy: Policy, zone: ZoneInfo, as_of: datetime, *, until: datetime
) -> datetime | None:
    """Return the first instant out of quiet hours at which a message would fit, before `until`."""
    at: datetime | None = as_of
    while at is not None:
        awake = next_allowed(at, zone, policy.quiet_hours)
        at = frees_at(Span(awake, awake), slots, policy, zone, until=until)
        if at == awake:
            return at
    return None


def _alone(cap: Cap, policy: Policy) -> Policy:
    """Return a policy that has nothing but this cap, and lets nobody pass."""
    return policy.model_copy(update={"caps": (cap.model_copy(update={"max": 1}),), "gap_hours": 0})
