"""What is asked of a language model, and what it answers."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class Turn:
    """One message of the conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


class Claim(BaseModel):
    """A piece of the text, and the key of the brief that it rests on."""

    model_config = ConfigDict(frozen=True)

    span: str
    evidence_key: str


class Written(BaseModel):
    """A text as the model answers it, with what it claims of the member or the business."""

    model_config = ConfigDict(frozen=True)

    text: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Usage:
    """What asking cost: requests that got an answer, and tokens as the endpoint counts them."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum."""
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True)
class Reply:
    """An answer in the form asked for; `raw` is what the model said, word for word."""

    written: Written
    raw: str
    model: str
    usage: Usage
