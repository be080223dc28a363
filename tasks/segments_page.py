"""The page of the segments: how large, who moved since last week, what each means."""

from collections.abc import Mapping, Sequence
from typing import Any

from prompts.catalogue import locale
from prompts.page import Page, page, picture
from prompts.segment_texts import segment_texts
from schemas.dimensions import Dimension
from schemas.enums import Lifecycle
from store.segments import EXCLUSIVE, Flow
from tasks.alluvial import Bar, Ribbon, alluvial
from tasks.segment_words import dimension_title, ends, text_of
from tasks.segments import Overview, Row, as_of, no_last_week

KEY = "segments"
SHOWN = 15
"""Open segments and kinds of flows listed at most; what is left out is counted."""

_NEWCOMERS, _GONE = "newcomers", "gone"
_LEFT, _RIGHT, _BAR, _TOP, _BOTTOM = 168, 488, 14, 52, 16
_ROOM_FOR_A_NUMBER = 10
_STILL = "#cbd5e1"
_COLOURS = {
    _NEWCOMERS: "#475569",
    Lifecycle.PROSPECT: "#94a3b8",
    Lifecycle.NEW: "#3b82c4",
    Lifecycle.ACTIVE: "#2f7d6b",
    Lifecycle.DUE: "#d9a521",
    Lifecycle.AT_RISK: "#d9742b",
    Lifecycle.LAPSED: "#a8443e",
    Lifecycle.RETURNED: "#7a5bb0",
    _GONE: "#475569",
}
"""The bars from the top down; what goes well is cool, what ebbs is warm."""


def segments_page(found: Overview) -> Page:
    """Return the page of a day's segments."""
    texts = locale()["pages"][KEY]
    compared = found.since is not None
    values = {
        "as_of": as_of(found),
        "picture": picture(KEY, _drawing(found, texts)) if compared else None,
        "no_last_week": no_last_week(found),
        "flows": [_flows(found, dimension, texts) for dimension in EXCLUSIVE if compared],
        "groups": [_group(dimension, rows, texts) for dimension, rows in found.rows.items()],
    }
    moved = sum(flow.persons for flow in _moves(found) if flow.source and flow.target)
    about = texts["about" if compared else "about_first"]
    peopled = sum(any(row.size for row in rows) for rows in found.rows.values())
    return Page(page(KEY, values), about.format(date=found.day, dimensions=peopled, moved=moved))


def _moves(found: Overview) -> list[Flow]:
    return [flow for flow in found.flows if flow.dimension == Dimension.LIFECYCLE]


def _drawing(found: Overview, texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the picture of the stages is drawn from."""
    flows = {
        (flow.source or _NEWCOMERS, flow.target or _GONE): flow.persons for flow in _moves(found)
    }
    for row in found.rows[Dimension.LIFECYCLE]:
        flows[row.segment, row.segment] = row.size - (row.joined or 0)
    drawn = alluvial(flows, [*_COLOURS])
    return {
        "width": _LEFT + _RIGHT,
        "height": round(_TOP + drawn.height + _BOTTOM),
        "columns": [
            {"x": _LEFT, "anchor": "end", "text": texts["then"].format(date=found.since)},
            {"x": _RIGHT, "anchor": "start", "text": texts["now"].format(date=found.day)},
        ],
        "ribbons": [_ribbon(one) for one in drawn.ribbons],
        "bars": [
            *(_bar(one, _LEFT - _BAR, "end", texts) for one in drawn.left),
            *(_bar(one, _RIGHT, "start", texts) for one in drawn.right),
        ],
        "bar": _BAR,
    }


def _ribbon(one: Ribbon) -> dict[str, Any]:
    number = one.thickness >= _ROOM_FOR_A_NUMBER
    return {
        "path": one.path(_LEFT, _RIGHT, _TOP),
        "colour": _STILL if one.stays else _COLOURS[one.target],
        "stays": one.stays,
        "number": f"{one.persons:,}" if number else "",
        "x": _LEFT,
        "y": round(_TOP + one.left + one.thickness / 2, 1),
    }


def _bar(one: Bar, x: int, anchor: str, texts: Mapping[str, Any]) -> dict[str, Any]:
    outside = one.name in {_NEWCOMERS, _GONE}
    return {
        "x": x,
        "top": round(_TOP + one.top, 2),
        "height": round(one.height, 2),
        "middle": round(_TOP + one.middle, 1),
        "anchor": anchor,
        "colour": _COLOURS[one.name],
        "title": texts[one.name] if outside else text_of(Dimension.LIFECYCLE, one.name).title,
        "number": f"{one.persons:,}",
    }


def _flows(found: Overview, dimension: Dimension, texts: Mapping[str, Any]) -> dict[str, Any]:
    flows = [flow for flow in found.flows if flow.dimension == dimension]
    rest = flows[SHOWN:]
    rows = [(*ends(flow), flow.persons) for flow in flows[:SHOWN]]
    others = (texts["others"].format(count=len(rest)), "", sum(flow.persons for flow in rest))
    return {
        "title": dimension_title(dimension),
        "rows": [*rows, others] if rest else rows,
    }


def _group(dimension: str, rows: Sequence[Row], texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a dimension; of open ones the largest segments, and what they mean."""
    shown = rows[:SHOWN]
    left_out = len(rows) - len(shown)
    of, said = Dimension(dimension), segment_texts()
    named = said.named.get(of)
    return {
        "title": said.dimensions[of].title,
        "why": said.dimensions[of].why,
        "rows": shown,
        "left_out": texts["left_out"].format(count=left_out) if left_out else "",
        "meanings": [named.about("…", "…")] if named else said.segments[of].values(),
    }
