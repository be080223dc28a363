"""
Everything that stops a command, and what may be done about it.

    RunwuError
    ├── ConfigurationError   what is configured cannot work; the message says how to mend it
    ├── SourceError          a source could not be read; reads are idempotent, so a retry is safe
    │   └── SourceDown       it gave no answer at all; reading goes on where it was once it does
    ├── ContractError        the data broke its contract; nothing is published, nothing is sent
    ├── RunRefused           a run must not start now, and why
    ├── WriterError          the language model wrote nothing fit for use; a template does
    │   ├── BadAnswer        it answered, but not in the form asked for: may be asked once more
    │   └── NoAnswer         it could not be reached or refused the call: not asked again
    └── ChannelError         a channel call did not succeed
        ├── NotSent          it surely reached nobody: may be tried again
        ├── Rejected         the channel said no for good
        │   ├── Nobody       because none of the recipients can be reached
        │   └── NoSuchTask   because it knows nothing by that name
        └── Unknown          it may have gone through: reconcile, never send again blindly

Expected outcomes (a candidate held back, a wording that breaks a rule) are values, not errors.
"""

from schemas.writing import Usage

_NOTHING = Usage()


class RunwuError(Exception):
    """Base of all; its text is one sentence fit for an operator."""


class ConfigurationError(RunwuError):
    """What is configured cannot work."""


class SourceError(RunwuError):
    """A source could not be read."""


class SourceDown(SourceError):
    """A source gave no answer; it may well give one later."""


class ContractError(RunwuError):
    """Data broke its contract; nothing of it was published."""


class RunRefused(RunwuError):
    """The run must not start now."""


class WriterError(RunwuError):
    """The language model wrote nothing fit for use; `usage` is what asking cost all the same."""

    def __init__(self, message: str, usage: Usage = _NOTHING) -> None:
        super().__init__(message)
        self.usage = usage


class BadAnswer(WriterError):
    """The model answered, but not in the form asked for; `raw` is what it said."""

    def __init__(self, message: str, usage: Usage = _NOTHING, raw: str = "") -> None:
        super().__init__(message, usage)
        self.raw = raw


class NoAnswer(WriterError):
    """The endpoint could not be reached, or refused the call."""


class ChannelError(RunwuError):
    """A channel call did not succeed; `code` is the channel's own error code, if it gave one."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class NotSent(ChannelError):
    """The call surely reached nobody."""


class Rejected(ChannelError):
    """The channel refused for good; the same call would be refused again."""


class Nobody(Rejected):
    """None of the recipients can be reached."""


class NoSuchTask(Rejected):
    """The channel knows no task by that name."""


class Unknown(ChannelError):
    """No answer: the call may have gone through."""
