"""From sources through staging and the contract to the published tables."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from prefect import task

from rules.books import Equation
from rules.windows import is_due, next_window
from schemas.clock import now
from schemas.enums import Entity
from schemas.errors import ContractError, SourceDown, SourceError
from schemas.incoming import Page, Window
from store import readings, runs, staging
from store.database import transaction
from store.gathered import scatter
from store.publication import Published
from store.publish import publish
from store.readings import Progress
from store.row_rules import row_rules
from store.staging import Stage
from tasks.refusals import require_unread
from tasks.terms import terms_of
from tasks.verdicts import Judgement, judge_stage, suite_of
from tasks.wiring import Wiring, wiring

READERS = 4
"""Sources read at once; each holds its waiting pages in memory."""

SAVED_ROWS = 20_000
"""Rows after which what was read is committed; a kill costs at most so many to be read again."""

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


@task(name="read window", task_run_name="read {source} {entity}")
async def read_window(source: str, entity: Entity, as_of: datetime) -> Stage:
    """
    Read what changed at a source since its watermark into a staging table of its own.

    What was read is kept: a reading that was killed or failed goes on behind its last saved page,
    up to the instant it was begun for. Raises SourceError, the window staying open.
    """
    wired = wiring()
    stage = wired.stage(source, entity)
    progress = await asyncio.to_thread(_begun, wired, stage, as_of)
    if progress.whole:
        return stage
    resumed_at = progress.cursor
    waiting: list[Page] = []
    try:
        pages = wired.sources[source].pages(entity, progress.window, progress.cursor)
        async for page in pages:
            waiting.append(page)
            if sum(len(one.rows) for one in waiting) >= SAVED_ROWS:
                progress = await asyncio.to_thread(_save, wired, stage, progress, waiting)
                waiting = []
    except SourceError as error:
        progress = await asyncio.to_thread(_save, wired, stage, progress, waiting)
        stuck = resumed_at is not None and progress.cursor == resumed_at
        if stuck and not isinstance(error, SourceDown):
            # It answers, but not behind that place: perhaps it knows it no more.
            with transaction(wired.database) as connection:
                readings.forget(connection, stage)
        raise
    progress = await asyncio.to_thread(_save, wired, stage, progress, waiting)
    await asyncio.to_thread(_finish, wired, stage, progress)
    _log.info("window_read source=%s entity=%s pulled=%d", source, entity.value, progress.pulled)
    return stage


async def read_windows(run: PullRun) -> list[Stage | SourceError]:
    """
    Read the windows of a pull, in its order; of one that cannot be read return the error.

    READERS sources are read at once. Within one its entities take turns: its pace is for all of
    them.
    """
    places = asyncio.Semaphore(READERS)

    async def read_source(name: str) -> dict[tuple[str, Entity], Stage | SourceError]:
        found: dict[tuple[str, Entity], Stage | SourceError] = {}
        async with places:
            for _, entity in (one for one in run.windows if one[0] == name):
                try:
                    found[name, entity] = await read_window(name, entity, run.as_of)
                except SourceError as error:
                    found[name, entity] = error
        return found

    names = dict.fromkeys(source for source, _ in run.windows)
    read = await asyncio.gather(*(read_source(name) for name in names))
    merged = {window: result for one in read for window, result in one.items()}
    return [merged[window] for window in run.windows]


def _begun(wired: Wiring, stage: Stage, as_of: datetime) -> Progress:
    with transaction(wired.database) as connection:
        found = readings.found(connection, stage)
        if found is not None and found.window.until <= as_of:
            return found
        mark = runs.watermark(connection, stage.source, stage.entity)
        window = next_window(mark, as_of, wired.rhythm(stage.source))
        return readings.start(connection, stage, window)


def _save(wired: Wiring, stage: Stage, progress: Progress, pages: list[Page]) -> Progress:
    with transaction(wired.database) as connection:
        return readings.append(connection, stage, progress, pages)


def _finish(wired: Wiring, stage: Stage, progress: Progress) -> None:
    with transaction(wired.database) as connection:
        readings.save(connection, stage, replace(progress, whole=True, cursor=None))


@task(name="stage window")
def stage_window(stage: Stage) -> Staged:
    """Add to what was read what is offered again, and drop what came twice."""
    wired = wiring()
    with transaction(wired.database) as connection:
        progress = readings.whole(connection, stage)
        staging.survey(connection, stage)
        newest = wired.sources[stage.source].read_again_is_newer
        gone = {"read_again": staging.keep_newest(connection, stage) if newest else 0}
        staging.number_lines(connection, stage)
        gone["repeated_row"] = staging.drop_repeated(connection, stage)
        again = staging.offer_again(connection, stage)
        dropped = dict(progress.dropped)
        for rule, count in gone.items():
            if count:
                dropped[rule] = dropped.get(rule, 0) + count
        rows = progress.rows + again - sum(gone.values())
        pulled = progress.pulled + again
        staged = replace(progress, pulled=pulled, rows=rows, dropped=dropped)
        readings.save(connection, stage, staged)
    return Staged(stage, progress.window, pulled, rows, dropped)


@task(name="judge window")
def judge_window(staged: Staged) -> Judgement:
    """Let Great Expectations and our own predicates judge what is staged."""
    wired = wiring()
    told = suite_of(wired, staged.stage, staged.window)
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
        quarantined = staging.quarantine(
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
