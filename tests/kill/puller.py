"""Pulls like the flow does, and is killed for real at the point it is told."""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from store import readings, runs
from tasks import pull, reading
from tests.kill.boundaries import die
from tests.kill.victim import then_die

Function = Callable[..., Any]


def _second_time(function: Function, then: Function) -> Function:
    """Do it as ever the first time, and the other thing the second time."""
    calls = [0]

    def done(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        return (then if calls[0] == 2 else function)(*args, **kwargs)

    return done


def _on_second(function: Function) -> Function:
    return _second_time(function, then_die(function))


def _at_once(function: Function) -> Function:
    del function
    return die


_MINES: dict[str, tuple[Any, str, Callable[[Function], Function]]] = {
    "before a page's commit": (readings, "append", _on_second),
    "after a page's commit": (reading, "_save", _on_second),
    "when all is read": (reading, "_finish", then_die),
    "before the stage's commit": (pull, "arrange", then_die),
    "when all is staged": (pull.judge_window, "fn", _at_once),
    "when all is judged": (pull.publish_window, "fn", _at_once),
    "within the quarantine": (pull, "quarantine", then_die),
    "within the publication": (pull, "publish", then_die),
    "before the publishing commit": (runs, "record_verdict", then_die),
    "after the publishing commit": (pull.publish_window, "fn", then_die),
}
POINTS = tuple(_MINES)


def run(point: str, as_of: datetime, environment: dict[str, str]) -> None:
    """Pull every window in the flow's order, a commit for every page."""
    os.environ |= environment
    reading.SAVED_ROWS = 1
    place, name, mine = _MINES[point]
    setattr(place, name, mine(getattr(place, name)))
    opened = pull.open_pull.fn(as_of)
    for source, entity in opened.windows:
        staged = pull.stage_window.fn(asyncio.run(reading.read_window.fn(source, entity, as_of)))
        pull.publish_window.fn(opened.id, staged, pull.judge_window.fn(staged))
