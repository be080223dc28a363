"""Reads what employees sent by themselves, and is killed for real at the point it is told."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from store import own_sends as store
from tasks import own_sends
from tests.kill.boundaries import die
from tests.kill.victim import then_die

Function = Callable[..., Any]


def _at_once(function: Function) -> Function:
    del function
    return die


_MINES: dict[str, tuple[Any, str, Callable[[Function], Function]]] = {
    "when a message is read": (own_sends, "_record", _at_once),
    "before a message's commit": (store, "record", then_die),
    "after a message's commit": (own_sends, "_record", then_die),
    "before the mark": (store, "know_until", _at_once),
    "before the mark's commit": (store, "know_until", then_die),
}
POINTS = tuple(_MINES)


def run(point: str, as_of: datetime, environment: dict[str, str]) -> None:
    """Read everything up to an instant."""
    os.environ |= environment
    place, name, mine = _MINES[point]
    setattr(place, name, mine(getattr(place, name)))
    own_sends.read_own_sends.fn(as_of)
