"""The shapes that go to and come from a channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

WECOM, DRY_RUN = "wecom", "dry_run"


@dataclass(frozen=True)
class Link:
    """A link card; `url` already bears the marker when it goes out. Limits are in bytes."""

    title: str
    description: str
    url: str


@dataclass(frozen=True)
class Parcel:
    """One cell on its way out: one text from one sender to named recipients."""

    sender: str
    recipients: tuple[str, ...]
    text: str
    link: Link


@dataclass(frozen=True)
class Receipt:
    """The channel took a parcel; `refused` are recipients it named unsendable."""

    msgid: str
    refused: tuple[str, ...] = ()


class Reached(StrEnum):
    """What the channel says became of one recipient."""

    WAITING = "waiting"  # the employee has not confirmed
    SENT = "sent"
    NOT_FRIEND = "not_friend"  # the customer deleted the employee
    CAPPED = "capped"  # the platform's own quota was used up


@dataclass(frozen=True)
class Result:
    """One recipient's outcome; `at` is when it was sent, if it was."""

    recipient: str
    reached: Reached
    at: datetime | None = None


@dataclass(frozen=True)
class Progress:
    """How far a task has come; `confirmed` once the employee has tapped send."""

    confirmed: bool
    results: tuple[Result, ...]
