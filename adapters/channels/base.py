"""The one small protocol of every channel."""

from datetime import datetime
from typing import Protocol

from schemas.channel import Parcel, Progress, Receipt


class Channel(Protocol):
    """
    A way out. Calls raise NotSent, Rejected or Unknown (schemas.errors) and never retry a send.

    `send` takes a parcel whose link bears a marker; `find` looks that marker up among the tasks
    created in a span, which is how an unanswered send is reconciled.
    """

    name: str

    def send(self, parcel: Parcel) -> Receipt:
        """Hand over one parcel."""
        ...

    def find(self, marker: str, since: datetime, until: datetime) -> str | None:
        """Return the msgid of the task that bears `marker`, or None if the channel has none."""
        ...

    def progress(self, msgid: str, sender: str) -> Progress | None:
        """Return how far a task has come; None while the channel is still setting it up."""
        ...

    def cancel(self, msgid: str) -> None:
        """Stop what is not yet confirmed; cancelling twice is no error."""
        ...
