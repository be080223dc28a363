"""The picture of a replay: what became of the candidates then, and by the other rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from prompts.catalogue import locale
from prompts.page import drawing
from rules.replay import HOLDOUT, OUTCOMPETED, WRITTEN
from tasks.alluvial import Bar, Ribbon, alluvial
from tasks.replay import Replayed
from tasks.replay_words import fate_name, span

SHOWN = 5
"""So many rules have a bar of their own, those that hold most back; the others share one."""

_OTHERS = "others"
_LEFT, _RIGHT, _BAR, _TOP, _BOTTOM = 210, 590, 14, 106, 48
_ROOM_FOR_A_NUMBER = 10
_STILL = "#cbd5e1"
_COLOURS = {
    WRITTEN: "#2f7d6b",
    HOLDOUT: "#94a3b8",
    OUTCOMPETED: "#3b82c4",
    _OTHERS: "#64748b",
}
_HELD_BACK = ("#d9742b", "#d9a521", "#a8443e", "#7a5bb0", "#8c6d46")


def replay_picture(found: Replayed) -> str:
    """Return the picture as SVG."""
    flows, rules = _flows(found.comparison.flows)
    colours = {**_COLOURS, **dict(zip(rules, _HELD_BACK, strict=False))}
    drawn = alluvial(flows, [WRITTEN, HOLDOUT, OUTCOMPETED, *rules, _OTHERS])
    texts = locale()["replay"]["picture"]
    values = {
        "title": texts["title"].format(**span(found)),
        "span": texts["span"].format(**span(found)),
        "legend": texts["legend"],
        "width": _LEFT + _RIGHT,
        "height": round(_TOP + drawn.height + _BOTTOM),
        "columns": [
            {"x": _LEFT, "anchor": "end", "text": texts["then"]},
            {
                "x": _RIGHT,
                "anchor": "start",
                "text": texts["other"].format(version=found.policy.version),
            },
        ],
        "ribbons": [_ribbon(one, colours) for one in drawn.ribbons],
        "bars": [
            *(_bar(one, _LEFT - _BAR, "end", colours) for one in drawn.left),
            *(_bar(one, _RIGHT, "start", colours) for one in drawn.right),
        ],
        "bar": _BAR,
    }
    return drawing("replay", values)


def _flows(
    told: Mapping[tuple[str, str], int],
) -> tuple[Mapping[tuple[str, str], int], Sequence[str]]:
    """Return flows in which only the rules that hold most back are told apart, and these rules."""
    weight: Counter[str] = Counter()
    for ends, count in told.items():
        for fate in set(ends) - _COLOURS.keys():
            weight[fate] += count
    rules = [fate for fate, _ in sorted(weight.items(), key=lambda one: (-one[1], one[0]))][:SHOWN]
    known = {*_COLOURS, *rules}
    flows: Counter[tuple[str, str]] = Counter()
    for (then, other), count in told.items():
        flows[then if then in known else _OTHERS, other if other in known else _OTHERS] += count
    return flows, rules


def _ribbon(one: Ribbon, colours: Mapping[str, str]) -> dict[str, Any]:
    return {
        "path": one.path(_LEFT, _RIGHT, _TOP),
        "colour": _STILL if one.stays else colours[one.target],
        "stays": one.stays,
        "number": f"{one.persons:,}" if one.thickness >= _ROOM_FOR_A_NUMBER else "",
        "x": _LEFT,
        "y": round(_TOP + one.left + one.thickness / 2, 1),
    }


def _bar(one: Bar, x: int, anchor: str, colours: Mapping[str, str]) -> dict[str, Any]:
    return {
        "x": x,
        "top": round(_TOP + one.top, 2),
        "height": round(one.height, 2),
        "middle": round(_TOP + one.middle, 1),
        "anchor": anchor,
        "colour": colours[one.name],
        "title": fate_name(one.name),
        "number": f"{one.persons:,}",
    }
