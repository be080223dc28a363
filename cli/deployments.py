"""prefect.yaml, read strictly: Prefect itself ignores a misspelt key without a word."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import ConfigurationError

FILE = Path(__file__).parent.parent / "prefect.yaml"


class Deployment(BaseModel):
    """One deployment; `entrypoint` is a module path, so that no folder shadows a package."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    entrypoint: str
    description: str


class ProjectFile(BaseModel):
    """The whole of prefect.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    deployments: tuple[Deployment, ...]


def read_deployments(path: Path = FILE) -> tuple[Deployment, ...]:
    """Return the deployments. Raises ConfigurationError naming the key that is wrong."""
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return ProjectFile.model_validate(content).deployments
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path.name}: {where}: {first['msg']}") from error
