"""OAuth 2.0 client credentials (RFC 6749, section 4.4) for httpx."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.sources.http import Busy
from schemas.errors import SourceError

EARLY = 30.0
"""Seconds before its end at which a token is renewed, so that it lasts for the call."""


@dataclass(frozen=True)
class _Token:
    value: str
    good_until: float  # of the monotonic clock


class ClientCredentials(httpx.Auth):
    """
    Fetches a token with the first call, keeps it, and renews it near its end or when refused.

    Calls that find no token wait for one fetch, not for one each. One object may serve many
    clients, also in later event loops. A call whose fresh token is refused too stays refused.
    """

    def __init__(
        self,
        name: str,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str | None = None,
        in_header: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`in_header` sends id and secret as HTTP Basic, else they are fields of the form."""
        self._name = name
        self._token_url = token_url
        self._client = (client_id, client_secret)
        self._scope = scope
        self._in_header = in_header
        self._clock = clock
        self._token: _Token | None = None
        self._turn: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """
        Send the request with a token; once more with a new one, should the source refuse it.

        Raises SourceError if no token is given, Busy if it may be later.
        """
        token: _Token | None = None
        for _ in range(2):
            refused = token
            async with self._lock():
                if self._token is refused or self._ends(self._token):
                    answer = yield self._request(request)
                    await answer.aread()
                    self._token = self._told(answer)
                token = self._token
            request.headers["Authorization"] = f"Bearer {token.value if token else ''}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return

    def _lock(self) -> asyncio.Lock:
        """Return the lock of the running loop; one of a loop that is gone cannot be waited for."""
        loop = asyncio.get_running_loop()
        if self._turn is None or self._turn[0] is not loop:
            self._turn = (loop, asyncio.Lock())
        return self._turn[1]

    def _ends(self, token: _Token | None) -> bool:
        return token is None or self._clock() >= token.good_until

    def _request(self, request: httpx.Request) -> httpx.Request:
        """Return the call for a token, which waits no longer than the one that needs it."""
        form = {"grant_type": "client_credentials"}
        if self._scope:
            form["scope"] = self._scope
        if not self._in_header:
            form |= dict(zip(("client_id", "client_secret"), self._client, strict=True))
        asked = httpx.Request(
            "POST",
            self._token_url,
            data=form,
            headers={"Accept": "application/json"},
            extensions=dict(request.extensions),
        )
        if self._in_header:
            next(httpx.BasicAuth(*self._client).auth_flow(asked))
        return asked

    def _told(self, answer: httpx.Response) -> _Token:
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise Busy(f"HTTP {answer.status_code} for a token")
        if not answer.is_success:
            raise SourceError(
                f"sources.{self._name}: auth.token_url gives no token (HTTP {answer.status_code}); "
                f"check it, its scope, and RUNWU_SOURCES_{self._name.upper()}_CLIENT_ID and "
                "…_CLIENT_SECRET"
            )
        try:
            body: Any = answer.json()
        except (ValueError, RecursionError):
            body = None
        told = body if isinstance(body, dict) else {}
        value, lasts = told.get("access_token"), told.get("expires_in")
        if not (isinstance(value, str) and value and value.isascii() and value.isprintable()):
            raise SourceError(
                f"sources.{self._name}: the answer of auth.token_url has no access_token that a "
                "header could carry; check that it is an OAuth 2.0 token endpoint"
            )
        return _Token(value, self._clock() + _seconds(lasts))


def _seconds(lasts: object) -> float:
    """Return for how long a token is used; where nobody says, until it is refused."""
    digits = str(lasts)
    if isinstance(lasts, bool) or not (digits.isascii() and digits.isdigit()):
        return float("inf")
    return max(float(digits[:9]) - EARLY, 0.0)
