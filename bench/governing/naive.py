"""For comparison: a Prefect task per member, as workflow tools invite one to do it."""

import logging
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

from bench.governing.town import AS_OF, TODAY

_AT_ONCE = 16
"""How many tasks run at once: more are no faster on two cores, and each wants a connection."""

_PREFECT = {
    "PREFECT_TASKS_RUNNER_THREAD_POOL_MAX_WORKERS": str(_AT_ONCE),
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
"""The server of a measurement is stopped in the middle of its housekeeping, and complains."""


def plan_each(url: str, run_id: int, members: int) -> float:
    """Return the seconds in which a flow decides so many members, each in a task of their own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_plan_each, url, run_id, members).result()


def _plan_each(url: str, run_id: int, members: int) -> float:
    os.environ |= {"DATABASE_URL": url, **_PREFECT}
    from prefect import flow
    from prefect.testing.utilities import prefect_test_harness

    from store.candidates import undecided_persons
    from store.database import transaction
    from tasks import plan
    from tasks.growth import GrowthRun
    from tasks.wiring import wiring

    logging.getLogger("runwu").setLevel(logging.WARNING)
    run = GrowthRun(run_id, TODAY, AS_OF, done=False)
    plan.CHUNK = 1

    @flow
    def decide_all(persons: list[int]) -> None:
        for decided in [plan.plan_chunk.submit(run, person - 1) for person in persons]:
            decided.result()

    with transaction(wiring().database) as connection:
        persons = undecided_persons(connection, run_id, members)
    with prefect_test_harness():
        decide_all([])
        began = perf_counter()
        decide_all(persons)
        return perf_counter() - began
