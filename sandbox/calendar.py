"""The town's local time and the employees' working hours."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Shanghai")
OPENS: Final = time(9, 0)
CLOSES: Final = time(20, 30)


def midnight(at: datetime) -> datetime:
    """Return the local midnight that began the day of `at`."""
    return at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def at_work(at: datetime) -> datetime:
    """Return `at` if employees work then, else the next opening."""
    local = at.astimezone(ZONE)
    opening = midnight(local) + timedelta(hours=OPENS.hour, minutes=OPENS.minute)
    if local < opening:
        return opening
    return local if local.time() < CLOSES else opening + timedelta(days=1)
