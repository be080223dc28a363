"""From sources through staging and the contract to the published tables."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prefect import task

from rules.books import Equation
from schemas.clock import now
from schemas.enums import Entity
from schemas.errors import ContractError
from schemas.incoming import Window
from store import publish, runs, staging
from store.database import transaction
from tasks.refusals import require_unread
from tasks.verdicts import Judgement, expectations_say, judge
from tasks.wiring import wiring

_log = logging.getLogger("runwu.pull")


@dataclass(frozen=True)
class PullRun:
    """A pull that is open, and the windows it has still to bring in, in order."""

    id: int
    as_of: datetime
    windows: list[tuple[str, Entity]]


@dataclass(frozen=True)
class Staged:
    """A window in the staging tables, with what it took to get there."""

    source: str
    entity: Entity
    window: Window
    pulled: int
    rows: int
    dropped: dict[str, int] = field(default_factory=dict)


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
        wanted = [
            (name, entity) for name, source in wired.sources.items() for entity in source.entities
        ]
        left = [
            (name, entity)
            for name, entity in wanted
            if not runs.published_already(connection, run.id, name, entity)
        ]
    return PullRun(run.id, as_of, [] if run.done else left)


@task(name="stage window", task_run_name="stage {source} {entity}")
def stage_window(source: str, entity: Entity, as_of: datetime) -> Staged:
    """Read what changed at a source since its watermark into the staging table."""
    wired = wiring()
    pulled = rows = 0
    dropped: dict[str, int] = {}
    with transaction(wired.database) as connection:
        window = Window(runs.watermark(connection, source, entity), as_of)
        staging.clear(connection, entity)
        for page in wired.sources[source].pages(entity, window):
            pulled += page.pulled
            rows += staging.stage(connection, entity, page.rows, rows + 1)
            for rule, count in page.dropped.items():
                dropped[rule] = dropped.get(rule, 0) + count
        repeated = staging.drop_repeated(connection, entity)
    if repeated:
        dropped["repeated_row"] = repeated
    _log.info("window_staged source=%s entity=%s pulled=%d", source, entity.value, pulled)
    return Staged(source, entity, window, pulled, rows - repeated, dropped)


@task(name="judge window")
def judge_window(staged: Staged) -> Judgement:
    """Let Great Expectations and our own predicates judge what is staged."""
    wired = wiring()
    with transaction(wired.database) as connection:
        predicates = staging.bad_counts(
            connection, staged.entity, source=staged.source, as_of=staged.window.until
        )
    checks = expectations_say(
        wired.environment.database_url or "",
        staged.entity,
        source=staged.source,
        as_of=staged.window.until,
        first_load=staged.window.since is None,
    )
    return judge(checks, predicates, staged.rows, wired.policy)


@task(name="publish window")
def publish_window(run_id: int, staged: Staged, judgement: Judgement) -> Equation:
    """
    Publish a window that passed; of one that failed keep only the bad rows and the verdict.

    Quarantine, publication, watermark and verdict are one commit: a kill leaves all or nothing.
    """
    wired = wiring()
    source, entity = staged.source, staged.entity
    dropped = dict(staged.dropped)
    with transaction(wired.database) as connection:
        quarantined = staging.quarantine(
            connection,
            entity,
            run_id=run_id,
            source=source,
            as_of=staged.window.until,
            broken=[check["rule"] for check in judgement.checks if check["predicate"]],
        )
        done = publish.Published(0, 0, {})
        if judgement.passed:
            done = publish.publish(
                connection, entity, source, staged.window.until, wired.holdout_salt
            )
            dropped |= done.dropped
            runs.move_watermark(connection, source, entity, staged.window.until)
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
        }
        books = _books(staged, verdict)
        runs.record_verdict(connection, run_id, source, entity, staged.window, verdict)
    _log.info("window_published source=%s entity=%s books=%s", source, entity.value, books)
    return books


def _books(staged: Staged, verdict: Mapping[str, Any]) -> Equation:
    """Return the books of a window. Raises ContractError if a row is unaccounted for."""
    parts = {part: verdict[part] for part in ("published", "unchanged", "quarantined")}
    parts |= {f"dropped ({rule})": count for rule, count in verdict["dropped"].items()}
    books = Equation("pulled", staged.pulled, parts)
    if not books.balances:
        what = f"{staged.source} {staged.entity.value}"
        raise ContractError(f"{what}: the books do not balance: {books}")
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
