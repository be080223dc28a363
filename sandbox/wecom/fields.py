"""Reading a call's parameters the way WeCom does: limits are bytes, no value is trusted."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.wecom.errors import WecomError

Body = Mapping[str, Any]
Answer = dict[str, Any]


def empty(name: str) -> WecomError:
    """Return the refusal of a call without a parameter it needs."""
    return WecomError(40063, f"some parameters are empty, {name}")


def invalid(name: str, why: str = "invalid") -> WecomError:
    """Return the refusal of a bad parameter."""
    return WecomError(40058, f"field {name} {why}")


def text(body: Body, name: str, most: int, label: str, *, required: bool = False) -> str:
    """Return a text of at most `most` bytes; absent, it is empty."""
    value = body.get(name) or ""
    if not isinstance(value, str):
        raise invalid(label)
    if required and not value:
        raise empty(label)
    if len(value.encode()) > most:
        raise invalid(label, f"exceed max length {most}")
    return value


def texts(body: Body, name: str, most: int) -> tuple[str, ...]:
    """Return a list of texts, each once; absent, it is empty."""
    values = body.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise invalid(name)
    if len(values) > most:
        raise invalid(name, f"exceed max length {most}")
    return tuple(dict.fromkeys(values))


def integer(body: Body, name: str) -> int:
    """Return a whole number that must be there."""
    value = body.get(name)
    if value is None:
        raise empty(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(name)
    return value


def mapping(body: Body, name: str) -> Body:
    """Return a nested object; absent, it is empty."""
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def limit(body: Body, default: int, above: int, *, most: int) -> int:
    """Return how many rows to answer; more than `most` means `above`, less than one `default`."""
    wanted = integer(body, "limit") if body.get("limit") is not None else default
    if wanted > most:
        return above
    return wanted if wanted > 0 else default


def cut(rows: Sequence[Answer], body: Body, size: int) -> tuple[list[Answer], str]:
    """Return the page that starts at the call's cursor, and the next cursor; empty is the end."""
    start = _position(text(body, "cursor", 1024, "cursor"))
    end = start + size
    return list(rows[start:end]), _cursor(end) if end < len(rows) else ""


def _cursor(position: int) -> str:
    return urlsafe_b64encode(f"at:{position}".encode()).decode()


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except ValueError as error:
        raise invalid("cursor") from error
