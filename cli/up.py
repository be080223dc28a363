"""runwu up and down: everything an operator needs, on this machine."""

from datetime import datetime
from typing import Annotated

import typer

from cli.options import AsJson, Config, Voice, config_path
from cli.stack import Stack, lower_stack, raise_stack
from schemas.clock import now
from schemas.environment import Environment
from schemas.settings import Settings, load


def bring_up(
    voice: Voice, config: Config, as_of: datetime, *, schedules: bool
) -> tuple[Stack, Settings]:
    """Start what does not run yet to work as of an instant, and return where it is."""
    from tasks.database import migrate, start_database
    from tasks.refusals import require_to_come
    from tasks.wiring import Wiring, require_usable

    path = config_path(config)
    settings = load(path)
    require_usable(settings, as_of)
    environment = Environment()
    voice.progress("preparing the database")
    url = start_database(environment.home, environment.database_url)
    migrate(url)
    require_to_come(Wiring(settings, environment.model_copy(update={"database_url": url})), as_of)
    home, say = environment.home, voice.progress
    return raise_stack(home, url, settings, path, say, schedules=schedules), settings


def up(
    config: Config = None,
    schedules: Annotated[
        bool,
        typer.Option(help="Let the flows start by the clock; without, only when you run them."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Start the database, the Prefect server and the flows, and say where to approve."""
    voice = Voice(as_json=as_json)
    stack, _ = bring_up(voice, config, now(), schedules=schedules)
    voice.line(f"Prefect UI   {stack.prefect_url}/v2/dashboard")
    voice.line(f"to approve   {stack.prefect_url}/v2/runs?state=Suspended  (⋮ → Resume)")
    if stack.sandbox_url:
        voice.line(f"sandbox      {stack.sandbox_url}/sandbox/received shows what members got")
    if stack.web_url:
        voice.line(f"events       {stack.web_url}/events/NAME takes signed member events")
    voice.line("next         runwu run; stop everything with runwu down")
    voice.object({"prefect": stack.prefect_url, "sandbox": stack.sandbox_url, "web": stack.web_url})


def down(as_json: AsJson = False) -> None:
    """Stop what up started; reviews that wait stay waiting."""
    from tasks.database import stop_database

    voice = Voice(as_json=as_json)
    home = Environment().home
    stopped = lower_stack(home)
    if stop_database(home):
        stopped.append("database")
    voice.line(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    voice.object({"stopped": stopped})
