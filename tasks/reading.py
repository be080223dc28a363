"""From sources to staging: what changed since the last time, page by page."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime

from prefect import task

from rules.windows import next_window
from schemas.enums import Entity
from schemas.errors import SourceDown, SourceError
from schemas.incoming import Page
from store import readings, runs
from store.database import transaction
from store.readings import Progress
from store.staging import Stage
from tasks.wiring import Wiring, wiring

SAVED_ROWS = 20_000
"""Rows after which what was read is committed; a kill costs at most so many to be read again."""

_log = logging.getLogger("runwu.pull")


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
