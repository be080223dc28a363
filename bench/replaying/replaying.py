"""The real replay, in a process of its own so that its memory can be told."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter, process_time

from sqlalchemy import text

from bench.memory import peak_mb
from bench.replaying.diary import SINCE
from schemas.policy import Policy
from store.database import engine

_BARE = """
SELECT count(*) AS rows, sum(length(inputs)) AS letters FROM (
    SELECT d.inputs::text AS inputs
    FROM candidate c
    JOIN decision d ON d.candidate_id = c.id
    JOIN person p ON p.id = c.person_id
    LEFT JOIN message m ON m.id = c.id
    ORDER BY c.run_id, c.person_id
) read
"""


@dataclass(frozen=True)
class Ran:
    """
    How long a replay took, how long of it a processor worked for it, the server's work apart.

    And how many candidates it decided, how many of them otherwise, and its memory at most.
    """

    took: float
    worked: float
    candidates: int
    otherwise: int
    peak_mb: float


def replay_all(url: str, policy: Policy) -> Ran:
    """Decide everything on record again by a policy."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_replay, url, policy).result()


def _replay(url: str, policy: Policy) -> Ran:
    os.environ["DATABASE_URL"] = url
    from tasks.replay import replay

    began, idle = perf_counter(), process_time()
    flows = replay(policy, SINCE, None, lambda *_: None).comparison.flows
    took, worked = perf_counter() - began, process_time() - idle
    otherwise = sum(count for (fact, other), count in flows.items() if fact != other)
    return Ran(took, worked, flows.total(), otherwise, peak_mb())


def read_all(url: str) -> float:
    """Return how long the server takes to look at the rows that a replay reads."""
    with engine(url).connect() as connection:
        began = perf_counter()
        connection.execute(text(_BARE)).one()
        return perf_counter() - began
