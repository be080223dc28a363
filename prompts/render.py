"""Templates made into text, in a sandbox where a missing name is an error."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from prompts.escape import as_text


class Unrenderable(Exception):
    """A template and its values do not fit; the text says how."""


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Plain text goes to WeCom, so nothing is escaped as HTML; values are never templates.
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    made.filters["md"] = as_text  # but for operators' pages, which are Markdown
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template. Raises Unrenderable naming what is missing or forbidden."""
    try:
        return _environment().from_string(template).render(values).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise Unrenderable(str(error)) from error
