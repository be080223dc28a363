"""The rules in force, said to operators in plain sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prompts.catalogue import locale
from prompts.reasons import scene_title, window
from schemas.enums import Category
from schemas.governing import (
    AS_MANY_AS_DAYS,
    WEEKDAYS,
    Cap,
    CategoryTerms,
    Dates,
    OpenHours,
    Scope,
)
from schemas.policy import Policy

_STEPS = 4


@dataclass(frozen=True)
class Sentences:
    """What is said of one part of the policy."""

    title: str
    lines: tuple[str, ...]


def sections(policy: Policy, zone: str) -> list[Sentences]:
    """Return every part of a policy but its segments' thresholds; `zone` is the business's."""
    told = {
        "caps": _caps(policy),
        "gap": _gap(policy),
        "personal": _personal(policy),
        "hours": _hours(policy, zone),
        "closed_days": _closed_days(policy),
        "categories": _categories(policy),
        "guards": _guards(policy),
        "arbitration": _arbitration(policy),
        "holdout": _holdout(policy),
        "shared": _shared(policy),
        "hold": iter([_text("hold", "rule", hours=policy.hold_hours)]),
    }
    titles = _words("titles")
    return [Sentences(titles[name], tuple(lines)) for name, lines in told.items()]


def version_line(version: str) -> str:
    """Return what a policy's version is called."""
    return str(_policy()["version"].format(version=version))


def windows_texts() -> Mapping[str, Any]:
    """Return the words around the table of our caps beside the platform's."""
    return _words("windows")


def most(told: int | str) -> str:
    """Return how many messages a cap lets pass, as a table shows it."""
    texts = _words("windows")
    if told == AS_MANY_AS_DAYS:
        return str(texts["days"])
    return str(texts["count"].format(count=told) if told else texts["zero"])


def cap_line(cap: Cap, *, platform: bool = False) -> str:
    """Return what a cap asks, without a full stop; `platform` marks the channel's own."""
    kind = {0: "zero", AS_MANY_AS_DAYS: "days"}.get(cap.max, "most")
    said = _text("caps", kind, whose=_whose(cap), window=window(cap_window(cap)), count=cap.max)
    return _text("caps", "platform", cap=said) if platform else said


def cap_window(cap: Cap) -> str:
    """Return a cap's window as decisions store it."""
    hours = cap.span_hours
    return f"calendar_{cap.window}" if hours is None else f"rolling_{hours}h"


def warning_line(key: str, caps: Mapping[str, str], numbers: Mapping[str, Any]) -> str:
    """Return a warning as a sentence; `caps` are the caps it names, as sentences."""
    said = dict(numbers)
    if "categories" in said:
        said["categories"] = _names(said["categories"])
    if "budget" in said:
        said["budget"] = _words("shared")["budgets"][said["budget"]]
    if "scene" in said:
        said["scene"] = scene_title(said["scene"])
    if "days" in said:
        said["window"] = _days(said["days"])
    return str(_words("warnings")["texts"][key].format(**said, **caps))


def warnings_title(count: int) -> str:
    """Return the heading over that many warnings."""
    texts = _words("warnings")
    return str(texts["title"].format(count=count) if count else texts["none"])


def _caps(policy: Policy) -> Iterator[str]:
    if not policy.caps:
        yield _text("caps", "none")
        return
    yield _text("caps", "about")
    for scope in Scope:
        for cap in policy.caps:
            if cap.scope is scope:
                yield f"{cap_line(cap)}。"


def _whose(cap: Cap) -> str:
    texts = _words("caps")
    if not cap.only:
        return str(texts["whose"][cap.scope])
    whose = texts["whose_only"][cap.scope].format(names=_names(cap.only))
    return str(texts["each"].format(whose=whose) if len(cap.only) > 1 else whose)


def _gap(policy: Policy) -> Iterator[str]:
    if policy.gap_hours == 0:
        yield _text("gap", "none")
    else:
        yield _text("gap", "hours", hours=policy.gap_hours)
        yield from _backoff(policy)
    yield _text("gap", "silence", limit=policy.silence_limit)


def _backoff(policy: Policy) -> Iterator[str]:
    unanswered = range(1, policy.silence_limit)
    if policy.backoff == 1:
        yield _text("gap", "steady")
    elif unanswered:
        hours = [policy.gap_hours * policy.backoff**count for count in unanswered[:_STEPS]]
        more = [_text("gap", "more")] if len(unanswered) > _STEPS else []
        steps = "、".join([*(_number(one) for one in hours), *more])
        yield _text("gap", "backoff", factor=_number(policy.backoff), steps=steps)


def _personal(policy: Policy) -> Iterator[str]:
    budget = policy.personal
    yield _text("personal", "rule", **{**budget.model_dump(), "window": _days(budget.days)})


