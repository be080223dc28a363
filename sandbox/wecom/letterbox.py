"""What reaches customers: the platform's quota, deletions, and the messages received."""

from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, Literal

from sandbox.calendar import midnight
from sandbox.records import Deletion, Received
from sandbox.wecom.contacts import Customer

Quota = Literal["day", "week", "month"]
_WEEKLY: Final = 7


class Status(IntEnum):
    """The status of one row of a send result."""

    UNSENT = 0
    SENT = 1
    NOT_FRIEND = 2
    CAPPED = 3


class Letterbox:
    """Delivers at once or says why not; the quota counts per customer, whoever the sender is."""

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._times: dict[str, list[datetime]] = {}
        self._deleted: dict[tuple[str, str], Deletion] = {}
        self.received: list[Received] = []

    @property
    def deletions(self) -> list[Deletion]:
        """Return who deleted whom, oldest first."""
        return list(self._deleted.values())

    def times(self, customer: Customer) -> list[datetime]:
        """Return when a customer received messages."""
        return self._times.get(customer.external_userid, [])

    def delete(self, customer: Customer, userid: str, at: datetime) -> None:
        """Let a customer delete an employee, for good."""
        deletion = Deletion(unionid=customer.unionid, userid=userid, at=at)
        self._deleted.setdefault((customer.external_userid, userid), deletion)

    def accepts(self, customer: Customer, userid: str, at: datetime) -> Status:
        """Return what would become of a message delivered now."""
        if (customer.external_userid, userid) in self._deleted:
            return Status.NOT_FRIEND
        start, allowed = self._window(at)
        used = sum(1 for time in self.times(customer) if time >= start)
        return Status.CAPPED if used >= allowed else Status.SENT

    def deliver(self, customer: Customer, letter: Received) -> None:
        """Put a message into a customer's hands; this is what charges the quota."""
        self._times.setdefault(customer.external_userid, []).append(letter.at)
        self.received.append(letter)

    def _window(self, at: datetime) -> tuple[datetime, int]:
        """Return when the current quota window began, and how many messages it holds."""
        today = midnight(at)
        if self._quota == "day":
            return today, 1
        if self._quota == "week":
            return today - timedelta(days=today.weekday()), _WEEKLY
        first = today.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return first, (following - first).days
