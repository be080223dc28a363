"""Who wins a slot today: chunk by chunk of persons who have candidates."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from time import sleep

from prefect import task

from store import candidates
from store.database import transaction
from tasks.deciding import decide
from tasks.growth import GrowthRun
from tasks.lane import Lane
from tasks.wiring import Wiring, wiring

_log = logging.getLogger("runwu.plan")
CHUNK = 20_000
PIECE = 1_250
"""How many persons are decided in one transaction, of so many in a task."""

WORTH_A_LANE = 2_500
"""How many persons at once are worth another process; fewer are decided before it is there."""

_LOOK_AGAIN = 0.05
_LANE = Lane()


@task(name="plan")
def plan_chunk(run: GrowthRun, above: int = 0) -> int | None:
    """
    Decide the candidates of one chunk of persons numbered above `above`.

    Return the last of them, above which to go on; None when there is none left. While chunks are
    large, a process beside this one decides pieces of each, as many as it gets done meanwhile.
    """
    wired = wiring()
    with transaction(wired.sessions) as connection:
        persons = candidates.undecided_persons(connection, run.id, CHUNK, above=above)
    if not persons:
        _LANE.end()
        wired.sessions.dispose()
        return None
    pieces: SimpleQueue[Sequence[int]] = SimpleQueue()
    for first in range(0, len(persons), PIECE):
        pieces.put(persons[first : first + PIECE])
    with ThreadPoolExecutor(1) as beside:
        theirs = beside.submit(_decide_beside, pieces, wired, run, len(persons))
        counts = [*_decide_pieces(pieces, wired, run, decide), *theirs.result()]
    decided, won = map(sum, zip(*counts, strict=True))
    _log.info("planned persons=%d decided=%d won=%d", len(persons), decided, won)
    return persons[-1]


def _decide_beside(
    pieces: SimpleQueue[Sequence[int]], wired: Wiring, run: GrowthRun, persons: int
) -> list[tuple[int, int]]:
    """Have the other process decide pieces as well, if it is worth one, once it is ready."""
    while persons >= WORTH_A_LANE and not pieces.empty():
        if _LANE.is_ready():
            return _decide_pieces(pieces, wired, run, _LANE.decide)
        sleep(_LOOK_AGAIN)
    return []


def _decide_pieces(
    pieces: SimpleQueue[Sequence[int]],
    wired: Wiring,
    run: GrowthRun,
    decide: Callable[[Wiring, int, datetime, Sequence[int]], tuple[int, int]],
) -> list[tuple[int, int]]:
    """Decide one piece after the other until none is left; return how many, and how many won."""
    counts = []
    with suppress(Empty):
        while True:
            counts.append(decide(wired, run.id, run.as_of, pieces.get_nowait()))
    return counts
