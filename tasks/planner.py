"""What deciding needs of a business, and all that a process beside ours is told of it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from schemas.policy import Policy
from store.database import lasting


@dataclass(frozen=True)
class Planner:
    """Where persons are, by which rules they are decided, and the zone of who tells none."""

    database_url: str
    policy: Policy
    zone_name: str

    @property
    def sessions(self) -> Engine:
        """The engine for many transactions in a row, to be disposed of after the last one."""
        return lasting(self.database_url)

    @property
    def zone(self) -> ZoneInfo:
        """The business zone."""
        return ZoneInfo(self.zone_name)
