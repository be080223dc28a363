"""The clocks of runs, and the door through which those started by the clock must pass."""

import logging
from datetime import datetime
from typing import Any, TypeVar, cast

from prefect import task
from prefect.states import Completed

from schemas.clock import now, own_time
from store import runs
from store.database import transaction
from tasks.refusals import rehearsed
from tasks.wiring import wiring

_log = logging.getLogger("runwu.clocks")
Result = TypeVar("Result")


@task(name="read clock")
def at_the_door(as_of: datetime | None, on_clock_of: int | None = None) -> datetime | None:
    """
    Return the instant a flow is to work as of: as given, on a run's own clock, or the present.

    None means that it must pass by. A run that is given no instant was started by a schedule, or
    by hand in its stead; in a database that rehearses another day the present would end what is
    under way there: messages would expire, and a pull would move on past the day rehearsed.
    """
    if as_of is not None:
        return as_of
    with transaction(wiring().database) as connection:
        if on_clock_of is not None:
            return own_time(*runs.run_clock(connection, on_clock_of))
        other = rehearsed(connection)
    if other is None:
        return now()
    _log.info("passed_by rehearsed=%s", other.isoformat())
    return None


def passed_by(nothing: Result) -> Result:
    """
    Return, from a flow, that it was none of its business; its caller gets `nothing`.

    Prefect takes a state that a flow returns for the run's own, so that operators can read why.
    """
    state: Any = Completed(
        name="PassedBy",
        message="This database rehearses another day, so its schedules wait; `runwu run` without "
        "--as-of brings it back to the present.",
        data=nothing,
    )
    return cast("Result", state)
