"""runwu check: what is configured, what is reachable, what a run would do. Starts nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
from rich.markup import escape

from cli.options import AsJson, Config, Voice, config_path
from cli.services import Services, answers
from schemas.clock import now
from schemas.environment import Environment
from schemas.errors import RunwuError
from schemas.findings import Finding, Level, problem, warning, well
from schemas.settings import load

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}
_WIDTH = 15


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Say what is configured, what answers and what a run would do; start and change nothing."""
    voice = Voice(as_json=as_json)
    findings, run = _look(config_path(config))
    for finding in findings:
        _print(voice, finding)
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    told = [asdict(finding) for finding in findings]
    voice.object({"ok": not problems, "findings": told, "run": run})
    if problems:
        names = ", ".join(dict.fromkeys(finding.about for finding in problems))
        raise RunwuError(f"not everything that a run needs works: {names}; see above")


def _look(file: Path | None) -> tuple[list[Finding], dict[str, Any] | None]:
    """Return what was found and, where the database can tell, what a run would do."""
    from tasks import checks
    from tasks.forecast import tell, told_to_machines
    from tasks.wiring import Wiring

    at, settings, environment = now(), load(file), Environment()
    services = Services(environment.home)
    sandbox = services.running("sandbox")
    if sandbox is not None:
        environment = environment.model_copy(update={"sandbox_url": sandbox.url})
    database, url = checks.of_database(environment.home, environment.database_url)
    wired = Wiring(settings, environment.model_copy(update={"database_url": url}))
    findings = checks.configured(wired, file)
    ahead = checks.look_ahead(wired, at) if url else None
    sources = checks.of_sources(wired, at, sandbox_runs=sandbox is not None)
    findings += [
        database,
        *_services(services, rehearsing=ahead is not None and ahead.rehearsed is not None),
        *sources,
        checks.of_channel(wired, sources[-1]),
        checks.of_writer(wired, sandbox_runs=sandbox is not None),
    ]
    if ahead is None:
        told = "what it would do can be told once the database answers and has its tables"
        return [*findings, warning("a run now", told)], None
    return [*findings, *tell(ahead, wired)], told_to_machines(ahead)


def _services(services: Services, *, rehearsing: bool) -> list[Finding]:
    prefect, flows = services.running("prefect"), services.running("flows")
    if prefect is None:
        asleep = "not running; `runwu up` starts it"
        return [warning("prefect", asleep), warning("flows", asleep)]
    if not answers(f"{prefect.url}/api/health"):
        told = f"{prefect.url} does not answer; try `runwu down`, then `runwu up`"
        return [problem("prefect", told)]
    found = [well("prefect", f"{prefect.url}/v2/dashboard")]
    if flows is None:
        return [*found, warning("flows", "not served, so no review opens; `runwu up` serves them")]
    return [*found, well("flows", "served"), _schedules(prefect.url, rehearsing=rehearsing)]


def _schedules(prefect_url: str, *, rehearsing: bool) -> Finding:
    try:
        answer = httpx.post(
            f"{prefect_url}/api/deployments/filter", json={}, timeout=5, trust_env=False
        )
        active = _active(answer.raise_for_status().json())
    except httpx.HTTPError as error:
        return warning("schedules", f"Prefect does not tell ({type(error).__name__}); look again")
    if not active:
        return warning("schedules", "at rest, for a rehearsal; `runwu up` has them start runs")
    if rehearsing:
        told = "passed by, because the database rehearses another day; `runwu run` ends that"
        return warning("schedules", told)
    return well("schedules", f"active: {', '.join(active)}")


def _active(deployments: list[dict[str, Any]]) -> list[str]:
    return sorted(
        one["name"]
        for one in deployments
        if not one["paused"] and any(schedule["active"] for schedule in one["schedules"])
    )


def _print(voice: Voice, finding: Finding) -> None:
    mark = f"[{_COLOURS[finding.level]}]{finding.level.value:<8}[/]"
    voice.line(f"{mark} {escape(f'{finding.about:<{_WIDTH}}')} {escape(finding.text)}")
