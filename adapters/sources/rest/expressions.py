"""JMESPath over decoded JSON whose numbers are exact."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature

from adapters.values import PLAIN_NUMBER
from schemas.errors import RunwuError

Find = Callable[[Any], Any]
"""Finds a value in a record; None where there is none. Raises NotComputable."""


class NotComputable(RunwuError):
    """An expression meets values it is not made for, such as the length of a number."""


class _Exact(Functions):
    """JMESPath's own functions, which know no Decimal and turn "28.10" into a float."""

    @signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if isinstance(value, str):
            return Decimal(value) if re.fullmatch(PLAIN_NUMBER, value) else None
        return None if isinstance(value, bool | list | dict) else value

    @signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        return str(value) if isinstance(value, Decimal) else super()._func_to_string(value)  # type: ignore[misc]

    def _get_allowed_pytypes(self, types: list[str]) -> tuple[list[str], list[tuple[str, ...]]]:
        """Let a Decimal be a number wherever one is asked for."""
        allowed, parts = super()._get_allowed_pytypes(types)  # type: ignore[misc]
        numbers = [*allowed, "Decimal"] if "float" in allowed else allowed
        return numbers, [(*part, "Decimal") if "float" in part else part for part in parts]


_OPTIONS = jmespath.Options(custom_functions=_Exact())


def finding(expression: str) -> Find:
    """Return what finds the value of a valid expression."""
    compiled = jmespath.compile(expression)

    def find(record: Any) -> Any:
        try:
            found = compiled.search(record, options=_OPTIONS)
        except (JMESPathError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise NotComputable(f"{expression!r} can't be computed here") from error
        # A number literal of the expression's own is a float; as it is written it is exact.
        return Decimal(str(found)) if isinstance(found, float) else found

    return find


def true(value: Any) -> bool:
    """Return whether JMESPath takes a value for true: 0 is, "" and [] and null are not."""
    return value is not None and value is not False and value not in ("", [], {})
