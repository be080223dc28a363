"""How a model is asked for the form of its answer, from the strictest way to the plainest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from schemas.writing import Turn

Rung = Literal["json_schema", "json_object", "plain"]
RUNGS: Final[tuple[Rung, ...]] = ("json_schema", "json_object", "plain")


def _closed(**properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with exactly these keys, as strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Final = {"type": "string"}
_CLAIM: Final = _closed(span=_TEXT, evidence_key=_TEXT)
SCHEMA: Final = _closed(text=_TEXT, claims={"type": "array", "items": _CLAIM})
"""The form of schemas.writing.Written, in words that every server understands: no references."""

_TOLD = f"Answer with one JSON object and nothing else. Its JSON schema: {json.dumps(SCHEMA)}"


@dataclass
class Meter:
    """
    The requests of one write.

    `answered` are those whose answer arrived whole, whatever its status: refusals and those
    repeated by the client count, because endpoints differ in what they bill. A request that
    got no answer is not counted, though a model may have worked on it.
    """

    sent: int = 0
    answered: int = 0


class FormRefused(Exception):
    """The endpoint does not take a request like this; the text says so as NoAnswer would."""


class Ladder:
    """
    The rungs an endpoint may take: all from the configured one down, until it has taken one.

    Rationale: DeepSeek refuses json_schema, some models json_object (engine.md, section 6). Once
    a rung was taken, a refusal is about that one request and no reason to ask in another way.
    """

    def __init__(self, first: Rung) -> None:
        self.rungs = RUNGS[RUNGS.index(first) :]

    @property
    def settled(self) -> bool:
        """Whether it is known how this endpoint is asked."""
        return len(self.rungs) == 1

    def settle(self, rung: Rung) -> None:
        """Ask in this way from here on."""
        self.rungs = (rung,)


def request_of(rung: Rung, model: str, turns: Sequence[Turn]) -> dict[str, Any]:
    """
    Return the body of a request for a completion.

    Rationale: below json_schema the schema is told, at the head of the conversation: many chat
    templates take one system turn only, and only there. Turns that say nothing are left out,
    because some endpoints refuse an empty one.
    """
    said = [turn for turn in turns if turn.content.strip()]
    body: dict[str, Any] = {"model": model, "messages": [_message(turn) for turn in said]}
    if rung == "json_schema":
        form = {"name": "written", "strict": True, "schema": SCHEMA}
        return {**body, "response_format": {"type": rung, "json_schema": form}}
    body["messages"] = [_message(turn) for turn in _told(said)]
    return {**body, "response_format": {"type": rung}} if rung == "json_object" else body


def _told(turns: Sequence[Turn]) -> list[Turn]:
    if turns and turns[0].role == "system":
        return [Turn("system", f"{turns[0].content}\n\n{_TOLD}"), *turns[1:]]
    return [Turn("system", _TOLD), *turns]


def _message(turn: Turn) -> dict[str, str]:
    return {"role": turn.role, "content": turn.content}
