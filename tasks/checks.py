"""What is configured and what of it answers; every question is asked once and soon given up."""

import asyncio
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from schemas.channel import WECOM
from schemas.enums import Entity
from schemas.environment import SANDBOX, Environment, secrets_of_sources
from schemas.errors import ConfigurationError, NoAnswer, RunwuError
from schemas.findings import Finding, Level, problem, warning, well
from schemas.sources import FileSource, ShopSource, WebhookSource
from store import checks
from store.database import engine, psycopg_url, require_usable
from tasks.database import running_database
from tasks.forecast import Forecast, forecast
from tasks.policy_words import warnings_of
from tasks.wiring import DRY_RUN_FILE, Wiring

_WRITER_SECONDS = 10
_ASLEEP = "the sandbox is not running; `runwu up` starts it"


def configured(wired: Wiring, file: Path | None) -> list[Finding]:
    """Return what is configured. Raises ConfigurationError for what cannot work at all."""
    _ = wired.contract, wired.sources, wired.llm, wired.holdout_salt
    business = wired.settings.business
    return [
        well("configuration", str(file) if file else "no file: everything points to the sandbox"),
        well("business", f"{business.name}, whose days are those of {business.timezone}"),
        well("policy", _policy(wired)),
        well("secrets", _secrets(wired.environment)),
        well("holdout", _holdout(wired)),
        _persons(wired),
    ]


def of_database(home: Path, configured_url: str | None) -> tuple[Finding, str | None]:
    """Return how the database is, and its URL if a run could use it as it stands."""
    url = running_database(home, configured_url)
    where = f"embedded in {home / 'pg'}" if configured_url is None else _place(configured_url)
    if url is None:
        return warning("database", f"{where}: not running; `runwu up` starts it"), None
    database = engine(url)
    try:
        require_usable(database)
        with checks.looking(database) as connection:
            version = checks.server_version(connection)
            state = checks.migrated(connection)
    except ConfigurationError as error:
        return problem("database", f"{where}: {error}"), None
    except DBAPIError as error:
        return problem("database", f"{where}: no answer ({type(error.orig).__name__})"), None
    told = f"{where}: PostgreSQL {version}"
    if state == "beyond us":
        text = f"{told}, whose tables a newer runwu made; use that one, or another DATABASE_URL"
        return problem("database", text), None
    if state == "fully":
        return well("database", f"{told}, its tables up to date"), url
    text = f"{told}, its tables {state} there; `runwu up` sees to them"
    return warning("database", text), None


def of_sources(wired: Wiring, as_of: datetime, *, sandbox_runs: bool) -> list[Finding]:
    """Return whether each source can be read."""
    found = []
    for name, source in wired.sources.items():
        about = f"source {name}"
        try:
            asyncio.run(source.probe(as_of))
        except RunwuError as error:
            asleep = _in_sandbox(wired, name) and not sandbox_runs
            found.append(warning(about, _ASLEEP) if asleep else problem(about, str(error)))
        else:
            found.append(well(about, _readable(wired, name)))
    return found


def of_channel(wired: Wiring, contacts: Finding) -> Finding:
    """Return where messages would go; `contacts` is what was found of WeCom as a source."""
    channels = wired.settings.channels
    about = "channel wecom"
    if channels.dry_run:
        file = wired.environment.home / DRY_RUN_FILE
        return well(about, f"dry run: nothing leaves the house; it is written to {file} instead")
    if contacts.level is not Level.OK:
        return Finding(about, contacts.level, f"nothing can go out: {contacts.text}")
    if channels.wecom.base_url == SANDBOX:
        return well(about, "the sandbox takes our token; nobody real is written to")
    where = _host(channels.wecom.base_url)
    return well(about, f"{where} takes our token; what is approved goes to real people")


def of_writer(wired: Wiring, *, sandbox_runs: bool) -> Finding:
    """Return who would word the messages; a silent model is made up for by templates."""
    settings, llm = wired.settings.llm, wired.llm
    if settings is None or llm is None:
        text = "templates write every text; name an endpoint in [llm] to have a model write"
        return well("writer", text)
    try:
        asyncio.run(asyncio.wait_for(llm.probe(), _WRITER_SECONDS))
    except TimeoutError:
        why = f"{_host(settings.base_url)} gave no answer within {_WRITER_SECONDS} s"
    except NoAnswer as error:
        asleep = settings.base_url == SANDBOX and not sandbox_runs
        why = _ASLEEP if asleep else str(error)
    else:
        asked = f"asked for {settings.structure}"
        return well("writer", f"{settings.model} at {_host(settings.base_url)} answers, {asked}")
    return warning("writer", f"templates would write every text: {why}")


def look_ahead(wired: Wiring, as_of: datetime) -> Forecast | None:
    """Return what a run would do now; None if the database does not say."""
    try:
        with checks.looking(wired.database) as connection:
            return forecast(connection, wired, as_of)
    except DBAPIError:
        return None


def _policy(wired: Wiring) -> str:
    told = f"version {wired.policy.version}"
    count = len(warnings_of(wired.settings))
    return f"{told}; warnings: {count}, see `runwu policy`" if count else told


def _secrets(environment: Environment) -> str:
    """Return which secrets are set, by the names of their variables; never what they are."""
    given = [
        f"RUNWU_{name.upper()}"
        for name in type(environment).model_fields
        if isinstance(getattr(environment, name), SecretStr)
    ]
    given += secrets_of_sources()
    return f"set: {', '.join(given)}" if given else "none set; the sandbox needs none"


def _holdout(wired: Wiring) -> str:
    ours = wired.environment.holdout_salt is not None
    salt = "RUNWU_HOLDOUT_SALT" if ours else "the sandbox's own salt"
    share = wired.policy.holdout.share
    return f"{share:.1%} of persons get nothing, for comparison; drawn with {salt}"


def _persons(wired: Wiring) -> Finding:
    if wired.environment.identity_salt is not None:
        return well("persons", "members with one unionid or one phone are one person")
    told = "members with one unionid are one person; phones are compared once RUNWU_IDENTITY_SALT"
    first, *others = [name for name, one in wired.sources.items() if Entity.MEMBER in one.entities]
    if not others:
        return well("persons", f"{told} is set")
    among = ", ".join([first, *others])
    return warning("persons", f"{told} is set: a member of several of {among} counts several times")


def _in_sandbox(wired: Wiring, name: str) -> bool:
    if name == WECOM:
        return wired.settings.channels.wecom.base_url == SANDBOX
    source = wired.settings.sources[name]
    return isinstance(source, ShopSource) and source.base_url == SANDBOX


def _readable(wired: Wiring, name: str) -> str:
    if name == WECOM:
        host = _host(wired.settings.channels.wecom.base_url)
        return f"{host} takes our token and shows who follows customers"
    source = wired.settings.sources[name]
    if isinstance(source, FileSource):
        tables = [source, *source.entities.values()]
        places = [str(one.path or _host(one.url or "")) for one in tables if one.path or one.url]
        return f"{', '.join(places)}: there, with every column that is mapped"
    if isinstance(source, WebhookSource):
        return f"signed events are taken in at /events/{name}"
    return f"{_host(source.base_url)} takes our token"


def _host(url: str) -> str:
    """Return what of an address may be shown: neither user and password nor path."""
    if url == SANDBOX:
        return "the sandbox"
    return urlsplit(url).netloc.rpartition("@")[2]


def _place(url: str) -> str:
    """Return host and name of a database, without user and password."""
    parsed = make_url(psycopg_url(url))
    return f"{parsed.host or parsed.query.get('host', 'localhost')}/{parsed.database or ''}"
