"""The access token: fetched once for all threads, replaced only by whoever saw it fail."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

MARGIN = timedelta(minutes=5)
"""A token is not used in its last minutes, lest it expire under way."""

Fetch = Callable[[], tuple[str, timedelta]]


class Tokens:
    """
    A token kept in memory.

    The lock is held while fetching: whoever else needs a token waits for that one. `fetch` returns
    a token and how long it lives; what it raises passes through and leaves nothing behind.
    """

    def __init__(self, fetch: Fetch, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until: datetime | None = None

    def current(self) -> str:
        """Return a token that is not about to expire."""
        with self._lock:
            if self._token is None or self._until is None or self._clock() >= self._until:
                return self._renewed()
            return self._token

    def instead_of(self, failed: str) -> str:
        """Return another token than `failed`: a thread late with its failure gets the fresh one."""
        with self._lock:
            if self._token is None or self._token == failed:
                return self._renewed()
            return self._token

    def _renewed(self) -> str:
        self._token = None
        token, life = self._fetch()
        self._until = self._clock() + max(life - MARGIN, life / 2)
        self._token = token
        return token
