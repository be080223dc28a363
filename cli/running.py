"""The database that runs, for commands that look at it and start nothing."""

import os

from cli.options import Config, config_path
from schemas.environment import Environment
from schemas.errors import ConfigurationError
from schemas.settings import load


def point_at_the_database(config: Config) -> None:
    """Find the database that runs. Raises ConfigurationError saying how to start it."""
    from tasks.database import running_database

    path = config_path(config)
    load(path)  # what is wrong with the file is said before anything is looked up
    if path is not None:
        os.environ["RUNWU_CONFIG"] = str(path.resolve())
    environment = Environment()
    url = running_database(environment.home, environment.database_url)
    if url is None:
        raise ConfigurationError(
            f"no database is running in {environment.home}; start it with `runwu up`, "
            "or set DATABASE_URL or RUNWU_HOME to where yours is"
        )
    os.environ["DATABASE_URL"] = url
