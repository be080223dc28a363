"""Pages as their readers see them, and the rows they are made of."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from markdown_it import MarkdownIt

from store import pages as store_pages
from store import runs
from store.database import transaction
from store.pages import Drafts, WhyNot
from tasks.growth import FLOW, GrowthRun
from tests.house import House, at

TODAY = date(2026, 3, 2)
HOSTILE = "<img onerror> | a | b | ](javascript:alert(1))\n# 标题"
_OURS = {"<br>"}


def tables(markdown: str) -> list[list[list[str]]]:
    """Return what a page's tables say, row by row, their heads first."""
    found: list[list[list[str]]] = []
    within = False
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        match token.type:
            case "table_open":
                found.append([])
                within = True
            case "table_close":
                within = False
            case "tr_open":
                found[-1].append([])
            case "inline" if within:
                found[-1][-1].append("".join(part.content for part in token.children or []))
    return found


def shown(markdown: str) -> str:
    """Return what a page says, its lines one below the other; only our own markup may be in it."""
    said = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        assert token.type != "html_block"
        for part in token.children or ():
            if part.type == "html_inline":
                assert part.content in _OURS
                said.append("\n")
            elif part.type == "link_open":
                assert str(part.attrs["href"]).startswith("/v2/runs/flow-run/")
            elif part.type == "image":
                assert str(part.attrs["src"]).startswith("data:image/svg+xml;base64,")
            said.append(
                part.content if part.type in {"text", "text_special", "code_inline"} else ""
            )
        said.append("\n")
    return "".join(said)


def run_of(house: House, day: date = TODAY) -> GrowthRun:
    with transaction(house.database) as connection:
        run_id = runs.find_run(connection, FLOW, day)
    assert run_id is not None
    return GrowthRun(run_id, day, at(day.day, 7, 30), done=True)


def written(house: House, limit: int = 100) -> Drafts:
    with transaction(house.database) as connection:
        return store_pages.drafts(connection, run_of(house).id, limit)


def reasons_of(house: House) -> WhyNot:
    with transaction(house.database) as connection:
        return store_pages.why_not(connection, run_of(house).id, 3)


def window(**changed: Any) -> Any:
    values = {
        "source": "shop",
        "entity": "order_line",
        "window_from": at(1, 7, 30),
        "window_until": at(2, 7, 30),
        "passed": True,
        "pulled": 10,
        "published": 5,
        "unchanged": 2,
        "quarantined": 1,
        "dropped": {"repeated_row": 2},
        "checks": [],
    }
    return SimpleNamespace(**{**values, **changed})


def check(rule: str, unexpected: int | None, predicate: int) -> dict[str, Any]:
    return {"rule": rule, "unexpected": unexpected, "predicate": predicate}


# data-verdict
