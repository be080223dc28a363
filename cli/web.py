"""runwu web: the door for those who send us events."""

import logging
from functools import partial
from typing import Annotated

import typer

from cli.options import Config, config_path
from schemas.environment import Environment
from schemas.errors import ConfigurationError
from schemas.settings import load

PORT = 4290


def web(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = PORT,
    config: Config = None,
) -> None:
    """Take signed member events over HTTP until stopped; `runwu up` does so where they are due."""
    from tasks import inbox
    from tasks.database import running_database
    from tasks.wiring import Wiring
    from web.app import create_app
    from web.server import serve

    settings, environment = load(config_path(config)), Environment()
    doors = inbox.doors(settings.sources)
    if not doors:
        raise ConfigurationError(
            'nobody may send us events yet; add [sources.NAME] with type = "webhook" to runwu.toml'
        )
    url = running_database(environment.home, environment.database_url)
    database = Wiring(settings, environment.model_copy(update={"database_url": url})).database
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app = create_app(doors, partial(inbox.keep, database), partial(inbox.can_keep, database))
    serve(app, port)
