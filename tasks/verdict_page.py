"""The page of a pull: what came in of each source, and what broke the data contract."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prompts.catalogue import locale
from prompts.page import Page, page
from tasks.episodes import local

KEY = "data-verdict"
_GENERAL = ("present", "past", "begun", "unique", "range", "format")


def verdict_page(
    as_of: datetime, rows: Sequence[Any], troubles: Sequence[str], zone: ZoneInfo
) -> Page:
    """Return the page of a pull; `troubles` are what the run fails with, in its own words."""
    texts = locale()["pages"][KEY]
    passed = sum(1 for row in rows if row.passed)
    about = texts["about"].format(at=local(as_of, zone), passed=passed, refused=len(rows) - passed)
    shown = [_row(row, texts, zone) for row in rows]
    return Page(page(KEY, {"troubles": troubles, "rows": shown}), about)


def check_name(rule: str) -> str:
    """Return what a rule of the contract looks for, and the rule's own name."""
    texts = locale()["pages"][KEY]
    column, _, kind = rule.rpartition("_")
    if rule in texts["checks"]:
        said = texts["checks"][rule]
    elif kind in _GENERAL and column in texts["named"]:
        said = texts["checks"][kind].format(column=texts["named"][column])
    else:
        return rule
    return f"{said}（{rule}）"


def _row(row: Any, texts: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": _name(row, texts),
        "window": window_name(row, zone),
        "verdict": texts["passed" if row.passed else "refused"],
        "counts": _counts(row),
        "details": [*_broken(row.checks, texts), *_dropped(row.dropped, texts)],
    }


def entity_name(row: Any) -> str:
    """Return what a row of the books is about: the source and its entity."""
    return _name(row, locale()["pages"][KEY])


def window_name(row: Any, zone: ZoneInfo) -> str:
    """Return a window's ends, without their year."""
    texts = locale()["pages"][KEY]
    since = _short(row.window_from, zone) if row.window_from else texts["from_the_start"]
    return str(texts["window"].format(since=since, until=_short(row.window_until, zone)))


def dropped_names(dropped: Mapping[str, int]) -> Iterator[str]:
    """Yield what was put aside by a rule of the source or of ours, in words."""
    return _dropped(dropped, locale()["pages"][KEY])


def _name(row: Any, texts: Mapping[str, Any]) -> str:
    return f"{row.source} {texts['entities'].get(row.entity, row.entity)}"


def _short(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant without its year, which the page says above: tables are narrow."""
    return at.astimezone(zone).strftime("%m-%d %H:%M")


def _counts(row: Any) -> list[int]:
    dropped = sum(row.dropped.values())
    return [row.pulled, row.published, row.unchanged, row.quarantined, dropped]


def _dropped(dropped: Mapping[str, int], texts: Mapping[str, Any]) -> Iterator[str]:
    for rule, count in dropped.items():
        if count:
            yield texts["dropped"].format(rule=texts["drops"].get(rule, rule), count=count)


def _broken(checks: Sequence[Mapping[str, Any]], texts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what Great Expectations or we ourselves counted, where either found anything."""
    for check in checks:
        unexpected, count = check["unexpected"], check["predicate"]
        said = {"check": check_name(check["rule"]), "unexpected": unexpected, "count": count}
        if unexpected is None:
            yield texts["not_evaluated"].format(**said)
        elif check["rule"] == "row_count":
            if unexpected:
                yield said["check"]
        elif unexpected != count:
            yield texts["disagreed"].format(**said)
        elif count:
            yield texts["broken"].format(**said)
