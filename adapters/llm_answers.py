"""
Reading a completion: every way in which a model can fail to answer is told apart.

What is wrong is said as "kind: detail" and never quotes the answer: reviewers read it, logs and
the next request repeat it.
"""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.errors import BadAnswer
from schemas.writing import Reply, Usage, Written

_DECODER = json.JSONDecoder(strict=False)  # models put line breaks into strings as they are


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Completion(BaseModel):
    """What is needed of a chat completion, and as little as servers agree on."""

    choices: list[_Choice]
    model: Any = None
    usage: Any = None


def completion_of(content: bytes, calls: int) -> Completion:
    """Return the completion in the body of an answer. Raises BadAnswer if there is none."""
    try:
        return Completion.model_validate_json(content)
    except ValidationError:
        raise BadAnswer("not a chat completion", Usage(calls)) from None


def usage_of(completion: Completion, calls: int) -> Usage:
    """Return what a completion cost, with zero for what the endpoint does not tell."""
    counts = completion.usage if isinstance(completion.usage, dict) else {}
    prompt, written = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return Usage(calls, _count(prompt), _count(written))


def reply_of(completion: Completion, usage: Usage, model: str) -> Reply:
    """
    Return the answer in a completion; `model` is the name for one that does not give its own.

    Raises BadAnswer saying what is wrong.
    """
    raw = _content(completion, usage)
    answered = completion.model
    named = isinstance(answered, str) and answered.strip() != "" and answered.isprintable()
    return Reply(_written(raw, usage), raw, answered if named else model, usage)


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _content(completion: Completion, usage: Usage) -> str:
    """Return what the model said; raise BadAnswer if it did not say it to the end."""
    if not completion.choices:
        raise BadAnswer("empty answer: no choices", usage)
    choice = completion.choices[0]
    raw = choice.message.content or ""
    if choice.message.refusal:
        raise BadAnswer("the model refused", usage, choice.message.refusal)
    if choice.finish_reason == "length":
        raise BadAnswer("the answer was cut off at its length limit", usage, raw)
    if choice.finish_reason == "content_filter":
        raise BadAnswer("the endpoint's filter withheld the answer", usage, raw)
    if not raw.strip():
        why = "tool calls only" if choice.finish_reason == "tool_calls" else "no content"
        raise BadAnswer(f"empty answer: {why}", usage)
    return raw


def _written(raw: str, usage: Usage) -> Written:
    """
    Return the last text in the form asked for.

    Rationale: what comes before the answer (thoughts, a draft, "here it is") may hold objects,
    too; so may a fence around it.
    """
    found: Written | None = None
    wrong = "no JSON object in the answer"
    for value in _objects(raw.rpartition("</think>")[2]):
        try:
            # By way of JSON, because Python's own strings may hold half a character.
            found = Written.model_validate_json(json.dumps(value))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"] if part in _KEYS) or "object"
            wrong = f"the answer's form: {where}: {first['type']}"
    if found is None:
        raise BadAnswer(wrong, usage, raw)
    return found


_KEYS = {"text", "claims", "span", "evidence_key"}


def _objects(text: str) -> Iterator[Any]:
    """Yield the outermost JSON objects in a text."""
    start = text.find("{")
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield value
        start = text.find("{", end)
