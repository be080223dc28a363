"""
WeCom's error codes, and which of our errors each one is.

The table is section 5 of wecom.md. An unknown code is a refusal: nothing was done, and asking
again would not change it. -1 (busy) says nothing about whether a send was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.errors import (
    ChannelError,
    ConfigurationError,
    Nobody,
    NoSuchTask,
    NotSent,
    Rejected,
    RunwuError,
    Unknown,
)

BUSY = -1
CONCURRENCY = 45033
TOKEN_CODES = frozenset({40014, 42001, 40001})
SECRET_CODES = frozenset({40001, 40013, 40091})
NO_RELATION = 84061
DISPATCHING = 41063
ALREADY_CANCELLED = 41093


@dataclass(frozen=True)
class Meaning:
    """What a code stands for, and the error it becomes."""

    error: type[ChannelError | ConfigurationError]
    text: str


CODES: Mapping[int, Meaning] = {
    BUSY: Meaning(Unknown, "the system is busy"),
    40001: Meaning(ConfigurationError, "the secret is wrong; set RUNWU_WECOM_SECRET to the app's"),
    40091: Meaning(ConfigurationError, "the secret is wrong; set RUNWU_WECOM_SECRET to the app's"),
    40013: Meaning(ConfigurationError, "the corp id is wrong; mend channels.wecom.corp_id"),
    40014: Meaning(NotSent, "the token was refused even after a refresh"),
    42001: Meaning(NotSent, "the token had expired even after a refresh"),
    41001: Meaning(Rejected, "the token was missing"),
    40003: Meaning(Rejected, "the employee id is bad"),
    60111: Meaning(Rejected, "the employee does not exist"),
    40007: Meaning(Rejected, "the media id is invalid or expired"),
    40058: Meaning(Rejected, "a parameter is bad"),
    40063: Meaning(Rejected, "a parameter is empty"),
    40068: Meaning(Rejected, "a tag id is bad"),
    40096: Meaning(Rejected, "a customer id is bad"),
    41056: Meaning(Rejected, "a customer id is of the wrong type"),
    NO_RELATION: Meaning(Rejected, "employee and customer are no contacts"),
    84084: Meaning(Rejected, "the employee does not follow the customer"),
    41046: Meaning(Rejected, "the task id is missing"),
    41047: Meaning(NoSuchTask, "the task id is invalid"),
    41048: Meaning(Nobody, "there is nobody to send to"),
    41050: Meaning(Rejected, "the welcome code has expired"),
    41051: Meaning(Rejected, "the customer is chatting already"),
    41053: Meaning(Rejected, "the customer did not agree to archiving"),
    41096: Meaning(Rejected, "the message is being sent already"),
    DISPATCHING: Meaning(NotSent, "the task is still being set up"),
    41079: Meaning(NotSent, "the moment is still being set up"),
    41064: Meaning(Rejected, "there are too many attachments"),
    41065: Meaning(Rejected, "an attachment is invalid"),
    ALREADY_CANCELLED: Meaning(Rejected, "the task was cancelled"),
    41094: Meaning(Rejected, "the reminders of the day are used up"),
    45009: Meaning(NotSent, "the call limit is reached; it opens again by itself"),
    CONCURRENCY: Meaning(NotSent, "too many calls at once"),
    48002: Meaning(ConfigurationError, "the app may not call this; list it under 可调用接口的应用"),
    60011: Meaning(ConfigurationError, "the app may not see this; widen its visible scope"),
    60020: Meaning(ConfigurationError, "our IP is not trusted; add it to the app's trusted IPs"),
    50003: Meaning(ConfigurationError, "the app is disabled; enable it in the admin console"),
    81013: Meaning(Rejected, "no recipient is valid"),
    701008: Meaning(ConfigurationError, "no employee has a licence; assign licences"),
}


def refusal(code: int, path: str, *, send: bool) -> RunwuError:
    """Return the error for an answer with `code`; only a send can be left Unknown."""
    meaning = CODES.get(code, Meaning(Rejected, "a code runwu does not know"))
    message = f"WeCom refused {path} ({code}): {meaning.text}"
    kind = meaning.error
    if issubclass(kind, ConfigurationError):
        return kind(message)
    return (NotSent if kind is Unknown and not send else kind)(message, code)
