"""The world's own clock."""

from datetime import datetime

from sandbox.calendar import ZONE
from schemas.clock import now


class WorldClock:
    """Shows the instant it was set to, plus what has really elapsed since."""

    def __init__(self) -> None:
        self._set_at = now()
        self._base = self._set_at

    def now(self) -> datetime:
        """Return the world's present instant in local time; unset, it is the real one."""
        return (self._base + (now() - self._set_at)).astimezone(ZONE)

    def set(self, at: datetime) -> None:
        """Let it be `at` from here on."""
        self._set_at = now()
        self._base = at
