"""Who wins a slot today: chunk by chunk of persons who have candidates."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Lock
from time import sleep

from prefect import task

from store import candidates
from store.database import transaction
from tasks.deciding import decide
from tasks.growth import GrowthRun
from tasks.lane import Lane
from tasks.planner import Planner
from tasks.wiring import wiring

_log = logging.getLogger("runwu.plan")
CHUNK = 50_000
PIECE = 2_500
"""How many persons are decided in one transaction, of so many in a task."""

WORTH_A_LANE = 2_500
"""How many persons at once are worth another process; fewer are decided before it is there."""

_LOOK_AGAIN = 0.05
_LANE = Lane()

_Decide = Callable[[Planner, int, datetime, Sequence[int]], tuple[int, int]]


@task(name="plan")
def plan_chunk(run: GrowthRun, above: int = 0) -> int | None:
    """
    Decide the candidates of one chunk of persons numbered above `above`.

    Return the last of them, above which to go on; None when there is none left. While chunks are
    large, a process beside this one decides pieces of each, as many as it gets done meanwhile.
    """
    planner = wiring().planner
    pieces = _Pieces(planner, run, above)
    with ThreadPoolExecutor(1) as beside:
        theirs = beside.submit(_decide_beside, pieces)
        try:
            ours = _decide_pieces(pieces, decide)
        finally:
            pieces.are_over = True  # whoever fails here must not be waited for over there
        counts = [*ours, *theirs.result()]
    if not counts:
        _LANE.end()
        planner.sessions.dispose()
        return None
    decided, won = map(sum, zip(*counts, strict=True))
    _log.info("planned persons=%d decided=%d won=%d", pieces.taken, decided, won)
    return pieces.last


class _Pieces:
    """The persons of a chunk, a piece for whoever asks next; the other may decide meanwhile."""

    def __init__(self, planner: Planner, run: GrowthRun, above: int) -> None:
        self.planner, self.run = planner, run
        self.taken, self.last, self.are_over = 0, above, False
        self._lock = Lock()

    def take(self) -> Sequence[int]:
        """Return the next piece; an empty one after the last."""
        with self._lock:
            persons: list[int] = []
            if self.taken < CHUNK and not self.are_over:
                with transaction(self.planner.sessions) as connection:
                    persons = candidates.undecided_persons(
                        connection, self.run.id, min(PIECE, CHUNK - self.taken), above=self.last
                    )
            if persons:
                self.taken, self.last = self.taken + len(persons), persons[-1]
            else:
                self.are_over = True
            return persons


def _decide_beside(pieces: _Pieces) -> list[tuple[int, int]]:
    """Have the other process decide pieces as well, if it is worth one, once it is ready."""
    while not pieces.are_over:
        if (_LANE.is_there or pieces.taken >= WORTH_A_LANE) and _LANE.is_ready():
            return _decide_pieces(pieces, _LANE.decide)
        sleep(_LOOK_AGAIN)
    return []


def _decide_pieces(pieces: _Pieces, decide: _Decide) -> list[tuple[int, int]]:
    """Decide one piece after the other until none is left; return how many, and how many won."""
    counts = []
    while persons := pieces.take():
        counts.append(decide(pieces.planner, pieces.run.id, pieces.run.as_of, persons))
    return counts
