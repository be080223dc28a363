"""A completion as it goes over the wire."""

import json
from datetime import datetime
from typing import Any, Final

from sandbox.chance import digest
from sandbox.llm.requests import ChatRequest
from sandbox.llm.writer import brief_of, written
from sandbox.records import Mode

_UNBRIEFED: Final = "请把资料写成一行 BRIEF: 再给我，我才好动笔。"
_DRAFT: Final = '<think>先打个草稿：{"text": "草稿", "claims": []}，再改一改。</think>\n'
_REFUSAL: Final = "I'm sorry, I can't help with that."


def completion(request: ChatRequest, mode: Mode, number: int, at: datetime) -> dict[str, Any]:
    """Return the body of an answer."""
    turns = request.turns()
    content = _content(request, mode)
    prompt = _tokens(turn.content for turn in turns)
    produced = _tokens([content])
    return {
        "id": f"chatcmpl-{digest('completion', number)[:24]}",
        "object": "chat.completion",
        "created": int(at.timestamp()),
        "model": request.model,
        "choices": [] if mode == "empty" else [_choice(content, mode)],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": produced,
            "total_tokens": prompt + produced,
        },
    }


def _choice(content: str, mode: Mode) -> dict[str, Any]:
    reasons = {"truncated": "length", "filtered": "content_filter"}
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if mode == "refusal":
        message |= {"content": None, "refusal": _REFUSAL}
    if mode == "filtered":
        message["content"] = ""
    return {"index": 0, "finish_reason": reasons.get(mode, "stop"), "message": message}


def _content(request: ChatRequest, mode: Mode) -> str:
    """
    Return what the model says.

    Rationale: one that is asked for JSON in the prompt only likes to put it in a fence, and one
    that is not asked for it writes prose.
    """
    brief = brief_of(request.turns())
    if brief is None:
        return _UNBRIEFED
    answer = written(brief, mode)
    if mode == "prose" or not (request.rung != "plain" or request.speaks_of_json()):
        return str(answer["text"])
    said = json.dumps(answer, ensure_ascii=False)
    if mode == "truncated":
        return said[: len(said) // 2]
    if mode == "thinking":
        return _DRAFT + said
    return f"```json\n{said}\n```" if mode == "fenced" or request.rung == "plain" else said


def _tokens(texts: Any) -> int:
    """Return about as many tokens as Chinese text has: half as many as characters."""
    return -(-sum(len(text) for text in texts) // 2)
