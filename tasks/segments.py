"""The segments as they stand: how large, who moved since last week, and why a person is in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from prompts import evidence
from prompts.segment_texts import segment_texts
from schemas.errors import ConfigurationError, RunwuError
from store import runs, segments
from store.segments import Flow
from tasks.refusals import DAILY
from tasks.segment_words import dimension_title, ends, text_of, texts
from tasks.tables import reading

WEEK = timedelta(days=7)
LATELY = timedelta(days=30)
_EXAMPLES = 5
_NAMED = 40
_EMPTY = "nobody is in a segment yet; `runwu run` pulls what is new and fills them"


@dataclass(frozen=True)
class Row:
    """A segment now; who came and went since last week is None where there was no last week."""

    dimension: str
    segment: str
    title: str
    size: int
    joined: int | None
    left: int | None


@dataclass(frozen=True)
class Overview:
    """
    All segments of a day, the dimensions in order, and who moved since `since`.

    `since` is None in the first week of all, whose first day is `first`.
    """

    day: date
    first: date
    since: date | None
    rows: Mapping[str, list[Row]]
    flows: list[Flow]

    @property
    def comparable(self) -> date:
        """Return the day from which on there is a last week."""
        return self.first + WEEK


@dataclass(frozen=True)
class Described:
    """One segment: why persons are in it, how to respond, and a few of those who came last."""

    day: date
    since: date | None
    dimension: str
    row: Row
    why: str
    response: str
    persons: list[int]


@dataclass(frozen=True)
class Membership:
    """Why a person is, or was until a day, in a segment; `line` and `told` are for people."""

    dimension: str
    segment: str
    since: date
    until: date | None
    evidence: Mapping[str, Any]
    line: str
    told: list[str]


@dataclass(frozen=True)
class Memberships:
    """The segments a person is in, and those that ended in the last `days` days."""

    person: int
    day: date
    days: int
    current: list[Membership]
    ended: list[Membership]


def overview() -> Overview:
    """Return all segments as the latest daily run left them. Raises RunwuError before the first."""
    with reading() as connection:
        day = _latest(connection)
        found = look(connection, day) if day else None
    if found is None:
        raise RunwuError(_EMPTY)
    return found


def look(connection: Connection, day: date) -> Overview | None:
    """Return all segments on the day of the latest daily run, None before anybody is in one."""
    sizes = segments.sizes(connection)
    first = segments.first_day(connection, DAILY)
    if not any(sizes.values()) or first is None:
        return None
    since = day - WEEK if first <= day - WEEK else None
    changes = segments.changes(connection, since) if since else None
    rows = _rows(sizes, changes, segments.product_names(connection, [name for _, name in sizes]))
    return Overview(day, first, since, rows, changes.flows if changes else [])


def described(wanted: str) -> Described:
    """Return one segment by its name or title. Raises RunwuError if it is none, or several."""
    found = overview()
    row = _one_of(wanted, [row for rows in found.rows.values() for row in rows])
    with reading() as connection:
        persons = segments.examples(connection, row.dimension, row.segment, _EXAMPLES)
        names = segments.product_names(connection, [row.segment])
    said = text_of(row.dimension, row.segment, names)
    return Described(
        day=found.day,
        since=found.since,
        dimension=dimension_title(row.dimension),
        row=row,
        why=said.why,
        response=said.response,
        persons=persons,
    )


def memberships_of(person: int) -> Memberships:
    """Return the segments of a person. Raises RunwuError before the first daily run."""
    with reading() as connection:
        day = _latest(connection)
        if day is None:
            raise RunwuError(_EMPTY)
        rows = segments.of_person(connection, person, day - LATELY)
        names = segments.product_names(connection, [row.segment for row in rows])
    said = [(row.until, _membership(row, names)) for row in rows]
    return Memberships(
        person=person,
        day=day,
        days=LATELY.days,
        current=[one for until, one in said if until is None],
        ended=[one for until, one in said if until is not None],
    )


def as_of(found: Overview) -> str:
    """Return of which day the numbers are, and what they are compared with."""
    return str(
        texts()["as_of" if found.since else "as_of_first"].format(
            date=found.day, since=found.since, first=found.first
        )
    )


def flow_lines(found: Overview) -> list[str]:
    """Return a line for each kind of flow, by dimension and number, or one on why there is none."""
    if found.since is None:
        return [no_last_week(found)]
    said = [
        texts()["flow_line"].format(
            dimension=dimension_title(flow.dimension),
            source=source,
            target=target,
            persons=flow.persons,
        )
        for flow in found.flows
        for source, target in [ends(flow)]
    ]
    return said or [texts()["still"]]


def no_last_week(found: Overview) -> str:
    """Return that nothing can be compared yet, and from when on it can."""
    return str(texts()["no_last_week"].format(comparable=found.comparable))


def size_line(found: Described) -> str:
    """Return how large a segment is, and what became of it where there was a last week."""
    row = found.row
    return str(
        texts()["size_compared" if found.since else "size"].format(
            size=row.size, since=found.since, joined=row.joined, left=row.left
        )
    )


def _membership(row: Any, names: Mapping[str, str]) -> Membership:
    said = texts()["since" if row.until is None else "between"]
    return Membership(
        dimension=row.dimension,
        segment=row.segment,
        since=row.since,
        until=row.until,
        evidence=row.evidence,
        line=said.format(
            segment=text_of(row.dimension, row.segment, names).title,
            dimension=dimension_title(row.dimension),
            since=row.since,
            until=row.until,
        ),
        told=evidence.told(row.evidence),
    )


def _latest(connection: Connection) -> date | None:
    return runs.latest_business_date(connection, DAILY)


def _rows(
    sizes: Mapping[tuple[str, str], int],
    changes: segments.Changes | None,
    names: Mapping[str, str],
) -> dict[str, list[Row]]:
    """Return a row for each segment that has a text of its own, or anybody in it or just left."""
    said = segment_texts()
    known = [(of.value, name) for of, named in said.segments.items() for name in named]
    touched = [*changes.joined, *changes.left] if changes else []
    peopled = [key for key, size in sizes.items() if size]
    others = sorted({*peopled, *touched} - set(known), key=lambda key: (-sizes.get(key, 0), key))
    rows: dict[str, list[Row]] = {of.value: [] for of in said.dimensions}
    for dimension, segment in [*known, *others]:
        key = dimension, segment
        rows[dimension].append(
            Row(
                dimension=dimension,
                segment=segment,
                title=text_of(dimension, segment, names).title,
                size=sizes.get(key, 0),
                joined=changes.joined.get(key, 0) if changes else None,
                left=changes.left.get(key, 0) if changes else None,
            )
        )
    return rows


def _one_of(wanted: str, rows: Sequence[Row]) -> Row:
    """Return the one segment that is meant by its name, title or full name `dimension:segment`."""
    fitting = [
        row
        for row in rows
        if wanted.strip() in {row.segment, row.title, f"{row.dimension}:{row.segment}"}
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ConfigurationError(
            f"{wanted!r} may be any of {_names(fitting)}; ask for one of these"
        )
    raise ConfigurationError(f"no segment is called {wanted!r}; there are {_names(rows)}")


def _names(rows: Sequence[Row]) -> str:
    named = [f"{row.dimension}:{row.segment}" for row in rows[:_NAMED]]
    return ", ".join(named) + (", …" if len(rows) > _NAMED else "")
