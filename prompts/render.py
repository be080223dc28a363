"""Templates made into text, in a sandbox where a missing name is an error."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_DIGITS = "零一二三四五六七八九"
_TEN = 10
_HUNDRED = 100


class Unrenderable(Exception):
    """A template and its values do not fit; the text says how."""


def chinese_number(number: int) -> str:
    """Return a whole number from 1 to 99 as it is counted with in Chinese (2 is 两)."""
    if number == 2:  # noqa: PLR2004 - the one irregular count
        return "两"
    if not 0 < number < _HUNDRED:
        return str(number)
    tens, ones = divmod(number, _TEN)
    head = "" if tens == 0 else ("" if tens == 1 else _DIGITS[tens]) + "十"
    return head + (_DIGITS[ones] if ones else "")


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Plain text goes to WeCom, so nothing is escaped as HTML; values are never templates.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False
    )
    environment.filters["chinese_number"] = chinese_number
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template. Raises Unrenderable naming what is missing or forbidden."""
    try:
        return _environment().from_string(template).render(values).strip()
    except (TemplateError, TypeError, ValueError) as error:
        raise Unrenderable(str(error)) from error
