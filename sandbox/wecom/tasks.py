"""A mass send: one content, one share per employee who has to confirm it."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.records import TaskRecord
from sandbox.wecom.contacts import Customer
from sandbox.wecom.letterbox import Status
from sandbox.wecom.message import Draft


@dataclass
class Share:
    """What one employee is asked to send; `rows` are the outcomes by customer."""

    userid: str
    customers: tuple[Customer, ...]
    confirmed_at: datetime | None = None
    rows: dict[str, Status] = field(default_factory=dict)


@dataclass
class Task:
    """A created task; `creator` is the employee who made it in the WeCom client, if one did."""

    msgid: str
    draft: Draft
    created_at: datetime
    shares: tuple[Share, ...]
    cancelled: bool = False
    creator: str | None = None

    def record(self) -> TaskRecord:
        """Return the task as the control endpoints show it."""
        taps = [share.confirmed_at for share in self.shares if share.confirmed_at]
        return TaskRecord(
            msgid=self.msgid,
            sender=self.draft.sender,
            external_userid=tuple(c.external_userid for s in self.shares for c in s.customers),
            text=self.draft.text,
            link_url=self.draft.link_url,
            created_at=self.created_at,
            cancelled=self.cancelled,
            creator=self.creator,
            confirmed_at=max(taps) if len(taps) == len(self.shares) else None,
        )
