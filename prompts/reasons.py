"""What the tables store of a message in English, said to operators in their own language."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from prompts.catalogue import locale, scenes
from prompts.spoken import spoken

_ROLLING = re.compile(r"rolling_(\d+)h")
_DAY = 24


def why(reason: Mapping[str, Any], beside: str = "") -> str:
    """
    Return a stored reason as a sentence with the numbers the rule saw.

    `beside` names the messages it is too near to. A rule that has gone is shown by its name.
    """
    texts = locale()["reasons"].get(reason["rule"])
    if texts is None:
        return str(reason["rule"])
    return _filled(texts["text"], {**_words(reason), "beside": beside})


def kind_of(reason: Mapping[str, Any]) -> str:
    """Return what reasons have in common, whoever they are about: the rule and its own numbers."""
    texts = locale()["reasons"].get(reason["rule"])
    if texts is None:
        return str(reason["rule"])
    detail = _filled(texts["detail"], _words(reason))
    return f"{texts['short']}（{detail}）" if detail else str(texts["short"])


def rule(name: str) -> str:
    """Return the name of a rule."""
    texts = locale()["reasons"].get(name)
    return str(texts["short"]) if texts else name


def state(name: str) -> str:
    """Return the name of a message's state."""
    return str(locale()["words"]["states"].get(name, name))


def window(name: str) -> str:
    """Return a cap's window, as rules/caps.py names it."""
    windows = locale()["words"]["windows"]
    rolling = _ROLLING.fullmatch(name)
    if rolling is None:
        return str(windows.get(name, name))
    hours = int(rolling[1])
    whole_days = hours > _DAY and hours % _DAY == 0
    template = windows["rolling_days" if whole_days else "rolling_hours"]
    return str(template.format(count=hours // _DAY if whole_days else hours))


def counted_by(of: str, name: str) -> str:
    """Return what a cap counts and in which window; `of` is a category, channel or sender."""
    return f"{_of(of)}{window(name)}"


def suppression(reason: str) -> str:
    """Return why an address must not be used any more."""
    return str(locale()["words"]["suppressions"].get(reason, reason))


def moved(reason: str, to_state: str) -> str:
    """Return why a message came to a state; what nobody has put into words is shown as it is."""
    if to_state == "blocked" and reason not in _moves():
        return "；".join(rule(name) for name in reason.split(", "))
    if to_state == "draft_failed":
        return "；".join(spoken(one) for one in reason.split("; "))
    for beginning, template in _moves().items():
        if reason == beginning:
            return template
        if beginning.endswith(" ") and reason.startswith(beginning):
            return template.format(detail=reason.removeprefix(beginning))
    return reason


def author(who: str, model: str | None, note: str) -> str:
    """Return who wrote a text, and why a template did although a model was asked."""
    texts = locale()["authors"]
    said = str(texts[who].format(model=model))
    if not note:
        return said
    return said + str(texts["instead"].format(why="；".join(map(spoken, note.split("; ")))))


def scene_title(name: str) -> str:
    """Return a scene's title; of one that has gone, its name."""
    known = scenes().get(name)
    return known.rules.title if known else name


def evidence_labels(scene: str, evidence: Iterable[str]) -> dict[str, str]:
    """Return what pieces of a scene's evidence are called, in the order the scene gives them."""
    found = set(evidence)
    known = scenes().get(scene)
    labels = known.rules.evidence if known else {}
    named = {key: label for key, label in labels.items() if key in found}
    return {**named, **{key: key for key in sorted(found - named.keys())}}


def slot_label(scene: str, key: str) -> str:
    """Return what a key of a scene's brief is called; how it is told is left out."""
    known = scenes().get(scene)
    slots = known.rules.slots if known else {}
    label = str(slots.get(key) or locale()["words"]["brief"].get(key, key))
    return label.split("，", maxsplit=1)[0]


def _moves() -> dict[str, str]:
    moves: dict[str, str] = locale()["words"]["moves"]
    return moves


def _words(reason: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reason's numbers with what they stand for in words."""
    numbers = dict(reason)
    if "window" in numbers:
        numbers["window"] = window(numbers["window"])
    if numbers["rule"] == "cap":
        numbers["of"] = _of(numbers.get("of", ""))
    if "because" in numbers:
        numbers["because"] = suppression(numbers["because"])
    if "said" in numbers:
        consents = locale()["words"]["consents"]
        numbers["said"] = consents["refused" if numbers["said"] is False else "unsaid"]
    return numbers


def _of(name: str) -> str:
    words = locale()["words"]
    said = {**words["categories"], **words["channels"]}.get(name, name)
    return f"{said}：" if said else ""


def _filled(template: str, numbers: Mapping[str, Any]) -> str:
    return template.format_map(_Known(numbers))


class _Known(dict[str, Any]):
    """Values for a text; a number that an older decision did not store yet is left open."""

    def __missing__(self, key: str) -> str:
        return "？"
