"""Facts, segments and the wheel: for those whom something happened to, or for whom time did."""

import logging
from collections.abc import Callable
from datetime import datetime

import polars as pl
from prefect import task
from sqlalchemy import Connection

from rules.facts import facts as facts_of
from rules.judgement import facts_version, judge, version_of
from schemas.dimensions import WheelKind
from store import facts, memberships, rebuilds
from store.database import transaction
from store.histories import Persons, histories
from tasks.populations import in_force, keep, observing
from tasks.wiring import Wiring, wiring

_log = logging.getLogger("runwu.refresh")

CHUNK = 10_000
"""Persons whose facts or segments are made anew in one transaction."""

_NONE = ""
"""The version of segments that were made of other facts."""

MANY = 100_000
"""So many, if they are a good part of all, are quicker done with everybody in the order of ids."""

RANGE_ORDERS = 1_000_000
"""About how many orders a range of a rebuild holds; with their lines they take 1 to 2 GB."""

OF_FACTS = (WheelKind.AHEAD.value, WheelKind.BENEFIT.value)
OF_SEGMENTS = tuple(kind.value for kind in WheelKind if kind.value not in OF_FACTS)


def must_rebuild(connection: Connection, wired: Wiring, as_of: datetime) -> bool:
    """Tell whether the rules for facts or segments are others than those everybody is known by."""
    population = in_force(connection)
    rules = {
        rebuilds.FACTS: facts_version(wired.policy, wired.zone_name),
        rebuilds.SEGMENTS: version_of(wired.policy, population, wired.zone),
    }
    return not all(
        rebuilds.conforms(connection, subject, rule, as_of) for subject, rule in rules.items()
    )


@task(name="mark due persons")
def mark_due(as_of: datetime) -> int:
    """
    Mark the persons whose facts change with time by today; return how many.

    Where facts are made by other rules now, or very many are marked, everybody's are made anew.
    """
    wired = wiring()
    version = facts_version(wired.policy, wired.zone_name)
    with transaction(wired.database) as connection:
        marked = facts.mark_due(connection, wired.business_day(as_of).date(), OF_FACTS)
        other_rules = rebuilds.conforms(connection, rebuilds.FACTS, version, as_of) is None
        if other_rules or facts.most_are_stale(connection, MANY):
            facts.forget_marks(connection)
            rebuilds.start(connection, rebuilds.FACTS, version, as_of)
            rebuilds.start(connection, rebuilds.SEGMENTS, _NONE, as_of)
        rebuilds.move_on(connection, as_of)
    return marked


@task(name="rebuild facts")
def rebuild_facts(as_of: datetime) -> int:
    """Make the facts of one range of persons anew; return how many, 0 when that is done."""
    return _rebuild(rebuilds.FACTS, _refresh, as_of)


@task(name="refresh facts")
def refresh_chunk(as_of: datetime) -> int:
    """Refresh one chunk of marked persons, their segments included; 0 when nobody is left."""
    wired = wiring()
    with transaction(wired.database) as connection:
        persons = facts.claim_stale(connection, CHUNK)
        if persons:
            known = _refresh(connection, wired, persons, as_of)
            _judge(connection, wired, persons, known, as_of)
    return len(persons)


@task(name="learn from all buyers")
def learn_population(as_of: datetime) -> None:
    """Keep what all buyers teach up to date; another version of it has all segments made anew."""
    wired = wiring()
    today = wired.business_day(as_of).date()
    with transaction(wired.database) as connection:
        population = keep(connection, today, wired.policy)
        version = version_of(wired.policy, population, wired.zone)
        if rebuilds.conforms(connection, rebuilds.SEGMENTS, version, as_of) is None:
            rebuilds.start(connection, rebuilds.SEGMENTS, version, as_of)


@task(name="rebuild segments")
def rebuild_segments(as_of: datetime) -> int:
    """Make the segments of one range of persons anew; return how many, 0 when that is done."""
    return _rebuild(rebuilds.SEGMENTS, _look_again, as_of)


@task(name="turn the wheel")
def turn_chunk(as_of: datetime) -> int:
    """Judge one chunk of persons for whom time alone changes something; 0 when nobody is left."""
    wired = wiring()
    with transaction(wired.database) as connection:
        today = wired.business_day(as_of).date()
        persons = facts.due(connection, today, OF_SEGMENTS, CHUNK)
        if persons:
            _look_again(connection, wired, persons, as_of)
    return len(persons)


_Work = Callable[[Connection, Wiring, Persons, datetime], pl.DataFrame]


def _rebuild(subject: str, work: _Work, as_of: datetime) -> int:
    wired = wiring()
    with transaction(wired.database) as connection:
        persons = rebuilds.next_range(connection, subject, RANGE_ORDERS)
        if persons is None:
            return 0
        known = work(connection, wired, persons, as_of)
        rebuilds.advance(connection, subject, persons)
    return max(len(known), 1)


def _refresh(
    connection: Connection, wired: Wiring, persons: Persons, as_of: datetime
) -> pl.DataFrame:
    """Replace the facts of persons by what their histories say, and return them."""
    known = facts_of(histories(connection, persons), as_of, wired.zone_name, wired.policy)
    with observing(connection, persons):
        gone = facts.write_facts(connection, persons, known)
    _log.info("facts_written persons=%d gone=%d", len(known), len(gone))
    return known


def _look_again(
    connection: Connection, wired: Wiring, persons: Persons, as_of: datetime
) -> pl.DataFrame:
    """Judge persons by the facts as they are, and return those."""
    known = facts.read_facts(connection, persons)
    _judge(connection, wired, persons, known, as_of)
    return known


def _judge(
    connection: Connection, wired: Wiring, persons: Persons, known: pl.DataFrame, as_of: datetime
) -> None:
    """Have the segments and the wheel of persons be what their facts say."""
    today = wired.business_day(as_of).date()
    judged = judge(known, today, wired.zone, wired.policy, in_force(connection))
    moved = memberships.write_memberships(connection, persons, judged.memberships, today)
    turned = memberships.write_wheel(connection, persons, judged.wheel)
    _log.info("persons_judged persons=%d moved=%d turned=%d", len(known), moved, turned)
