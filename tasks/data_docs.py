"""
The documents of the data contract: a folder of pages, for whoever wants to see every check.

Great Expectations' own pages fetch their looks and scripts from half a dozen hosts, so these are
ours, made from the reports it left with each verdict. Nothing of a member is in them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prefect import task

from prompts.catalogue import locale
from prompts.documents import document
from store import documents
from store.database import transaction
from tasks.verdict_page import KEY, check_name, dropped_names, entity_name, window_name
from tasks.verdict_tables import verdict_name
from tasks.wiring import Wiring, wiring

FOLDER = "data_docs"
INDEX = "index.html"


@task(name="build data docs")
def build_data_docs() -> str:
    """Write the documents anew and return the path of their index."""
    wired = wiring()
    folder = wired.environment.home / FOLDER
    write_pages(folder, _pages(wired))
    return str(folder / INDEX)


def write_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Make a folder hold exactly these pages; a reader never sees half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            fresh = path.with_suffix(".new")
            fresh.write_text(content, encoding="utf-8")
            fresh.replace(path)
    for path in folder.glob("*.html"):
        if path.name not in pages:
            path.unlink()


def _pages(wired: Wiring) -> dict[str, str]:
    kept = wired.contract.documents_kept
    wanted = [(name, entity) for name, one in wired.sources.items() for entity in one.entities]
    with transaction(wired.database) as connection:
        windows = documents.newest_windows(connection, wanted, kept)
        days = documents.newest_days(connection, wanted, kept)
    pages = {_file(row): window_document(row, wired.zone) for row in windows}
    index = {
        "kept": kept,
        "groups": list(_groups(windows, wired.zone)),
        "days": [line for day in days for line in _day(day)],
    }
    return {INDEX: document("data-docs", index), **pages}


def window_document(row: Any, zone: ZoneInfo) -> str:
    """Return the page of a window."""
    return document(
        "data-doc",
        {
            "name": entity_name(row),
            "window": window_name(row, zone),
            "passed": row.passed,
            "reason": row.reason,
            "checks": [_check(check, row.report) for check in row.checks],
            "drops": list(dropped_names(row.dropped)),
            "metrics": list(_flat(row.metrics)),
        },
    )


def _file(row: Any) -> str:
    return f"{row.source}-{row.entity}-{row.id}.html"


def _groups(windows: Sequence[Any], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    grouped: dict[str, list[Any]] = {}
    for row in windows:
        grouped.setdefault(entity_name(row), []).append(row)
    for name, rows in grouped.items():
        yield {
            "name": name,
            "windows": [
                {
                    "window": window_name(row, zone),
                    "passed": row.passed,
                    "counts": [row.pulled, row.published, row.unchanged, row.quarantined],
                    "file": _file(row),
                }
                for row in rows
            ],
        }


def _check(check: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    said = report.get(check["rule"], {})
    told = ", ".join(
        f"{name}={value}" for name, value in said.get("kwargs", {}).items() if value is not None
    )
    severities = locale()["pages"][KEY]["table"]["severities"]
    mostly = check.get("mostly")
    return {
        "name": check_name(check["rule"]),
        "severity": severities.get(check.get("severity", "row"), ""),
        "unexpected": "" if check["unexpected"] is None else check["unexpected"],
        "predicate": check["predicate"],
        "mostly": "" if mostly is None else f"{mostly:.4g}",
        "passed": check.get("passed", True),
        "verdict": verdict_name(check),
        "expectation": f"{said.get('type', '')}({told})" if said else "",
    }


def _day(day: Any) -> Iterable[dict[str, Any]]:
    texts = locale()["pages"]["data-docs"]
    for check in day.checks:
        usual = texts["too_few_days"]
        if check["low"] is not None:
            usual = texts["usual"].format(low=f"{check['low']:.4g}", high=f"{check['high']:.4g}")
        yield {
            "date": day.business_date.isoformat(),
            "name": entity_name(day),
            "metric": check["metric"],
            "value": f"{check['value']:.4g}",
            "usual": usual,
            "days": check["days"],
            "passed": check["passed"],
        }


def _flat(metrics: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in sorted(metrics.items()):
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name} ")
        else:
            yield f"{within}{name}", f"{value:.6g}" if isinstance(value, float) else str(value)
