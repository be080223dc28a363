"""The page of a day that tells why most candidates did not become messages."""

from datetime import date
from typing import Any

from prompts import reasons
from prompts.catalogue import locale
from prompts.page import Page, page
from store.pages import WhyNot

KEY = "why-not"
EXAMPLES = 3


def why_not_page(day: date, found: WhyNot) -> Page:
    """Return the page of a business date."""
    texts = locale()["pages"][KEY]
    candidates = sum(row.candidates for row in found.scenes)
    won = sum(row.won for row in found.scenes)
    rules = _rules(found.reasons)
    shown = [person for rule in rules for person in rule["examples"]]
    values = {
        "rules": rules,
        "scenes": [_scene(row) for row in found.scenes],
        "contests": [
            {
                "scene": reasons.scene_title(row.scene),
                "winner": reasons.scene_title(row.winner),
                "count": row.n,
            }
            for row in found.contests
        ],
        "ghosts": _ghosts(found, texts),
        "example": next(iter([*shown, *found.held_out]), None),
    }
    about = texts["about"].format(date=day, candidates=candidates, won=won, others=candidates - won)
    return Page(page(KEY, values), about)


def _rules(found: list[Any]) -> list[dict[str, Any]]:
    """Return the rules in words; what reads the same to an operator is counted as the same."""
    rules: dict[str, dict[str, Any]] = {}
    for row in found:
        name = reasons.kind_of(row.reason)
        rule = rules.setdefault(name, {"name": name, "first": 0, "also": 0, "examples": []})
        rule["first"] += row.first
        rule["also"] += row.also
        persons = sorted({*rule["examples"], *(row.examples or ())})
        rule["examples"] = persons[:EXAMPLES]
    return sorted(rules.values(), key=lambda rule: (-rule["first"], -rule["also"], rule["name"]))


def _scene(row: Any) -> dict[str, Any]:
    counts = (row.candidates, row.won, row.suppressed, row.outcompeted, row.ghosts)
    return {"name": reasons.scene_title(row.scene), "counts": counts}


def _ghosts(found: WhyNot, texts: dict[str, Any]) -> str:
    if not found.held_out:
        return str(texts["no_ghosts"])
    examples = "、".join(map(str, found.held_out))
    count = sum(row.ghosts for row in found.scenes)
    return str(texts["ghosts_counted"].format(count=count, examples=examples))
