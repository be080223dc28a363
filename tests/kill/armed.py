"""The review as the runner of kill tests serves it: the real one, which dies when it is told to."""

import json
import os
from pathlib import Path

from prefect import flow

from flows import review_batch as real
from tests.kill.boundaries import Step, after_each_task, die

ENTRYPOINT = f"{__name__}.review_batch"


def deaths(home: Path) -> Path:
    """Return the file that says after how many tasks the process of a review dies, by its id."""
    return home / "deaths.json"


def appointed() -> dict[str, int]:
    """Return the deaths appointed when this process began."""
    file = deaths(Path(os.environ["RUNWU_HOME"]))
    found: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    return found


def dying_after(tasks: int) -> Step:
    """Return a step that is the last one once so many tasks are done."""
    left = [tasks]

    def step(*_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    return step


@flow(name="review-batch")
async def review_batch(batch: int, generation: int = 1) -> dict[str, int]:
    """Run the real body within this run; the signature is the one that the real one has."""
    tasks = appointed().get(f"{batch}-{generation}")
    if tasks is not None:
        after_each_task(dying_after(tasks), engine=True)
    return await real.review_batch.fn(batch, generation)
