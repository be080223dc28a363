"""The frame of the daily run: may it start, and what did it come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from prefect import task

from rules.books import Equation
from schemas.clock import now
from schemas.errors import RunRefused
from store import funnel, runs
from store.database import transaction
from tasks.funnels import equations
from tasks.wiring import Wiring, wiring

FLOW = "daily-growth"


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
        latest = runs.latest_business_date(connection, FLOW)
        if latest is not None and latest > today:
            raise RunRefused(
                f"{today} is over: this database has lived through {latest}; "
                "rehearse an earlier day in an empty database (another DATABASE_URL)"
            )
        run = runs.open_run(connection, FLOW, today, as_of=as_of, opened_at=now())
        if not run.done:
            _require_verdicts(wired, runs.latest_verdicts(connection, as_of), as_of)
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


def _require_verdicts(wired: Wiring, verdicts: list[Mapping[str, Any]], as_of: datetime) -> None:
    oldest = as_of - timedelta(hours=wired.policy.data_max_age_hours)
    known = {(str(one["source"]), str(one["entity"])): one for one in verdicts}
    for name, source in wired.sources.items():
        for entity in source.entities:
            verdict = known.get((name, entity.value))
            what = f"{name} {entity.value}"
            if verdict is None:
                raise RunRefused(f"no data yet of {what}: let pull-data run first")
            if not verdict["passed"]:
                raise RunRefused(
                    f"the data of {what} broke its contract ({verdict['reason']}); "
                    "mend the source and pull again, nothing is sent until then"
                )
            until = verdict["window_until"]
            if isinstance(until, datetime) and until < oldest:
                raise RunRefused(
                    f"the data of {what} end at {until:%Y-%m-%d %H:%M}Z, more than "
                    f"{wired.policy.data_max_age_hours} hours ago: let pull-data run first"
                )
