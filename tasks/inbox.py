"""Events that others post to us: in at the door, out again with the pull."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from adapters.sources.inbox import Fetch, Position
from schemas.clock import now
from schemas.environment import PLACEHOLDERS, source_secret, source_variable
from schemas.errors import ConfigurationError
from schemas.incoming import Window
from schemas.sources.base import SourceSection
from schemas.sources.webhook import WebhookSource
from store import inbox
from store.database import transaction

Events = Mapping[str, Mapping[str, Any]]

_log = logging.getLogger("runwu.inbox")


def signing_secrets(source: str) -> tuple[str, ...]:
    """
    Return the secrets one of which signs what a source posts; several while they are exchanged.

    Raises ConfigurationError naming the variable to set.
    """
    variable = source_variable(source, "secret")
    secrets = tuple(part.strip() for part in source_secret(source, "secret", "").split(","))
    if any(one.lower() in PLACEHOLDERS for one in secrets):
        raise ConfigurationError(
            f"{variable} holds an empty secret or a placeholder between its commas; "
            "leave real secrets only"
        )
    return secrets


def doors(sources: Mapping[str, SourceSection]) -> dict[str, tuple[str, ...]]:
    """Return who may post to us, and what signs their events. Raises as signing_secrets does."""
    return {
        name: signing_secrets(name)
        for name, source in sources.items()
        if isinstance(source, WebhookSource)
    }


def keep(database: Engine, source: str, events: Events) -> int | None:
    """
    Keep events for good; return how many were new, None if the database could not take them.

    Then nothing of them is kept, and whoever sent them has to send them again.
    """
    try:
        with transaction(database) as connection:
            inbox.bound(connection)
            new = inbox.keep(connection, source, events, received_at=now())
    except DBAPIError as error:
        _log.warning("events_refused source=%s error=%s", source, type(error.orig).__name__)
        return None
    _log.info("events_kept source=%s received=%d new=%d", source, len(events), new)
    return new


def can_keep(database: Engine) -> bool:
    """Tell whether the inbox can be reached."""
    try:
        with transaction(database) as connection:
            inbox.look(connection)
    except DBAPIError:
        return False
    return True


def reader(database: Callable[[], Engine], source: str) -> Fetch:
    """Return what fetches a source's events; the database is asked for when they are."""

    def fetch(
        window: Window, after: Position | None, limit: int
    ) -> Sequence[tuple[datetime, int, Mapping[str, Any]]]:
        with transaction(database()) as connection:
            return inbox.received(connection, source, window, after, limit)

    return fetch
