"""
Events out of a posted body.

Asked of an event is only what it takes to keep it: a key, and values that a database can hold.
The rest is the data contract's, which quarantines what is wrong and loses nothing.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from schemas.incoming import key_text

MOST_EVENTS = 1000

_LONGEST_KEY = 200
_DEEPEST = 16


class Malformed(ValueError):
    """A body that is not kept; its text is one sentence, without any of the sender's values."""


def events_in(body: bytes) -> Mapping[str, Mapping[str, Any]]:
    """
    Return the events by key; of two with one key, the later.

    Raises Malformed, naming the place of the first event that cannot be kept.
    """
    try:
        told = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the body is not JSON in UTF-8{_where(error)}") from error
    events = told if isinstance(told, list) else [told]
    if len(events) > MOST_EVENTS:
        raise Malformed(f"{len(events)} events at once; send at most {MOST_EVENTS}")
    kept = {}
    for place, event in enumerate(events, 1):
        flaw = _flaw_of(event)
        if flaw is not None:
            raise Malformed(f"event {place} of {len(events)}: {flaw}; none of them was kept")
        kept[key_text(event["key"])] = event
    return kept


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return ""


def _flaw_of(event: object) -> str | None:
    if not isinstance(event, dict):
        return "it is no object"
    key = event.get("key")
    if type(key) not in (str, int) or not str(key).strip():
        return 'it has no "key", a text or whole number by which it is known'
    if len(str(key)) > _LONGEST_KEY:
        return f'its "key" has more than {_LONGEST_KEY} characters'
    return _unkept(event, 1)


def _unkept(value: object, depth: int) -> str | None:
    """Return why a database cannot hold a value as it is told."""
    if isinstance(value, str):
        return None if _storable(value) else "a text in it holds a NUL or half a surrogate pair"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number in it is not finite"
    if not isinstance(value, dict | list):
        return None
    if depth > _DEEPEST:
        return f"it is nested deeper than {_DEEPEST} levels"
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return next((flaw for part in parts if (flaw := _unkept(part, depth + 1))), None)


def _storable(value: str) -> bool:
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