def _hours(policy: Policy, zone: str) -> Iterator[str]:
    quiet = policy.quiet_hours
    if quiet.start == quiet.end:
        yield _text("hours", "not_quiet")
    else:
        kind = "quiet" if quiet.start < quiet.end else "quiet_overnight"
        yield _text("hours", kind, start=f"{quiet.start:%H:%M}", end=f"{quiet.end:%H:%M}")
    if policy.open_hours:
        spans = "；".join(map(_open, policy.open_hours))
        yield _text("hours", "open", spans=spans)
    else:
        yield _text("hours", "anytime")
    yield _text("hours", "zone", zone=zone)


def _open(hours: OpenHours) -> str:
    texts = _words("hours")
    days = [texts["weekdays"][day] for day in WEEKDAYS if day in hours.days]
    said = texts["every_day"] if len(days) == len(WEEKDAYS) else "、".join(days)
    return _text("hours", "span", days=said, start=f"{hours.start:%H:%M}", end=f"{hours.end:%H:%M}")


def _closed_days(policy: Policy) -> Iterator[str]:
    for holiday in policy.holidays:
        yield _text("closed_days", "holiday", why=holiday.why, dates=_dates(holiday))
    if not policy.holidays:
        yield _text("closed_days", "no_holidays")
    for blackout in policy.blackouts:
        cities = "、".join(blackout.cities)
        where = "cities" if cities else "everywhere"
        where = _text("closed_days", where, cities=cities)
        yield _text(
            "closed_days", "blackout", why=blackout.why, dates=_dates(blackout), where=where
        )
    if not policy.blackouts:
        yield _text("closed_days", "no_blackouts")


def _dates(dates: Dates) -> str:
    if dates.first == dates.last:
        return dates.first.isoformat()
    return _text("closed_days", "dates", first=dates.first, last=dates.last)


def _categories(policy: Policy) -> Iterator[str]:
    for category in Category:
        terms = policy.categories.of(category)
        agreed = _text("categories", "agreed" if terms.agreed else "not_agreed")
        said = _words("categories")["terms"][_held(terms)]
        yield _text("categories", "line", category=_names([category]), terms=said, agreed=agreed)


def _held(terms: CategoryTerms) -> str:
    held = "held" if terms.capped else "free"
    return f"{held}_{'counted' if terms.counted else 'uncounted'}"


def _guards(policy: Policy) -> Iterator[str]:
    guarded = [one for one in Category if policy.categories.of(one).guarded]
    if not guarded:
        yield _text("guards", "none")
        return
    names, hours = _names(guarded), policy.after_order_hours
    kind = "after_order" if hours else "at_once"
    yield _text("guards", kind, hours=hours, categories=names)
    days = policy.segments.complaint_days
    yield _text("guards", "complaint", categories=names, days=days)


def _arbitration(policy: Policy) -> Iterator[str]:
    told = policy.arbitration
    yield _text("arbitration", "winner")
    yield _text("arbitration", "value")
    weights = "、".join(
        _text("arbitration", "weight", scene=scene_title(scene), weight=_number(weight))
        for scene, weight in sorted(told.weights.items())
    )
    yield _text("arbitration", "weights" if weights else "even", weights=weights)
    cost, days = _number(told.annoyance), policy.personal.days
    yield _text("arbitration", "annoyance", annoyance=cost, days=days)
    yield _text("arbitration", "in_a_row", times=told.in_a_row)


def _holdout(policy: Policy) -> Iterator[str]:
    told = policy.holdout
    yield _text("holdout", "share" if told.share else "none", share=_share(told.share))
    for scene, share in sorted(told.scenes.items()):
        if share:
            yield _text("holdout", "scene", scene=scene_title(scene), share=_share(share))


def _shared(policy: Policy) -> Iterator[str]:
    texts = _words("shared")
    for budget, said in texts["set"].items():
        count = getattr(policy.shared, budget)
        if count is None:
            yield _text("shared", "unset", budget=texts["budgets"][budget])
        else:
            yield said.format(count=count)
    for scene, count in sorted(policy.shared.scenes.items()):
        yield _text("shared", "scene", scene=scene_title(scene), count=count)


def _names(names: Any) -> str:
    """Return categories and channels in words, and senders as they are."""
    words = locale()["words"]
    known = {**words["categories"], **words["channels"]}
    return "、".join(str(known.get(name, name)) for name in names)


def _days(days: int) -> str:
    return window(f"rolling_{days * 24}h")


def _share(share: float) -> str:
    return f"{_number(share * 100)}%"


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _policy() -> Mapping[str, Any]:
    texts: Mapping[str, Any] = locale()["policy"]
    return texts


def _words(section: str) -> Mapping[str, Any]:
    texts: Mapping[str, Any] = _policy()[section]
    return texts


def _text(section: str, key: str, **values: Any) -> str:
    return str(_words(section)[key].format(**values))
