"""What a look at an installation finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a thing is: a problem keeps the daily job from being done, a warning does not yet."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is and, unless it is well, how to mend it."""

    about: str
    level: Level
    text: str


def well(about: str, text: str) -> Finding:
    """Return a finding that needs nothing done."""
    return Finding(about, Level.OK, text)


def warning(about: str, text: str) -> Finding:
    """Return a finding that somebody should know of."""
    return Finding(about, Level.WARNING, text)


def problem(about: str, text: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(about, Level.PROBLEM, text)
