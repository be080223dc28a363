"""The page of a day: how far its candidates came, the books, and what the texts cost."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from prompts import reasons
from prompts.catalogue import locale
from prompts.page import Page, page, picture
from rules.books import Equation
from store.funnel import Funnel
from tasks.funnels import equations

KEY = "funnel"
_SUPPRESSED = re.compile(r"suppressed \((.*)\)")
_WIDEST = 460


def funnel_page(day: date, found: Funnel, spent: Sequence[Any]) -> Page:
    """Return the page of a business date."""
    texts = locale()["pages"][KEY]
    steps = _steps(found, texts)
    widest = max(1, *(count for _, count in steps))
    bars = [
        {"name": name, "count": count, "width": round(_WIDEST * count / widest)}
        for name, count in steps
    ]
    values = {
        "picture": picture(KEY, {"bars": bars}),
        "steps": [
            {"name": name, "count": count, "share": _share(count, found.candidates)}
            for name, count in steps
        ],
        "books": [_book(book, texts) for book in equations(found)],
        "ghosts": texts["ghosts_counted"].format(
            count=found.would_have_won, orders=found.orders_holdout
        ),
        "authors": _authors(spent, texts),
        "spent": _spent(spent, texts),
    }
    return Page(page(KEY, values), texts["about"].format(date=day))


def _steps(found: Funnel, texts: Mapping[str, Any]) -> list[tuple[str, int]]:
    counts = {
        "candidates": found.candidates,
        "winners": found.winners,
        "drafted": sum(found.drafted_states.values()),
        **{name: found.reached.get(name, 0) for name in ("approved", "dispatched", "confirmed")},
        "delivered": found.drafted_states.get("delivered", 0),
        "orders": found.orders,
    }
    return [(texts["steps"][name], count) for name, count in counts.items()]


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.0%}" if whole else ""


def _book(book: Equation, texts: Mapping[str, Any]) -> dict[str, str]:
    parts = " + ".join(f"{count} {_part(name, texts)}" for name, count in book.parts.items())
    sign = "=" if book.balances else "≠"
    return {
        "text": f"{book.whole} {_part(book.name, texts)} {sign} {parts or 0}",
        "verdict": texts["balanced" if book.balances else "unbalanced"],
    }


def _part(name: str, texts: Mapping[str, Any]) -> str:
    suppressed = _SUPPRESSED.fullmatch(name)
    if suppressed:
        return str(texts["suppressed"].format(rule=reasons.rule(suppressed[1])))
    return str(texts["parts"].get(name) or reasons.state(name))


def _authors(spent: Sequence[Any], texts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": texts["author"][row.author]
            + (f"（{texts['instead'].format(count=row.instead)}）" if row.instead else ""),
            "count": row.texts,
        }
        for row in spent
    ]


def _spent(spent: Sequence[Any], texts: Mapping[str, Any]) -> str:
    calls = sum(row.calls for row in spent)
    if not calls:
        return str(texts["unspent"])
    return str(
        texts["spent"].format(
            calls=calls,
            prompt=sum(row.prompt_tokens for row in spent),
            completion=sum(row.completion_tokens for row in spent),
        )
    )
