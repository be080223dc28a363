"""Who wins a slot today: chunk by chunk of persons who have candidates."""

import logging
from concurrent.futures import ThreadPoolExecutor

from prefect import task

from store import candidates
from store.database import transaction
from tasks.deciding import decide
from tasks.growth import GrowthRun
from tasks.lane import Lane
from tasks.wiring import wiring

_log = logging.getLogger("runwu.plan")
CHUNK = 5_000
WORTH_A_LANE = 2_500
"""How many persons at once are worth another process; fewer are decided before it is there."""

_LANE = Lane()


@task(name="plan")
def plan_chunk(run: GrowthRun, above: int = 0) -> int | None:
    """
    Decide the candidates of one chunk of persons numbered above `above`.

    Return the last of them, above which to go on; None when there is none left. While chunks are
    large, a process beside this one decides half of each, in a transaction of its own.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        persons = candidates.undecided_persons(connection, run.id, CHUNK, above=above)
    if not persons:
        _LANE.end()
        return None
    if len(persons) >= WORTH_A_LANE and _LANE.is_ready():
        half = (len(persons) + 1) // 2
        with ThreadPoolExecutor(1) as waiting:
            theirs = waiting.submit(_LANE.decide, wired, run.id, run.as_of, persons[half:])
            ours = decide(wired, run.id, run.as_of, persons[:half])
        counts = [ours, theirs.result()]
    else:
        counts = [decide(wired, run.id, run.as_of, persons)]
    decided, won = map(sum, zip(*counts, strict=True))
    _log.info("planned persons=%d decided=%d won=%d", len(persons), decided, won)
    return persons[-1]
