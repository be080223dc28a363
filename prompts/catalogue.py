"""Scenes as folders: the reason, who has it, and what is said."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.enums import Category, Lifecycle, Voice
from schemas.errors import ConfigurationError

_HERE = Path(__file__).parent
_OFFERS = "promotion"  # the group of words in forbidden.yaml
_WITHOUT_OFFERS = (Category.CARE, Category.SERVICE, Category.TRANSACTIONAL)


class LinkText(BaseModel):
    """The card under a text; both are templates over the same names as the text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    description: str


class SceneFile(BaseModel):
    """
    The content of scene.yaml; `slots` and `evidence` map names to what an operator reads.

    `value` is what a message is worth where the need is whole; scenes compete by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    category: Category
    value: float = Field(gt=0, le=1)
    voice: Voice
    channel: str
    segment: Lifecycle
    hours: int = Field(ge=1)
    answer_days: int = Field(ge=1)
    slots: dict[str, str]
    evidence: dict[str, str]
    link: LinkText


@dataclass(frozen=True)
class Scene:
    """A reason to speak: its rules, who has it, its vetted template, and what a model is asked."""

    name: str
    rules: SceneFile
    candidates_sql: str
    template: str
    prompt: str


@cache
def scenes() -> dict[str, Scene]:
    """Return every scene by name. Raises ConfigurationError naming the file that is wrong."""
    folders = sorted(path.parent for path in (_HERE / "scenes").glob("*/scene.yaml"))
    return {folder.name: _scene(folder) for folder in folders}


@cache
def locale() -> dict[str, Any]:
    """Return the operators' texts."""
    texts: dict[str, Any] = _yaml(_HERE / "locale.yaml")
    return texts


@cache
def voice(name: str) -> str:
    """Return a template that all scenes share. Raises ConfigurationError if it is missing."""
    try:
        return _text(_HERE / "voice" / name)
    except OSError as error:
        raise ConfigurationError(f"voice: {error.filename} is missing") from error


@cache
def forbidden_words(category: Category) -> tuple[str, ...]:
    """
    Return every word that must not reach a member in a message of this category.

    Rationale: care that sells is no care (domain.md, A: service first).
    """
    groups = _word_groups()
    if category not in _WITHOUT_OFFERS:
        del groups[_OFFERS]
    return tuple(word for words in groups.values() for word in words)


@cache
def offer_words() -> tuple[str, ...]:
    """Return the words of offers: whoever writes them must have been told of one."""
    return _word_groups()[_OFFERS]


def _word_groups() -> dict[str, tuple[str, ...]]:
    groups = _yaml(_HERE / "voice" / "forbidden.yaml")
    return {name: tuple(words) for name, words in groups.items()}


def _scene(folder: Path) -> Scene:
    try:
        return Scene(
            name=folder.name,
            rules=SceneFile.model_validate(_yaml(folder / "scene.yaml")),
            candidates_sql=_text(folder / "candidates.sql"),
            template=_text(folder / "fallback.md.j2"),
            prompt=_text(folder / "prompt.md.j2"),
        )
    except OSError as error:
        raise ConfigurationError(f"scene {folder.name}: {error.filename} is missing") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"scene {folder.name}: scene.yaml: {where}: {first['msg']}"
        ) from error


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        where = f"{path.parent.name}: {path.name}"
        raise ConfigurationError(f"scene {where} is not valid YAML: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        where = f"{path.parent.name}: {path.name}"
        raise ConfigurationError(f"scene {where} is not UTF-8") from error
