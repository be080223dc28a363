"""Why a run may not start, kept apart from Prefect so that a look costs no import of it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from schemas.clock import is_rehearsal
from schemas.errors import RunRefused
from store import drift, runs
from store.database import transaction
from tasks.wiring import Wiring

DAILY = "daily-growth"
_ELSEWHERE = "rehearse an earlier day in an empty database (another DATABASE_URL)"


def rehearsed(connection: Connection) -> datetime | None:
    """Return the instant which the newest run rehearsed; None if it was live, or there is none."""
    clock = runs.newest_clock(connection)
    return clock[0] if clock is not None and is_rehearsal(*clock) else None


def require_to_come(wired: Wiring, as_of: datetime) -> None:
    """Raise RunRefused for an instant that a database has left behind; its runs cannot go back."""
    with transaction(wired.database) as connection:
        require_its_turn(connection, wired.business_day(as_of).date())
        require_unread(connection, wired, as_of)


def require_unread(connection: Connection, wired: Wiring, as_of: datetime) -> None:
    """Raise RunRefused if what came after `as_of` was pulled already; one pulled then may rest."""
    if runs.pulled_at(connection, as_of):
        return
    for name, source in wired.sources.items():
        for entity in source.entities:
            until = runs.watermark(connection, name, entity)
            if until is not None and until > as_of:
                raise RunRefused(
                    f"{wired.business_day(as_of):%Y-%m-%d %H:%M} is over: this database has "
                    f"{name} {entity.value} up to {wired.business_day(until):%Y-%m-%d %H:%M}; "
                    f"{_ELSEWHERE}"
                )


def require_its_turn(connection: Connection, today: date) -> None:
    """Raise RunRefused for a day before one already lived through: the facts know of the later."""
    latest = runs.latest_business_date(connection, DAILY)
    if latest is not None and latest > today:
        raise RunRefused(f"{today} is over: this database has lived through {latest}; {_ELSEWHERE}")


def require_verdicts(connection: Connection, wired: Wiring, as_of: datetime) -> None:
    """
    Raise RunRefused without a fresh, passing verdict over every entity of every source.

    Or if the day was judged (see tasks.day_verdicts) and is unlike recent ones.
    """
    verdicts = runs.latest_verdicts(connection, as_of)
    known = {(str(one["source"]), str(one["entity"])): one for one in verdicts}
    for name, source in wired.sources.items():
        for entity in source.entities:
            verdict = known.get((name, entity.value))
            _require_verdict(f"{name} {entity.value}", verdict, as_of, wired)
    _require_usual_day(connection, wired, as_of)


def _require_verdict(
    what: str, verdict: Mapping[str, Any] | None, as_of: datetime, wired: Wiring
) -> None:
    if verdict is None:
        raise RunRefused(f"no data yet of {what}: let pull-data run first")
    if not verdict["passed"]:
        raise RunRefused(
            f"the data of {what} broke its contract ({verdict['reason']}); "
            "mend the source and pull again, nothing is sent until then"
        )
    until = verdict["window_until"]
    hours = wired.contract.max_age_hours
    if isinstance(until, datetime) and until < as_of - timedelta(hours=hours):
        raise RunRefused(
            f"the data of {what} end at {until:%Y-%m-%d %H:%M}Z, more than {hours} hours ago: "
            "let pull-data run first"
        )


def _require_usual_day(connection: Connection, wired: Wiring, as_of: datetime) -> None:
    today = wired.business_day(as_of).date()
    for one in drift.day_verdicts(connection, today):
        if not one.passed:
            raise RunRefused(
                f"the data of {one.source} {one.entity.value} of {today} are unlike recent days: "
                f"{one.reason}; see to the source and pull again, or widen [contract.drift]"
            )
