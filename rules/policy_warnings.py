"""What is odd in a policy: what never matters, what lets nothing pass, and what is not set."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from rules.hours import Hours
from schemas.enums import Category
from schemas.governing import AS_MANY_AS_DAYS, Cap, Scope
from schemas.policy import Policy

SHARED = ("texts_per_sender", "messages_per_scene", "messages_per_run")
"""The shared budgets that may be unset."""

_DATES = {"day": 1, "week": 7}
_FEWEST_DATES = {"day": 1, "week": 7, "month": 28}
_MONTHS = range(28, 32)
_A_DAY = 24
_CLOCKS_CHANGE = 1  # hours by which a calendar window may be longer or shorter

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class PolicyWarning:
    """What is odd, by a key, with its numbers; `by` is the cap that makes it so for `cap`."""

    key: str
    cap: Cap | None = None
    by: Cap | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """The names there are; whatever else a policy names does nothing."""

    scenes: Collection[str]
    channels: Collection[str]


def policy_warnings(policy: Policy, quota: Cap | None, known: Known) -> tuple[PolicyWarning, ...]:
    """
    Return what is odd in a policy; `quota` is the platform's, `policy.caps` are ours alone.

    Rationale: all caps must hold, so that the strictest wins and the others say nothing; whoever
    set them should know which. What is not set holds nobody back, which is not what zero does
    (mautic#10416). A platform that allows more than we do is as it should be, and no warning.
    """
    return (
        *_never_binding(policy, quota),
        *_lets_nothing_pass(policy, known),
        *_without_effect(policy),
        *_out_of_reach(policy),
        *_closed(policy),
        *_unknown(policy, known),
        *_unset(policy, quota),
    )


def never_binds(cap: Cap, by: Cap) -> bool:
    """
    Tell whether whatever `by` lets pass passes `cap` as well, in one zone.

    It does if `by` counts all that `cap` counts, and the windows of `by` that one window of `cap`
    touches hold no more than that one may.
    """
    return _counts_all(by, cap) and all(
        _within(by, cap, days) <= _most(cap, days) for days in _MONTHS
    )


def _never_binding(policy: Policy, quota: Cap | None) -> Iterator[PolicyWarning]:
    caps = policy.caps if quota is None else (*policy.caps, quota)
    for place, cap in enumerate(policy.caps):
        # Of caps that say the same, the first is the one that matters.
        stricter = (
            other
            for at, other in enumerate(caps)
            if at != place
            and never_binds(cap, other)
            and (at < place or not never_binds(other, cap))
        )
        by = next(stricter, None)
        if by is not None:
            yield PolicyWarning("never_binds", cap, by)


def _counts_all(by: Cap, cap: Cap) -> bool:
    """Tell whether every message that counts for `cap` counts for one and the same `by`."""
    if by.scope is Scope.PERSON:
        return True
    named = not by.only or (bool(cap.only) and set(cap.only) <= set(by.only))
    return by.scope is cap.scope and named


def _within(by: Cap, cap: Cap, days: int) -> int:
    """Return the most that `by` lets into one window of `cap`, a month having `days`."""
    return _windows(by, cap, days) * _most(by, days)


def _windows(by: Cap, cap: Cap, days: int) -> int:
    """Return how many windows of `by` one window of `cap` touches at most."""
    if by.span_hours is not None:
        return ceil(_longest_hours(cap, days) / by.span_hours)
    if by.window == cap.window:
        return 1
    return ceil((_dates(cap, days) - 1) / _FEWEST_DATES[by.window or "day"]) + 1


def _longest_hours(cap: Cap, days: int) -> int:
    if cap.span_hours is not None:
        return cap.span_hours
    return _dates(cap, days) * _A_DAY + _CLOCKS_CHANGE


def _dates(cap: Cap, days: int) -> int:
    """Return how many local dates a window touches at most."""
    if cap.span_hours is not None:
        return ceil((cap.span_hours + _CLOCKS_CHANGE) / _A_DAY) + 1
    return _DATES.get(cap.window or "day", days)


def _most(cap: Cap, days: int) -> int:
    return days if cap.max == AS_MANY_AS_DAYS else int(cap.max)


def _lets_nothing_pass(policy: Policy, known: Known) -> Iterator[PolicyWarning]:
    for cap in policy.caps:
        silent = [one.value for one in _concerned(cap) if policy.categories.of(one).capped]
        nowhere = bool(cap.only) and set(cap.only) == set(_unknown_channels(cap, known))
        if cap.max == 0 and silent and not nowhere:
            yield PolicyWarning("cap_of_zero", cap, numbers={"categories": silent})
    if policy.personal.start == 0:
        yield PolicyWarning("personal_of_zero", numbers={"most": policy.personal.most})
    for budget in SHARED:
        if getattr(policy.shared, budget) == 0:
            yield PolicyWarning("budget_of_zero", numbers={"budget": budget})
    for scene, most in policy.shared.scenes.items():
        if most == 0:
            yield PolicyWarning("scene_of_zero", numbers={"scene": scene})


def _without_effect(policy: Policy) -> Iterator[PolicyWarning]:
    """Yield the caps of categories that no cap holds back, or of which nothing is counted."""
    for cap in policy.caps:
        terms = [policy.categories.of(one) for one in _concerned(cap)]
        if cap.scope is Scope.CATEGORY and not any(
            one.capped and (one.counted or cap.max == 0) for one in terms
        ):
            categories = [one.value for one in _concerned(cap)]
            yield PolicyWarning("without_effect", cap, numbers={"categories": categories})


def _concerned(cap: Cap) -> list[Category]:
    named = cap.scope is Scope.CATEGORY and cap.only
    return [one for one in Category if not named or one.value in cap.only]


def _out_of_reach(policy: Policy) -> Iterator[PolicyWarning]:
    """Yield the personal budget's most where the caps allow less in any of its spans."""
    caps = [cap for cap in policy.caps if cap.scope is Scope.PERSON]
    if not caps:
        yield PolicyWarning("no_person_cap", numbers={"caps": len(policy.caps)})
        return
    days, most = policy.personal.days, policy.personal.most
    span = Cap(rolling_days=days, max=most)
    allowed = [(max(_within(cap, span, month) for month in _MONTHS), cap) for cap in caps]
    least, by = min(allowed, key=lambda one: one[0])
    if least < most:
        numbers = {"most": most, "allowed": least, "days": days}
        yield PolicyWarning("personal_out_of_reach", by=by, numbers=numbers)


def _closed(policy: Policy) -> Iterator[PolicyWarning]:
    """Yield a warning if a week without holidays has no open hour: no week has one then."""
    usual = policy.model_copy(update={"holidays": ()})
    if Hours(usual, ZoneInfo("UTC")).opens(_MONDAY, _MONDAY + _A_WEEK) is None:
        yield PolicyWarning("closed")


def _unknown(policy: Policy, known: Known) -> Iterator[PolicyWarning]:
    named: dict[str, Collection[str]] = {
        "arbitration.weights": policy.arbitration.weights,
        "holdout.scenes": policy.holdout.scenes,
        "shared.scenes": policy.shared.scenes,
    }
    for where, scenes in named.items():
        for scene in scenes:
            if scene not in known.scenes:
                yield PolicyWarning("unknown_scene", numbers={"where": where, "name": scene})
    for cap in policy.caps:
        for name in _unknown_channels(cap, known):
            yield PolicyWarning("unknown_channel", cap, numbers={"name": name})


def _unknown_channels(cap: Cap, known: Known) -> list[str]:
    channels = cap.only if cap.scope is Scope.CHANNEL else ()
    return [name for name in channels if name not in known.channels]


def _unset(policy: Policy, quota: Cap | None) -> Iterator[PolicyWarning]:
    if quota is None:
        yield PolicyWarning("quota_unset")
    for budget in SHARED:
        if getattr(policy.shared, budget) is None:
            yield PolicyWarning("budget_unset", numbers={"budget": budget})
