"""The shapes of the control endpoints, for the server and its client alike."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Record(BaseModel):
    """Base of all: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ClockTime(Record):
    """The world's clock."""

    at: AwareDatetime


class Received(Record):
    """One message that a customer really received."""

    unionid: str
    external_userid: str
    userid: str
    msgid: str
    at: AwareDatetime
    text: str
    link_url: str | None


class TaskRecord(Record):
    """
    One mass send; `confirmed_at` once every employee concerned has tapped send.

    `creator` is the employee who made it by themselves; None for a task of the corporation.
    """

    msgid: str
    sender: str | None
    external_userid: tuple[str, ...]
    text: str
    link_url: str | None
    created_at: AwareDatetime
    cancelled: bool
    creator: str | None
    confirmed_at: AwareDatetime | None


class Deletion(Record):
    """A customer who deleted an employee."""

    unionid: str
    userid: str
    at: AwareDatetime


class Farewell(Record):
    """A customer who shall delete an employee."""

    external_userid: str
    userid: str


class OwnSend(Record):
    """What an employee shall send to some of their customers by themselves."""

    userid: str
    external_userid: tuple[str, ...] = Field(min_length=1)
    text: str = Field(default="今天店里有新豆子", min_length=1)


class TaskName(Record):
    """The task to confirm."""

    msgid: str


FaultKind = Literal["errcode", "drop_before", "drop_after", "hang_after"]


class Fault(Record):
    """
    What shall go wrong with the next `times` calls whose path ends with `path`.

    `code` is the errcode to answer under /wecom (-1: busy), elsewhere the HTTP status (-1: 503).
    """

    path: str = Field(min_length=1)
    kind: FaultKind
    code: int = -1
    seconds: float = Field(default=0.0, ge=0)
    times: int = Field(default=1, ge=1)


Mode = Literal[
    "good",
    "prose",
    "fenced",
    "thinking",
    "truncated",
    "refusal",
    "filtered",
    "empty",
    "invented_number",
    "wrong_evidence",
    "no_refusal",
    "html",
    "status",
    "no_schema",
    "slow",
]


class Manner(Record):
    """
    How the next `times` completions go; those asked for earlier come first.

    `status` refuses them with HTTP `code`, and with `seconds` as its Retry-After where that is
    given or the code is 429; `slow` takes `seconds` over a good answer. Two modes are not counted:
    `no_schema` refuses every response_format json_schema, and `good` puts an end to all that was
    asked for.
    """

    mode: Mode
    times: int = Field(default=1, ge=1)
    code: int = Field(default=500, ge=300, le=599)
    seconds: float = Field(default=0.0, ge=0)


class ChatTurn(Record):
    """One message of a conversation; of a content in parts, their text."""

    role: str
    content: str


class CompletionRecord(Record):
    """
    One request for a completion as it was received, whatever was answered.

    `rung` is its response_format; `at_once` counts the requests being dealt with as it came in,
    itself included.
    """

    model: str
    rung: str
    authorized: bool
    at_once: int
    messages: tuple[ChatTurn, ...]
