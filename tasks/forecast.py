"""What a run would do now: read only, so that a look changes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from rules.hours import AHEAD
from schemas.enums import DispatchState, RunStatus
from schemas.errors import RunRefused
from schemas.findings import Finding, warning, well
from store import checks, runs
from tasks.populations import told
from tasks.refresh import must_rebuild
from tasks.refusals import DAILY, rehearsed, require_its_turn, require_verdicts
from tasks.wiring import Wiring

_UNANSWERED = (DispatchState.CALLING, DispatchState.UNKNOWN)


@dataclass(frozen=True)
class Reading:
    """One entity a pull would read: what changed since then; None is since the beginning."""

    source: str
    entity: str
    since: datetime | None


@dataclass(frozen=True)
class Forecast:
    """
    What a run would do, as of one instant.

    `status` is that of the business date's daily run, None if it was not begun; `refusal` is why
    it would not start as things are, `rehearsed` the instant for which schedules are passed by.
    `everybody` says that all persons are looked at anew, as the rules for them are others now;
    `population` is what all buyers together taught.
    """

    as_of: datetime
    business_date: date
    status: RunStatus | None
    refusal: str
    rehearsed: datetime | None
    readings: tuple[Reading, ...]
    waiting: checks.Waiting
    everybody: bool
    population: str
    quiet: bool
    quiet_from: datetime | None
    releases_at: datetime | None


def forecast(connection: Connection, wired: Wiring, as_of: datetime) -> Forecast:
    """Return what a run would do now."""
    here = wired.business_day(as_of)
    today, hours, ahead = here.date(), wired.hours, here + AHEAD
    opens = hours.opens(here, ahead)
    closes = hours.closes(here, ahead) if opens == here else None
    status = checks.run_status(connection, DAILY, today)
    done = status is RunStatus.DONE
    everybody = must_rebuild(connection, wired, as_of)
    return Forecast(
        as_of=here,
        business_date=today,
        status=status,
        refusal=_refusal(connection, wired, here, done=done),
        rehearsed=rehearsed(connection),
        readings=tuple(
            Reading(name, entity.value, runs.watermark(connection, name, entity))
            for name, source in wired.sources.items()
            for entity in source.entities
        ),
        waiting=checks.waiting(connection, as_of, today, everybody=everybody),
        everybody=everybody,
        population=told(connection),
        quiet=opens != here,
        quiet_from=None if closes == ahead else closes,
        releases_at=opens,
    )


def tell(found: Forecast, wired: Wiring) -> list[Finding]:
    """Return the forecast in sentences."""
    pulls = [well("pull", _pull(reading, wired)) for reading in found.readings]
    return [_today(found), *pulls, *_work(found), _quiet_hours(found)]


def _refusal(connection: Connection, wired: Wiring, as_of: datetime, *, done: bool) -> str:
    try:
        require_its_turn(connection, as_of.date())
        if not done:
            require_verdicts(connection, wired, as_of)
    except RunRefused as refused:
        return str(refused)
    return ""


def _today(found: Forecast) -> Finding:
    day = found.business_date
    if found.refusal:
        return warning("daily run", f"{day} would be refused as things are: {found.refusal}")
    if found.status is RunStatus.DONE:
        return well("daily run", f"{day} is done; to run it again changes nothing")
    if found.status is RunStatus.OPEN:
        return well("daily run", f"{day} was begun and would go on where it stopped")
    return well("daily run", f"{day} has not been run yet")


def _pull(reading: Reading, wired: Wiring) -> str:
    what = f"{reading.source} {reading.entity}"
    if reading.since is None:
        return f"{what}: everything from the beginning, because nothing was pulled yet"
    return f"{what}: what changed since {wired.business_day(reading.since):%Y-%m-%d %H:%M}"


def _work(found: Forecast) -> list[Finding]:
    waiting, dispatches = found.waiting, found.waiting.dispatches
    unanswered = sum(dispatches.get(state, 0) for state in _UNANSWERED)
    outbox = (
        f"{waiting.approved} messages approved and due; tasks: "
        f"{dispatches.get(DispatchState.QUEUED, 0)} queued, {unanswered} without an answer, "
        f"{dispatches.get(DispatchState.ACCEPTED, 0)} open at the channel"
    )
    return [
        well("facts", f"{'all ' * found.everybody}{waiting.persons} persons to be looked at anew"),
        well("population", found.population),
        well("review", f"{waiting.reviews} batches wait for a decision"),
        well("outbox", outbox),
    ]


def _quiet_hours(found: Forecast) -> Finding:
    if found.releases_at is None:
        return warning("quiet hours", "no hour of the next year is open; mend [policy]")
    if found.quiet:
        until = f"{found.releases_at:%Y-%m-%d %H:%M}"
        return well("quiet hours", f"now, so nothing goes out until {until}")
    if found.quiet_from is None:
        return well("quiet hours", "none at all")
    return well("quiet hours", f"not now; what is approved goes out until {_clock(found)}")


def _clock(found: Forecast) -> str:
    return f"{found.quiet_from:%Y-%m-%d %H:%M}"


def told_to_machines(found: Forecast) -> dict[str, Any]:
    """Return the forecast as plain values, instants in the business zone."""
    waiting = found.waiting
    return {
        "as_of": found.as_of.isoformat(timespec="seconds"),
        "business_date": found.business_date.isoformat(),
        "status": found.status.value if found.status else None,
        "refusal": found.refusal or None,
        "rehearsed": found.rehearsed.isoformat() if found.rehearsed else None,
        "pulls": [
            {
                "source": reading.source,
                "entity": reading.entity,
                "since": reading.since.isoformat() if reading.since else None,
                "until": found.as_of.isoformat(timespec="seconds"),
            }
            for reading in found.readings
        ],
        "persons": waiting.persons,
        "everybody": found.everybody,
        "population": found.population,
        "reviews": waiting.reviews,
        "approved": waiting.approved,
        "dispatches": waiting.dispatches,
        "quiet": found.quiet,
        "releases_at": found.releases_at and found.releases_at.isoformat(timespec="seconds"),
    }
