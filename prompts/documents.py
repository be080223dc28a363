"""Pages that stand by themselves in a folder, readable without a network."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from prompts.catalogue import locale

_HERE = Path(__file__).parent / "pages"


def document(name: str, values: Mapping[str, Any]) -> str:
    """
    Return a page of the documents as HTML.

    A template knows its texts as `t` and those of the verdict page as `v`. What shops told is
    escaped wherever it stands.
    """
    pages = locale()["pages"]
    texts = {"t": pages["data-docs"], "v": pages["data-verdict"]}
    return _environment().get_template(f"{name}.html.j2").render({**texts, **values})


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
