"""At 07:30: who has a reason today, who wins a slot, what would we say; ends with open reviews."""

from datetime import datetime

from prefect import flow

from tasks.allot import allot_budgets, settle_deferred
from tasks.clocks import at_the_door, passed_by
from tasks.draft import draft_chunk, form_wordings
from tasks.growth import GrowthRun, close_growth, open_growth
from tasks.locks import single_flight
from tasks.own_sends import learn_own_sends
from tasks.pages import show_drafts, show_funnel, show_segments, show_why_not
from tasks.plan import plan_chunk
from tasks.refresh import (
    learn_population,
    mark_due,
    rebuild_facts,
    rebuild_segments,
    refresh_chunk,
    turn_chunk,
)
from tasks.review import form_batches, open_reviews
from tasks.scenes import find_candidates, scene_names


@flow(name="daily-growth")
async def daily_growth(as_of: datetime | None = None) -> list[str]:
    """
    Run the business date of `as_of` and return its Prefect review runs.

    A finished run again changes nothing but sees that its undecided batches have a form to be
    decided in. A run that was killed goes on where it stopped: every step works off what is left.
    """
    with single_flight("daily-growth"):
        at = at_the_door(as_of)
        if at is None:
            return passed_by([])
        run = open_growth(at)
        if not run.done:
            await _prepare(run)
        reviews = await open_reviews()
        await show_segments(run)
        await show_funnel()
        await show_why_not(run)
        await show_drafts(run)
    return reviews


async def _prepare(run: GrowthRun) -> None:
    _know(run)
    _decide(run)
    form_wordings(run)
    while await draft_chunk(run):
        pass
    form_batches(run)
    close_growth(run)


def _know(run: GrowthRun) -> None:
    mark_due(run.as_of)
    while rebuild_facts(run.as_of):
        pass
    while refresh_chunk(run.as_of):
        pass
    learn_population(run.as_of)
    while rebuild_segments(run.as_of):
        pass
    while turn_chunk(run.as_of):
        pass
    learn_own_sends(run.as_of)  # what it can't learn now, the push must know


def _decide(run: GrowthRun) -> None:
    for scene in scene_names():
        while find_candidates(run, scene):
            pass
    settle_deferred(run)
    for last in (False, True):
        planned: int | None = 0
        while planned is not None:
            planned = plan_chunk(run, above=planned)
        if not allot_budgets(run, last=last):
            break
