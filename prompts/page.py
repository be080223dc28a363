"""The pages that runs leave for operators."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prompts.catalogue import locale
from prompts.render import render

_HERE = Path(__file__).parent / "pages"


@dataclass(frozen=True)
class Page:
    """A page in Markdown; `about` sums it up in a line, which Prefect shows above it."""

    markdown: str
    about: str


def page(name: str, values: Mapping[str, Any]) -> str:
    """
    Return a page's Markdown. Raises Unrenderable.

    A template knows its texts as `t`; what members, shops and models wrote goes through its filter
    `md`.
    """
    return render(_template(f"{name}.md.j2"), {"t": locale()["pages"][name], **values})


def picture(name: str, values: Mapping[str, Any]) -> str:
    """Return a drawing as an address that a page can show without asking anybody for it."""
    drawn = base64.b64encode(drawing(name, values).encode())
    return f"data:image/svg+xml;base64,{drawn.decode()}"


def drawing(name: str, values: Mapping[str, Any]) -> str:
    """Return a drawing as SVG. Raises Unrenderable."""
    return render(_template(f"{name}.svg.j2"), values)


@cache
def _template(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
