"""What a language model is told of a message, and how it is asked to word it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from prompts.catalogue import Scene, voice
from prompts.render import render
from schemas.writing import Turn

_MARK = "BRIEF:"
_ALSO_BREAK_LINES = ("\x85", "\u2028", "\u2029")  # for str.splitlines, though not for JSON


def brief_of(
    scene: Scene, slots: Mapping[str, Any], *, business: str, contact: str
) -> dict[str, str]:
    """
    Return all that a model may rest a statement on, by evidence key.

    Rationale: the least data there is (PIPL art. 6). Slots are shared by all who get the wording,
    so nothing here is about a single person.
    """
    known = {name: str(slots[name]) for name in scene.rules.slots if slots.get(name) is not None}
    told = {name: value for name, value in known.items() if value.strip()}
    return {**told, "business": business, "contact": contact}


def ask(scene: Scene, brief: Mapping[str, str]) -> list[Turn]:
    """
    Return the request for a text. Raises Unrenderable.

    Rationale: a scene's prompt is given the names in its brief and never their values, so whatever
    a shop calls its product can be nothing but data on the one line of JSON.
    """
    names = {"business": brief["business"], "contact": brief["contact"]}
    system = render(voice("system.md.j2"), {**names, "voice": scene.rules.voice.value})
    reason = render(scene.prompt, {"brief": frozenset(brief)})
    return [Turn("system", system), Turn("user", f"{reason}\n{_MARK} {_one_line(dict(brief))}")]


def ask_again(turns: Sequence[Turn], raw: str, objections: Sequence[str]) -> list[Turn]:
    """Return the conversation with an answer and what was wrong with it. Raises Unrenderable."""
    quoted = [_one_line(objection) for objection in objections]
    why = render(voice("again.md.j2"), {"objections": quoted})
    return [*turns, Turn("assistant", raw), Turn("user", why)]


def _one_line(value: object) -> str:
    """Return JSON that can neither end its line nor look like the beginning of a brief."""
    line = json.dumps(value, ensure_ascii=False)
    for character in _ALSO_BREAK_LINES:
        line = line.replace(character, f"\\u{ord(character):04x}")
    return line.replace(_MARK, _MARK.replace(":", "\\u003a"))
