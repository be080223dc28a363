"""From sources through staging and the contract to the published tables."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from prefect import task

from rules.books import Equation
from rules.windows import is_due
from schemas.clock import now
from schemas.enums import Entity
from schemas.errors import ContractError, SourceError
from schemas.incoming import Window
from store import readings, runs
from store.arranging import arrange
from store.aside import quarantine
from store.database import transaction
from store.gathered import scatter
from store.publication import Published
from store.publish import publish
from store.row_rules import row_rules
from store.staging import Stage, strike
from tasks.alarms import raise_alarm
from tasks.reading import read_window
from tasks.refusals import require_unread
from tasks.terms import terms_of
from tasks.verdicts import Judgement, judge_stage, nothing_came, suite_of
from tasks.wiring import wiring

READERS = 4
"""Windows read at once; each holds its waiting pages in memory."""

_log = logging.getLogger("runwu.pull")


@dataclass(frozen=True)
class PullRun:
    """A pull that is open, and the windows it has still to bring in, in order."""

    id: int
    as_of: datetime
    windows: list[tuple[str, Entity]]


@dataclass(frozen=True)
class Staged:
    """A window in its staging table, with what it took to get there."""

    stage: Stage
    window: Window
    pulled: int
    rows: int
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The window's name for operators."""
        return f"{self.stage.source} {self.stage.entity.value}"


@dataclass(frozen=True)
class Brought:
    """What came of a window: its name, its books, and the reason if it was refused."""

    name: str
    books: Equation
    refused: str


@task(name="open pull")
def open_pull(as_of: datetime) -> PullRun:
    """
    Return the pull of this instant and what it still has to do: nothing, if it is finished.

    Raises RunRefused if what came later was pulled already: windows follow each other.
    """
    wired = wiring()
    with transaction(wired.database) as connection:
        require_unread(connection, wired, as_of)
        run = runs.open_run(
            connection,
            "pull-data",
            wired.business_day(as_of).date(),
            as_of=as_of,
            opened_at=now(),
            occasion=as_of.astimezone(UTC).isoformat(),
        )
        left = [
            (name, entity)
            for entity in Entity
            for name, source in wired.sources.items()
            if entity in source.entities
            and is_due(runs.watermark(connection, name, entity), as_of, wired.rhythm(name))
            and not runs.published_already(connection, run.id, name, entity)
        ]
    return PullRun(run.id, as_of, [] if run.done else left)


@task(name="stage window")
def stage_window(stage: Stage) -> Staged:
    """Put what was read in order, with what is offered again."""
    wired = wiring()
    with transaction(wired.database) as connection:
        progress = readings.whole(connection, stage)
        newest = wired.sources[stage.source].read_again_is_newer
        arranged = arrange(connection, stage, newest=newest)
        dropped = dict(progress.dropped)
        for rule, count in arranged.dropped.items():
            dropped[rule] = dropped.get(rule, 0) + count
        rows = progress.rows + arranged.again - sum(arranged.dropped.values())
        pulled = progress.pulled + arranged.again
        staged = replace(progress, pulled=pulled, rows=rows, dropped=dropped)
        readings.save(connection, stage, staged)
    return Staged(stage, progress.window, pulled, rows, dropped)


@task(name="judge window")
def judge_window(staged: Staged) -> Judgement:
    """Let Great Expectations and our own predicates judge what is staged, if anything is."""
    wired = wiring()
    told = suite_of(wired, staged.stage, staged.window)
    if not staged.rows and not told.first_load:
        return nothing_came(wired, staged.stage)
    return judge_stage(wired, staged.stage, told, staged.rows)


@task(name="publish window")
def publish_window(run_id: int, staged: Staged, judgement: Judgement) -> Equation:
    """
    Publish a window that passed; of one that failed keep only the bad rows and the verdict.

    Quarantine, publication, watermark and verdict are one commit: a kill leaves all or nothing.
    """
    wired = wiring()
    stage, as_of = staged.stage, staged.window.until
    dropped = dict(staged.dropped)
    with transaction(wired.database) as connection:
        quarantined = quarantine(
            connection,
            stage,
            run_id=run_id,
            as_of=as_of,
            broken=[check["rule"] for check in judgement.checks if check["predicate"]],
            passed=judgement.passed,
            rules=row_rules(stage.entity, terms_of(wired, stage.source)),
        )
        done = Published(0, 0, {})
        if judgement.passed:
            done = publish(connection, stage, as_of, wired.holdout_salt)
            dropped |= done.dropped
            runs.move_watermark(connection, stage.source, stage.entity, as_of)
        else:
            dropped["window_refused"] = staged.rows - quarantined
        verdict = {
            "passed": judgement.passed,
            "reason": judgement.reason,
            "pulled": staged.pulled,
            "published": done.published,
            "unchanged": done.unchanged,
            "quarantined": quarantined,
            "dropped": dropped,
            "checks": judgement.checks,
            "metrics": judgement.metrics,
            "report": judgement.report,
        }
        books = _books(staged, verdict)
        runs.record_verdict(connection, run_id, stage.source, stage.entity, staged.window, verdict)
        readings.forget(connection, stage)
        scatter(connection, stage)
        strike(connection, stage)
    _log.info("window_published window=%s books=%s", staged.name, books)
    return books


def _books(staged: Staged, verdict: Mapping[str, Any]) -> Equation:
    """Return the books of a window. Raises ContractError if a row is unaccounted for."""
    parts = {part: verdict[part] for part in ("published", "unchanged", "quarantined")}
    parts |= {f"dropped ({rule})": count for rule, count in verdict["dropped"].items()}
    books = Equation("pulled", staged.pulled, parts)
    if not books.balances:
        raise ContractError(f"{staged.name}: the books do not balance: {books}")
    return books


@task(name="close pull")
def close_pull(run_id: int, as_of: datetime, books: dict[str, Equation]) -> None:
    """Close the pull with its books."""
    with transaction(wiring().database) as connection:
        runs.finish_run(
            connection,
            run_id,
            at=as_of,
            books={name: {"whole": b.whole, "parts": dict(b.parts)} for name, b in books.items()},
        )


async def bring_in(run: PullRun) -> list[Brought | SourceError]:
    """
    Read the windows of a pull and publish them, and return what came of each, in its order.

    READERS windows are read at once, those of one source in turn, as its pace is for all of them.
    Meanwhile those that were read are published one after the other: an order names a member.
    """
    places = asyncio.Semaphore(READERS)
    turns = {name: asyncio.Lock() for name, _ in run.windows}

    async def read(name: str, entity: Entity) -> Stage:
        async with turns[name], places:
            return await read_window(name, entity, run.as_of)

    readers = [asyncio.create_task(read(*window)) for window in run.windows]
    brought: list[Brought | SourceError] = []
    try:
        for reader in readers:
            try:
                stage = await reader
            except SourceError as error:
                brought.append(error)
            else:
                brought.append(await asyncio.to_thread(_bring_in, run.id, stage))
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    return brought


def _bring_in(run_id: int, stage: Stage) -> Brought:
    staged = stage_window(stage)
    judgement = judge_window(staged)
    books = publish_window(run_id, staged, judgement)
    if not judgement.passed:
        raise_alarm(stage, judgement, staged.rows)
    return Brought(staged.name, books, "" if judgement.passed else judgement.reason)
