"""The tables of a pull: for each entity what it was held to, and what came of it."""

import json
import logging
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from prefect import task
from prefect.artifacts import Artifact, acreate_table_artifact
from prefect.context import TaskRunContext
from sqlalchemy.exc import SQLAlchemyError

from prompts.catalogue import locale
from store import pages
from store.database import transaction
from tasks.pull import PullRun
from tasks.verdict_page import KEY, check_name, entity_name, window_name
from tasks.wiring import wiring

_log = logging.getLogger("runwu.pages")


@task(name="show contract tables")
async def show_contract_tables(run: PullRun) -> int:
    """Show for each window of a pull its checks as a table; return how many tables are new."""
    if not run.windows or TaskRunContext.get() is None:
        return 0
    shown = 0
    try:
        with transaction(wiring().database) as connection:
            rows = pages.verdicts(connection, run.id)
        for row in rows:
            key = table_key(row.source, row.entity)
            table, about = contract_table(row), table_about(row, wiring().zone)
            newest = await Artifact.aget(key)
            if newest is None or newest.data != _stored(table):
                await acreate_table_artifact(table, key=key, description=about)
                shown += 1
    except (SQLAlchemyError, httpx.HTTPError, RuntimeError) as error:
        # What a pull brought in is committed: a server that does not answer costs the tables.
        _log.warning("tables_not_shown kind=%s", type(error).__name__)
    return shown


def table_key(source: str, entity: str) -> str:
    """Return the key of an entity's table; Prefect takes small letters, digits and dashes."""
    return f"data-contract-{source}-{entity}".replace("_", "-")


def contract_table(row: Any) -> list[dict[str, Any]]:
    """Return the checks of a window as rows of a table, the broken ones first."""
    texts = locale()["pages"][KEY]["table"]
    columns = texts["columns"]
    checks = sorted(row.checks, key=lambda one: (one.get("passed", True), one["rule"]))
    return [dict(zip(columns, _said(check, texts), strict=True)) for check in checks]


def table_about(row: Any, zone: ZoneInfo) -> str:
    """Return what a table is of, in a line."""
    about: str = locale()["pages"][KEY]["table"]["about"]
    return about.format(name=entity_name(row), window=window_name(row, zone))


def _said(check: Any, texts: Any) -> list[Any]:
    unexpected = check["unexpected"]
    mostly = check.get("mostly")
    return [
        check_name(check["rule"]),
        texts["severities"].get(check.get("severity", "row"), ""),
        "" if unexpected is None else unexpected,
        "" if mostly is None else f"{mostly:.4g}",
        verdict_name(check),
    ]


def verdict_name(check: Any) -> str:
    """Return what came of a check."""
    texts = locale()["pages"][KEY]["table"]
    if check["unexpected"] is None:
        said = "unknown"
    elif not check.get("passed", not check["unexpected"]):
        said = "broken"
    else:
        said = "borne" if check["unexpected"] else "kept"
    return str(texts[said])


def _stored(table: list[dict[str, Any]]) -> str:
    """Return a table as Prefect keeps it."""
    return json.dumps(table)
