"""prefect.yaml, read strictly: Prefect itself ignores a misspelt key without a word."""

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import ConfigurationError

FILE = Path(__file__).parent.parent / "prefect.yaml"


class Strict(BaseModel):
    """Base of the file's parts: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(Strict):
    """When a deployment runs by itself; `timezone` is what the cron line is read in."""

    cron: str
    timezone: str

    @model_validator(mode="after")
    def _as_prefect_takes_it(self) -> Self:
        """Let Prefect judge both, since it is Prefect that will have to make sense of them."""
        from prefect.client.schemas.schedules import CronSchedule

        try:
            CronSchedule(cron=self.cron, timezone=self.timezone)
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        return self


class ConcurrencyLimit(Strict):
    """How many runs of a deployment there may be at once, and what becomes of one too many."""

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]


class Deployment(Strict):
    """One deployment; `entrypoint` is a module path, so that no folder shadows a package."""

    name: str
    entrypoint: str
    description: str
    schedules: tuple[Schedule, ...] = ()
    concurrency_limit: ConcurrencyLimit | None = None


class ProjectFile(Strict):
    """The whole of prefect.yaml."""

    name: str
    deployments: tuple[Deployment, ...]


def read_deployments(path: Path = FILE) -> tuple[Deployment, ...]:
    """Return the deployments. Raises ConfigurationError naming the key that is wrong."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return ProjectFile.model_validate(content).deployments
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path.name} is not valid YAML: {_one_line(error)}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path.name}: {where}: {first['msg']}") from error


def _one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())
