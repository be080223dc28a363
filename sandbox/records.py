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
    """One mass-send task; `confirmed_at` once every employee concerned has tapped send."""

    msgid: str
    sender: str | None
    external_userid: tuple[str, ...]
    text: str
    link_url: str | None
    created_at: AwareDatetime
    cancelled: bool
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


class TaskName(Record):
    """The task to confirm."""

    msgid: str


FaultKind = Literal["errcode", "drop_before", "drop_after", "hang_after"]


class Fault(Record):
    """
    What shall go wrong with the next `times` calls whose path ends with `path`.

    `code` is the errcode to answer under /wecom (-1: busy), under /shop the HTTP status (-1: 503).
    """

    path: str = Field(min_length=1)
    kind: FaultKind
    code: int = -1
    seconds: float = Field(default=0.0, ge=0)
    times: int = Field(default=1, ge=1)
