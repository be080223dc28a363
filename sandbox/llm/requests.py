"""Reading a request for a completion, and refusing what a real server would refuse."""

import json
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from sandbox.llm.errors import LlmError
from sandbox.records import ChatTurn

_KEYS: Final = {"text", "claims"}


class _Part(BaseModel):
    text: str = ""


class _Turn(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_Part] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class _Format(BaseModel):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: dict[str, Any] = Field(default_factory=dict)


class ChatRequest(BaseModel):
    """What the stand-in heeds of a request; everything else is ignored, as real servers do."""

    model: str = Field(min_length=1)
    messages: list[_Turn] = Field(min_length=1)
    response_format: _Format = _Format()
    stream: bool | None = None

    @property
    def rung(self) -> str:
        """How the form of the answer was asked for."""
        return "plain" if self.response_format.type == "text" else self.response_format.type

    def turns(self) -> tuple[ChatTurn, ...]:
        """Return the conversation."""
        return tuple(ChatTurn(role=turn.role, content=turn.text()) for turn in self.messages)

    def speaks_of_json(self) -> bool:
        """Tell whether the word occurs anywhere in the conversation."""
        return any("json" in turn.content.lower() for turn in self.turns())


def read_request(raw: bytes) -> ChatRequest:
    """Return the request in a body. Raises LlmError."""
    try:
        return ChatRequest.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise LlmError(400, f"Invalid value for '{where}': {first['msg']}", param=where) from error
    except (ValueError, RecursionError) as error:
        raise LlmError(400, "We could not parse the JSON body of your request.") from error


def check_form(request: ChatRequest, *, schemas: bool) -> None:
    """
    Refuse a request whose form of answer cannot be had. Raises LlmError.

    Rationale: worded as DeepSeek (`schemas` off) and OpenAI word it (engine.md, section 6).
    """
    if request.stream:
        raise LlmError(400, "The stand-in does not stream.", param="stream")
    if request.rung == "json_object" and not request.speaks_of_json():
        raise LlmError(
            400,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            param="messages",
        )
    if request.rung != "json_schema":
        return
    if not schemas:
        code = "invalid_request_error"
        raise LlmError(400, "This response_format type is unavailable now", code=code)
    wrong = _wrong_schema(request.response_format.json_schema)
    if wrong:
        text = f"Invalid schema for response_format: {wrong}"
        raise LlmError(400, text, param="response_format")


def _wrong_schema(given: dict[str, Any]) -> str | None:
    """Return what strict mode objects to, or None."""
    schema = given.get("schema")
    if not isinstance(given.get("name"), str) or not isinstance(schema, dict):
        return "it needs a name and a schema."
    properties = schema.get("properties")
    if not isinstance(properties, dict) or set(properties) != _KEYS:
        return "the stand-in writes an object of 'text' and 'claims' only."
    return _not_strict(schema) if given.get("strict") else None


def _not_strict(schema: Any) -> str | None:
    """Return the first object in a schema that is not closed or not complete."""
    if not isinstance(schema, dict):
        return None
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("required", [])) != set(properties):
            return "'required' is required to include every key in properties."
    parts = [*properties.values(), schema.get("items")]
    return next((wrong for part in parts if (wrong := _not_strict(part))), None)
