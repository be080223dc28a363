"""One person's story in plain words: who they are, what is left of their budget, what was said."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from sqlalchemy import Connection

from prompts import reasons
from prompts.catalogue import locale
from rules.caps import Count
from rules.governor import Governor
from rules.holdout import is_held_out
from schemas.channel import WECOM
from schemas.clock import is_rehearsal, own_time
from schemas.enums import Arm
from schemas.planning import Case
from store import runs, segments, stories
from tasks.cases import horizon, read_cases
from tasks.episodes import Day, days_of, local
from tasks.portraits import Fact, facts_of
from tasks.tables import reading
from tasks.wiring import Wiring, wiring

_DAILY = "daily-growth"
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Cap:
    """A cap, how much of it is taken, and what it is called."""

    window: str
    label: str
    used: int
    max: int

    @classmethod
    def of(cls, count: Count, label: str) -> Self:
        """Return the cap that the governor counted so."""
        return cls(count.window, label, count.used, count.max)


@dataclass(frozen=True)
class Budget:
    """What is left of a person's budget at an instant; `notes` say when there is room again."""

    title: str
    at: str
    columns: list[str]
    caps: list[Cap]
    gap_hours: float
    next_place: str | None
    notes: list[str]


@dataclass(frozen=True)
class Story:
    """All of it, in the business's own time; `empty` says why there are no days."""

    person: int
    timezone: str
    title: str
    facts: list[Fact]
    budget: Budget
    heading: str
    days: list[Day]
    empty: str | None


def find_person(wanted: str) -> dict[str, int]:
    """Return the persons an id may mean, by the full names under which they were found."""
    if not wanted.isprintable():
        return {}
    with reading() as connection:
        return stories.matches(connection, wanted.strip())


def story_of(person: int, day: date | None, as_of: datetime) -> Story:
    """Return a person's story, of all days or of one; in a rehearsal, on the rehearsal's clock."""
    wired = wiring()
    texts = locale()["explain"]
    with reading() as connection:
        clock = runs.newest_clock(connection)
        rehearsed = clock is not None and is_rehearsal(*clock)
        at = own_time(*clock) if clock is not None and rehearsed else as_of
        # Nothing is decided here, so nobody is locked: a planner must not wait for a reader.
        cases = read_cases(connection, wired.planner, {person: ()}, channel=WECOM, as_of=at)
        row, members, contacts = stories.person(connection, person)
        others = segments.of_person(connection, person, date.max)
        names = segments.product_names(connection, [one.segment for one in others])
        days = days_of(stories.told(connection, person), wired.zone, day)
        empty = None if days else _empty(connection, day)
    held_out = is_held_out(cases[person].bucket, wired.policy.holdout)
    arm = Arm.HOLDOUT if held_out else Arm.TREATED
    return Story(
        person=person,
        timezone=wired.zone_name,
        title=texts["who"].format(person=person),
        facts=list(facts_of(row, members, contacts, (others, names), arm, wired.zone)),
        budget=budget_of(wired, cases[person], at, rehearsed=rehearsed),
        heading=texts["story"],
        days=days,
        empty=empty,
    )


def left_out(days: int) -> str:
    """Return how to see the days that are not shown."""
    return str(locale()["explain"]["left_out"].format(days=days))


def _empty(connection: Connection, day: date | None) -> str:
    texts = locale()["explain"]
    if day is None:
        return str(texts["never_suggested"])
    ran = stories.has_run(connection, _DAILY, day)
    return str(texts["nobody_suggested" if ran else "no_run"])


def budget_of(wired: Wiring, case: Case, at: datetime, *, rehearsed: bool) -> Budget:
    """Return what is left for one more message, of a kind that everything holds back."""
    texts, zone = locale()["explain"], case.zone or wired.zone
    until = at + horizon(wired.policy) + _AHEAD
    room = Governor(wired.policy, at).room(WECOM, case._replace(zone=zone), until)
    window = reasons.window(room.personal.window)
    notes = [texts["gap"].format(hours=f"{room.gap_hours:g}")] if room.gap_hours else []
    place = room.next_place
    if place is None:
        notes.append(texts["frees_never"].format(at=local(until, zone)))
    elif place == at:
        notes.append(texts["frees_at_once"])
    else:
        notes.append(texts["frees"].format(at=local(place, zone)))
    return Budget(
        title=texts["budget_rehearsed" if rehearsed else "budget"].format(
            at=local(at, zone), zone=case.zone_name
        ),
        at=local(at, zone),
        columns=list(texts["columns"]),
        caps=[
            *(Cap.of(one, reasons.counted_by(one.of, one.window)) for one in room.caps),
            Cap.of(room.personal, texts["personal"].format(window=window)),
        ],
        gap_hours=room.gap_hours,
        next_place=local(place, zone) if place else None,
        notes=notes,
    )
