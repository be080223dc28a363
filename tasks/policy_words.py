"""The rules in force as a page: sentences, our caps beside the platform's quota, what is odd."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prompts import policies
from prompts.catalogue import scenes
from prompts.policies import Sentences
from prompts.reasons import window
from rules.policy_warnings import Known, PolicyWarning, policy_warnings
from schemas.channel import WECOM
from schemas.governing import AS_MANY_AS_DAYS, Cap, Scope
from schemas.policy import Policy
from schemas.settings import Settings

GOVERNING = (
    *("caps", "gap_hours", "backoff", "silence_limit", "personal", "shared"),
    *("quiet_hours", "open_hours", "holidays", "blackouts"),
    *("categories", "after_order_hours", "arbitration", "holdout", "hold_hours"),
)
"""The parts of a policy that say whom we may disturb; the others are the segments' thresholds."""

_CALENDAR = tuple(Cap(window=one, max=1) for one in ("day", "week", "month"))
_FEWEST_DAYS = 28

Most = int | str


@dataclass(frozen=True)
class WindowRow:
    """A window and the most that we and the platform let pass in it; None where nothing says."""

    window: str
    ours: Most | None
    wecom: Most | None


@dataclass(frozen=True)
class Told:
    """A warning for machines, and as a sentence."""

    key: str
    cap: dict[str, Any] | None
    by: dict[str, Any] | None
    numbers: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Table:
    """A table for people, with what is to be said under it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    about: str


@dataclass(frozen=True)
class Page:
    """All that `runwu policy` shows."""

    version: str
    version_line: str
    policy: dict[str, Any]
    quota: str | None
    windows: list[WindowRow]
    table: Table
    sections: list[Sentences]
    warnings_title: str
    warnings: list[Told]


def page_of(settings: Settings) -> Page:
    """Return the rules in force, without looking at anything but the settings."""
    effective, quota = settings.effective_policy, settings.channels.wecom.quota_cap
    windows = [*_windows(settings.policy, quota)]
    warned = [_told(one, quota) for one in warnings_of(settings)]
    return Page(
        version=effective.version,
        version_line=policies.version_line(effective.version),
        policy=effective.model_dump(mode="json", include=set(GOVERNING)),
        quota=settings.channels.wecom.quota,
        windows=windows,
        table=_table(windows, quota),
        sections=policies.sections(settings.policy, settings.business.timezone),
        warnings_title=policies.warnings_title(len(warned)),
        warnings=warned,
    )


def warnings_of(settings: Settings) -> tuple[PolicyWarning, ...]:
    """Return what is odd in the rules in force."""
    known = Known(scenes=scenes(), channels=(WECOM,))
    return policy_warnings(settings.policy, settings.channels.wecom.quota_cap, known)


def _windows(policy: Policy, quota: Cap | None) -> Iterator[WindowRow]:
    """Yield the calendar windows that WeCom knows, then our rolling ones, the shortest first."""
    ours = [cap for cap in policy.caps if _counts_wecom(cap)]
    rolling = sorted((cap for cap in ours if cap.span_hours), key=lambda cap: cap.span_hours or 0)
    for name in dict.fromkeys(policies.cap_window(cap) for cap in (*_CALENDAR, *rolling)):
        within = [cap.max for cap in ours if policies.cap_window(cap) == name]
        theirs = quota is not None and policies.cap_window(quota) == name
        strictest = min(within, key=_count, default=None)
        yield WindowRow(name, strictest, quota.max if quota and theirs else None)


def _counts_wecom(cap: Cap) -> bool:
    """Tell whether a cap counts all that a person gets through WeCom."""
    if cap.scope is Scope.CHANNEL:
        return not cap.only or WECOM in cap.only
    return cap.scope is Scope.PERSON


def _count(told: Most) -> int:
    return _FEWEST_DAYS if told == AS_MANY_AS_DAYS else int(told)


def _table(windows: list[WindowRow], quota: Cap | None) -> Table:
    texts = policies.windows_texts()
    # Until the quota is set, it may be in any of the windows that WeCom knows.
    open_to_wecom = {policies.cap_window(cap) for cap in _CALENDAR} if quota is None else set()
    rows = []
    for row in windows:
        ours = texts["unset"] if row.ours is None else policies.most(row.ours)
        if row.wecom is not None:
            wecom = policies.most(row.wecom)
        else:
            wecom = texts["unset" if row.window in open_to_wecom else "other"]
        rows.append([window(row.window), ours, wecom])
    return Table(texts["title"], texts["columns"], rows, texts["about"])


def _told(one: PolicyWarning, quota: Cap | None) -> Told:
    named = {"cap": one.cap, "by": one.by}
    said = {
        name: policies.cap_line(cap, platform=cap == quota)
        for name, cap in named.items()
        if cap is not None
    }
    return Told(
        key=one.key,
        cap=_dumped(one.cap),
        by=_dumped(one.by),
        numbers=dict(one.numbers),
        text=policies.warning_line(one.key, said, one.numbers),
    )


def _dumped(cap: Cap | None) -> dict[str, Any] | None:
    return None if cap is None else cap.model_dump(mode="json", exclude_none=True)
