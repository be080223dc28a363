"""What all buyers teach: learned when there is reason to, held against what came since."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection

from rules.bgnbd import BgNbd, Groups
from rules.population import (
    NEEDS,
    Lesson,
    Population,
    closed,
    cut_anew,
    in_season,
    is_cut_by,
    learn,
)
from schemas.facts_frame import FACTS
from schemas.policy import Policy
from store import facts, populations
from store.histories import Persons

_log = logging.getLogger("runwu.populations")

_NEEDED = {"person_id": FACTS["person_id"], **{name: FACTS[name] for name in NEEDS}}


def in_force(connection: Connection) -> Population:
    """Return the population in force; before the first, one that knows nothing."""
    row = populations.newest(connection)
    return Population() if row is None else Population.of_json(row.parameters)


def told(connection: Connection) -> str:
    """Return in a sentence what was learned from all buyers."""
    row = populations.newest(connection)
    if row is None:
        return "nothing was learned from all buyers yet; the first daily run does"
    known = Population.of_json(row.parameters)
    if known.bgnbd is None:
        return f"too short a history to expect orders by, so fixed days count: {known.why}"
    return f"learned from {known.why}, up to {row.upto}; a day of this season counts {known.season}"


@contextmanager
def observing(connection: Connection, persons: Persons) -> Iterator[None]:
    """Count what the body adds to the order days of those who were known to the population."""
    row = populations.newest(connection)
    if row is None:
        yield
        return
    before = populations.order_days(connection, persons, row.upto)
    yield
    more = populations.order_days(connection, persons, row.upto) - before
    populations.observe(connection, row.id, more)


def keep(connection: Connection, today: date, policy: Policy) -> Population:
    """
    Return the population of a day.

    It is learned anew if drift asks for it, or if the history was too short; its season is told
    when a window closed; and its cuts are taken anew when the policy's shares are others.
    """
    row = populations.newest(connection)
    if row is None:
        return _learn(connection, today, policy)
    known, terms = Population.of_json(row.parameters), policy.population
    waited = (today - row.closed_on).days
    if known.bgnbd is None and waited >= terms.retry_days:
        return _learn(connection, today, policy)
    if known.bgnbd is not None and waited >= terms.season_days:
        return _close(connection, row, known, known.bgnbd, today, policy)
    if is_cut_by(known, policy):
        return known
    cut = cut_anew(known, _everybody(connection), today, policy)
    populations.amend(connection, row.id, cut.as_json())
    return cut


def _everybody(connection: Connection) -> pl.DataFrame:
    return facts.read_facts(connection, None, _NEEDED)


def _learn(connection: Connection, today: date, policy: Policy) -> Population:
    lesson = learn(_everybody(connection), today, policy)
    return _put_in_force(connection, lesson)


def _put_in_force(connection: Connection, lesson: Lesson) -> Population:
    groups = {name: values.tolist() for name, values in asdict(lesson.groups).items()}
    populations.add(connection, lesson.upto, lesson.population.as_json(), groups)
    _log.info("population_learned why=%s", lesson.population.why)
    return lesson.population


def _close(
    connection: Connection, row: Any, known: Population, model: BgNbd, today: date, policy: Policy
) -> Population:
    """Close the window since the last one: it was a season, or this is another shop by now."""
    everybody = _everybody(connection)
    told = populations.groups(connection, row.id)
    groups = Groups(**{name: np.array(values) for name, values in told.items()})
    window = ((row.closed_on - row.upto).days, (today - row.upto).days)
    observed = row.observed - row.observed_at_close
    season = closed(groups, model, *window, observed)
    if season.is_drift(policy):
        lesson = learn(everybody, today, policy)
        if lesson.population.bgnbd is not None:
            season = closed(groups, lesson.population.bgnbd, *window, observed)
            lesson = replace(lesson, population=in_season(lesson.population, season))
        return _put_in_force(connection, lesson)
    kept = cut_anew(in_season(known, season), everybody, today, policy)
    populations.amend(connection, row.id, kept.as_json())
    populations.close(connection, row.id, today)
    _log.info("season_closed factor=%.2f observed=%d", kept.season, observed)
    return kept
