"""A client of the language model's stand-in, as plain as HTTP allows."""

import json
from typing import Any

import httpx

from tests.sandbox.conftest import Stand

PATH = "/llm/v1/chat/completions"
BRIEF = {"business": "润物咖啡", "contact": "直接回复我", "rhythm": "两周", "product": "挂耳咖啡"}
TEXT = {"type": "string"}
CLAIM = {
    "type": "object",
    "properties": {"span": TEXT, "evidence_key": TEXT},
    "required": ["span", "evidence_key"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {"text": TEXT, "claims": {"type": "array", "items": CLAIM}},
    "required": ["text", "claims"],
    "additionalProperties": False,
}
STRICT = {"type": "json_schema", "json_schema": {"name": "w", "strict": True, "schema": SCHEMA}}
OBJECT = {"type": "json_object"}


def user(brief: object = BRIEF, ask: str = "请用 JSON 写") -> dict[str, str]:
    return {"role": "user", "content": f"{ask}\nBRIEF: {json.dumps(brief, ensure_ascii=False)}"}


def post(stand: Stand, *messages: dict[str, Any], **more: object) -> httpx.Response:
    body = {"model": "m1", "messages": messages or [user()], "response_format": STRICT} | more
    return stand.http.post(PATH, json=body)


def choice(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.raise_for_status().json()["choices"][0]
    return found


def content(answer: httpx.Response) -> str:
    return str(choice(answer)["message"]["content"])


def written(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content(answer))
    return found
