"""At 07:30: who has a reason today, who wins a slot, what would we say; ends with open reviews."""

from datetime import datetime

from prefect import flow

from schemas.clock import now
from tasks.draft import draft_chunk, form_wordings
from tasks.growth import GrowthRun, close_growth, open_growth
from tasks.locks import single_flight
from tasks.plan import plan_chunk
from tasks.refresh import mark_due, refresh_chunk
from tasks.review import form_batches, open_reviews
from tasks.scenes import find_candidates, scene_names


@flow(name="daily-growth")
async def daily_growth(as_of: datetime | None = None) -> list[str]:
    """
    Run the business date of `as_of` and return its Prefect review runs.

    A finished run again changes nothing but sees that its undecided batches have a form to be
    decided in. A run that was killed goes on where it stopped: every step works off what is left.
    """
    at = as_of or now()
    with single_flight("daily-growth"):
        run = open_growth(at)
        if not run.done:
            _prepare(run)
        return await open_reviews()


def _prepare(run: GrowthRun) -> None:
    mark_due(run.as_of)
    while refresh_chunk(run.as_of):
        pass
    for scene in scene_names():
        while find_candidates(run, scene):
            pass
    while plan_chunk(run):
        pass
    form_wordings(run)
    while draft_chunk(run):
        pass
    form_batches(run)
    close_growth(run)
