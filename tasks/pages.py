"""What runs leave in Prefect to read: data-verdict, funnel, segments, why-not, drafts, stories."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import httpx
from prefect import task
from prefect.artifacts import Artifact, acreate_markdown_artifact
from prefect.context import TaskRunContext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from prompts.page import Page
from prompts.render import Unrenderable
from store import funnel, pages, runs
from store.database import transaction
from tasks import (
    drafts_page,
    funnel_page,
    segments,
    segments_page,
    stories_page,
    verdict_page,
    why_not_page,
)
from tasks.growth import FLOW, GrowthRun
from tasks.pull import PullRun
from tasks.wiring import wiring

_log = logging.getLogger("runwu.pages")
Compose = Callable[[Connection], Page | None]


@dataclass(frozen=True)
class _Hung:
    """A page as Prefect keeps it; `new` unless it hung there already."""

    id: UUID
    new: bool


@task(name="show verdicts")
async def show_verdicts(run: PullRun, troubles: Sequence[str]) -> bool:
    """Show what a pull brought in, or why it did not; nothing if there was nothing left to pull."""
    if not run.windows:
        return False
    return await _show(
        verdict_page.KEY,
        lambda connection: verdict_page.verdict_page(
            run.as_of, pages.verdicts(connection, run.id), troubles, wiring().zone
        ),
    )


@task(name="show funnel")
async def show_funnel() -> bool:
    """Show how far the candidates of the latest daily run have come; nothing before the first."""

    def compose(connection: Connection) -> Page | None:
        day = runs.latest_business_date(connection, FLOW)
        run_id = runs.find_run(connection, FLOW, day) if day else None
        if day is None or run_id is None:
            return None
        found = funnel.count(connection, run_id)
        return funnel_page.funnel_page(day, found, funnel.spent(connection, run_id))

    return await _show(funnel_page.KEY, compose)


@task(name="show why not")
async def show_why_not(run: GrowthRun) -> bool:
    """Show why candidates of a daily run did not become messages."""
    return await _show(
        why_not_page.KEY,
        lambda connection: why_not_page.why_not_page(
            run.today, pages.why_not(connection, run.id, why_not_page.EXAMPLES)
        ),
    )


@task(name="show drafts")
async def show_drafts(run: GrowthRun) -> bool:
    """Show the texts of a daily run, and where each is decided on."""
    return await _show(
        drafts_page.KEY,
        lambda connection: drafts_page.drafts_page(
            run.today, pages.drafts(connection, run.id, drafts_page.LIMIT), wiring().zone
        ),
    )


@task(name="show segments")
async def show_segments(run: GrowthRun) -> bool:
    """Show how large segments are and who moved since last week; nothing before there are any."""

    def compose(connection: Connection) -> Page | None:
        found = segments.look(connection, run.today)
        return segments_page.segments_page(found) if found else None

    return await _show(segments_page.KEY, compose)


@task(name="show stories")
async def show_stories(batch: int) -> str | None:
    """Show why the persons behind a batch's wordings; return the page's id, if there is a page."""

    def compose(connection: Connection) -> Page | None:
        found = stories_page.look(connection, wiring(), batch)
        return stories_page.stories_page(found, wiring().zone) if found else None

    hung = await _hang(stories_page.key_of(batch), compose)
    return str(hung.id) if hung else None


async def _show(key: str, compose: Compose) -> bool:
    """Hang a page on this run of Prefect's unless the newest one says the same; return whether."""
    hung = await _hang(key, compose)
    return hung is not None and hung.new


async def _hang(key: str, compose: Compose) -> _Hung | None:
    """
    Hang a page on this run of Prefect's unless the newest one says the same; None without a page.

    Rationale: a page is a view of the tables, and what it shows has been committed. So whatever
    may keep it from being made that is not our own mistake (the database, a value that a template
    cannot take, the server) is logged and costs the page, never the run.
    """
    try:
        with transaction(wiring().database) as connection:
            page = compose(connection)
    except (SQLAlchemyError, Unrenderable) as error:
        _not_shown(key, error)
        return None
    if page is None or TaskRunContext.get() is None:  # called plainly there is no run to hang it on
        return None
    try:
        newest = await Artifact.aget(key)
        if newest and (newest.data, newest.description) == (page.markdown, page.about):
            return _Hung(newest.id, new=False)
        made = await acreate_markdown_artifact(page.markdown, key=key, description=page.about)
    except (httpx.HTTPError, RuntimeError) as error:  # the latter: Prefect cannot reach its server
        _not_shown(key, error)
        return None
    return _Hung(made, new=True)


def _not_shown(key: str, error: Exception) -> None:
    _log.warning("page_not_shown key=%s kind=%s", key, type(error).__name__)
