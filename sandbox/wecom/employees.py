"""The employees and when each of them gets round to tapping send."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sandbox.calendar import ZONE, at_work
from sandbox.chance import chance


class Habit(StrEnum):
    """How an employee treats tasks."""

    PROMPT = "prompt"
    LATE = "late"
    FORGETFUL = "forgetful"


EMPLOYEES: Final[Mapping[str, Habit]] = {
    "ChenYu": Habit.PROMPT,
    "LinXia": Habit.PROMPT,
    "HeMin": Habit.LATE,
    "ZhouQing": Habit.PROMPT,
    "TangLe": Habit.FORGETFUL,
    "SuWen": Habit.LATE,
}

_STEP = 600  # seconds
_FORGOTTEN = 1 / 3
_MINUTES: Final[Mapping[Habit, tuple[float, float]]] = {
    Habit.PROMPT: (15, 40),
    Habit.LATE: (130, 420),
    Habit.FORGETFUL: (30, 300),
}


def confirms_at(seed: int, userid: str, msgid: str, created_at: datetime) -> datetime | None:
    """
    Return when an employee will confirm a task, within working hours; None is never.

    Rationale: delays count from the last full ten minutes, so that seconds of computing time on
    the caller's side do not change what happens in the world.
    """
    habit = EMPLOYEES[userid]
    dice = chance(seed, userid, msgid, "confirms")
    if habit is Habit.FORGETFUL and dice.random() < _FORGOTTEN:
        return None
    stamp = int(created_at.timestamp())
    noticed = at_work(datetime.fromtimestamp(stamp - stamp % _STEP, ZONE))
    taps = noticed + timedelta(minutes=dice.uniform(*_MINUTES[habit]))
    if at_work(taps) == taps:
        return taps
    return at_work(taps) + timedelta(minutes=dice.uniform(*_MINUTES[Habit.PROMPT]))
