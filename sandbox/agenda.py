"""What is going to happen, in time order."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Action = Callable[[datetime], None]


class Agenda:
    """
    Future events, each with a stable name.

    Rationale: events of the same instant happen in the order of their names, so that the world
    does not depend on which of them was planned first.
    """

    def __init__(self) -> None:
        self._events: list[tuple[datetime, str, int, Action]] = []
        self._planned = count()

    def add(self, at: datetime, name: str, action: Action) -> None:
        """Plan `action` for `at`; it is called with that instant."""
        heappush(self._events, (at, name, next(self._planned), action))

    def run_until(self, until: datetime) -> None:
        """Let everything up to and including `until` happen."""
        while self._events and self._events[0][0] <= until:
            at, _, _, action = heappop(self._events)
            action(at)
