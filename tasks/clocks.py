"""The clocks of runs."""

from datetime import datetime

from prefect import task

from schemas.clock import own_time
from store import runs
from store.database import transaction
from tasks.wiring import wiring


@task(name="read run's clock")
def clock_of(run_id: int) -> datetime:
    """Return the time on a run's own clock."""
    with transaction(wiring().database) as connection:
        return own_time(*runs.run_clock(connection, run_id))
