"""The shapes of mass messages that employees send by themselves, without us."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OwnSend:
    """One customer whom an employee's own mass message reached, and when it did."""

    msgid: str
    sender: str
    address: str
    at: datetime


@dataclass(frozen=True)
class MassSend:
    """
    One mass message as far as it has come: when it was made, and whom it has reached.

    `whole` tells that nothing of it is still to come.
    """

    msgid: str
    made_at: datetime
    reached: tuple[OwnSend, ...]
    whole: bool
