"""Everything that must run before a flow can: database, sandbox, Prefect server, served flows."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.serve import NO_SCHEDULES
from cli.services import Services, answers, free_port
from schemas.environment import SANDBOX
from schemas.settings import Settings
from schemas.sources import ShopSource
from schemas.sources.webhook import WebhookSource

_SANDBOX_PORT = 4280
_PREFECT_PORT = 4200
_WEB_PORT = 4290
_LEASES = "prefect.server.concurrency.lease_storage.filesystem"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Stack:
    """What runs, and where."""

    prefect_url: str
    sandbox_url: str | None
    web_url: str | None = None

    def page(self, flow_run: str) -> str:
        """Return the address at which an operator decides on a suspended run."""
        return f"{self.prefect_url}/v2/runs/flow-run/{flow_run}"


def uses_sandbox(settings: Settings) -> bool:
    """Tell whether anything in the settings points to the sandbox."""
    shops = [s.base_url for s in settings.sources.values() if isinstance(s, ShopSource)]
    models = [settings.llm.base_url] if settings.llm else []
    return SANDBOX in (settings.channels.wecom.base_url, *shops, *models)


def raise_stack(
    home: Path,
    database_url: str,
    settings: Settings,
    config: Path | None,
    say: Say,
    sandbox_options: tuple[str, ...] = (),
    *,
    schedules: bool,
) -> Stack:
    """
    Start what does not run yet, and point this process's environment at it.

    Without `schedules` nothing starts by the clock: what is rehearsed must be all that happens.
    Must come before Prefect or anything that imports it: Prefect reads its settings on import.
    """
    services = Services(home)
    os.environ.update(_environment(home, database_url, config))
    content = settings.model_dump_json()
    sandbox_url = None
    if uses_sandbox(settings):
        sandbox_url = _sandbox(services, sandbox_options, say, _fingerprint(content))
        os.environ["RUNWU_SANDBOX_URL"] = sandbox_url
    prefect_url = _prefect(services, say)
    os.environ["PREFECT_API_URL"] = f"{prefect_url}/api"
    options = () if schedules else (NO_SCHEDULES,)
    fingerprint = _fingerprint(content, database_url, prefect_url, *options)
    _flows(services, prefect_url, say, fingerprint, options)
    web_url = _web(services, say, settings, _fingerprint(content, database_url))
    return Stack(prefect_url, sandbox_url, web_url)


@contextmanager
def logs_delivered() -> Iterator[None]:
    """See that Prefect's log lines are with the server before it is stopped, come what may."""
    try:
        yield
    finally:
        from prefect.logging.handlers import APILogHandler

        APILogHandler().flush()


def lower_stack(home: Path) -> list[str]:
    """Stop the processes of a home folder; return the names of those that ran."""
    services = Services(home)
    return [name for name in ("web", "flows", "prefect", "sandbox") if services.stop(name)]


def _environment(home: Path, database_url: str, config: Path | None) -> dict[str, str]:
    values = {
        "DATABASE_URL": database_url,
        "RUNWU_HOME": str(home.resolve()),
        "PREFECT_HOME": str(home.resolve() / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
        # Operators read our log lines beside Prefect's; the terminal belongs to the command.
        "PREFECT_LOGGING_EXTRA_LOGGERS": "runwu",
        "PREFECT_LOGGING_ROOT_LEVEL": "INFO",  # where extra loggers take their level from
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_RUNNER_POLL_FREQUENCY": "2",
    }
    if config is not None:
        values["RUNWU_CONFIG"] = str(config.resolve())
    return values


def _fingerprint(*parts: str) -> str:
    """Return what tells whether a running service was started for the same as is wanted now."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _sandbox(services: Services, options: tuple[str, ...], say: Say, fingerprint: str) -> str:
    found = services.running_as("sandbox", fingerprint)
    if found is not None:
        return found.url
    with free_port(_SANDBOX_PORT) as port:
        url = f"http://127.0.0.1:{port}"
        say(f"starting the sandbox on {url}")
        services.start(
            "sandbox",
            ["cli.main", "sandbox", "all", "--port", str(port), *options],
            {},
            url=url,
            ready=lambda: answers(f"{url}/sandbox/clock"),
            fingerprint=fingerprint,
        )
    return url


def _web(services: Services, say: Say, settings: Settings, fingerprint: str) -> str | None:
    """Return where events are taken in; None, and nothing runs, where nobody may send any."""
    if not any(isinstance(source, WebhookSource) for source in settings.sources.values()):
        services.stop("web")
        return None
    found = services.running_as("web", fingerprint)
    if found is not None:
        return found.url
    with free_port(_WEB_PORT) as port:
        url = f"http://127.0.0.1:{port}"
        say(f"taking events in on {url}")
        services.start(
            "web",
            ["cli.main", "web", "--port", str(port)],
            {},
            url=url,
            ready=lambda: answers(f"{url}/health"),
            fingerprint=fingerprint,
        )
    return url


def _prefect(services: Services, say: Say) -> str:
    found = services.running("prefect")
    if found is not None:
        return found.url
    with free_port(_PREFECT_PORT) as port:
        url = f"http://127.0.0.1:{port}"
        say(f"starting the Prefect server on {url} (about 10 s)")
        services.start(
            "prefect",
            ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            {
                # --port alone leaves the UI pointing at 4200.
                "PREFECT_SERVER_API_PORT": str(port),
                "PREFECT_UI_API_URL": f"{url}/api",
                "PREFECT_API_URL": f"{url}/api",
                # In memory, a slot that a killed run held is never given back after a restart.
                "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": _LEASES,
            },
            url=url,
            ready=lambda: answers(f"{url}/api/health"),
        )
    return url


def _flows(
    services: Services, prefect_url: str, say: Say, fingerprint: str, options: tuple[str, ...]
) -> None:
    if services.running_as("flows", fingerprint) is None:
        say("serving the flows" + (", their schedules at rest" if options else ""))
        last = f"{prefect_url}/api/deployments/name/collect-outcomes/collect-outcomes"
        services.start(
            "flows",
            ["cli.serve", *options],
            {},
            url=prefect_url,
            ready=lambda: answers(last),
            fingerprint=fingerprint,
        )
