"""The frame of the daily run: may it start, and what did it come to."""

from dataclasses import dataclass
from datetime import date, datetime

from prefect import task

from rules.books import Equation
from schemas.clock import now
from schemas.errors import RunRefused
from store import funnel, runs
from store.database import transaction
from tasks.day_verdicts import judge_day
from tasks.funnels import equations
from tasks.refusals import DAILY, require_its_turn, require_verdicts
from tasks.wiring import wiring

FLOW = DAILY


@dataclass(frozen=True)
class GrowthRun:
    """The daily run of a business date."""

    id: int
    today: date
    as_of: datetime
    done: bool


@task(name="open daily run")
def open_growth(as_of: datetime) -> GrowthRun:
    """
    Open the run of a business date, or return it as it stands.

    Raises RunRefused without a fresh, passing verdict over every source, or for a day before one
    that was already lived through, because the facts know of the later day.
    """
    wired = wiring()
    today = wired.business_day(as_of).date()
    with transaction(wired.database) as connection:
        require_its_turn(connection, today)
    judge_day(wired, as_of)
    with transaction(wired.database) as connection:
        run = runs.open_run(connection, FLOW, today, as_of=as_of, opened_at=now())
        if not run.done:
            require_verdicts(connection, wired, as_of)
    return GrowthRun(run.id, today, as_of, run.done)


@task(name="close daily run")
def close_growth(run: GrowthRun) -> list[Equation]:
    """Check the books of a run, store them, and return them. Raises RunRefused if they are off."""
    wired = wiring()
    with transaction(wired.database) as connection:
        books = equations(funnel.count(connection, run.id))
        wrong = [str(book) for book in books if not book.balances]
        if wrong:
            raise RunRefused(f"the books of {run.today} do not balance: {'; '.join(wrong)}")
        runs.finish_run(
            connection,
            run.id,
            at=run.as_of,
            books={book.name: {"whole": book.whole, "parts": dict(book.parts)} for book in books},
        )
    return books
