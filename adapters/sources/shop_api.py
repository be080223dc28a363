"""Reading a shop's HTTP interface: one page per call, tried again while that may help."""

import logging
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

from adapters.addresses import checked
from schemas.errors import ConfigurationError, SourceError

ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Seconds a shop may ask us to wait; a longer wish is cut to this."""

PROBE_SECONDS = 5.0
"""How long somebody who only asks whether the shop answers will wait for it."""

_TIMEOUT_SECONDS = 30.0
_backoff = wait_exponential(multiplier=0.5, max=20.0) + wait_random(0, 1)
_log = logging.getLogger(__name__)


class _BusyError(Exception):
    """The shop answered that it cannot now; `after` is how many seconds it asks for, if it does."""

    def __init__(self, status: int, after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.after = after


class ShopApi:
    """A connection to one shop; close it, or use it in a `with`."""

    def __init__(
        self,
        name: str,
        base_url: str,
        token: str,
        sleep: Callable[[float], None],
        *,
        attempts: int = ATTEMPTS,
        seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        """Raise ConfigurationError if the address or the token cannot be sent at all."""
        if not (token.isascii() and token.isprintable()):
            raise ConfigurationError("RUNWU_SHOP_TOKEN has characters no HTTP header can carry")
        self._name = name
        self._attempts = attempts
        self._http = httpx.Client(
            base_url=checked(base_url, f"sources.{name}.base_url"),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=seconds,
        )
        self._retrying = Retrying(
            retry=retry_if_exception_type((_BusyError, httpx.TransportError)),
            stop=stop_after_attempt(attempts),
            wait=_wait,
            before_sleep=self._tell,
            sleep=sleep,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def items(self, what: str, params: Mapping[str, str | int]) -> Iterator[list[Any]]:
        """Yield the lists of `what` (members or orders) page by page, following the cursor."""
        cursor, seen = None, set[str]()
        while True:
            asked = {**params, "cursor": cursor} if cursor else params
            body = self._get(what, asked)
            found, cursor = body.get(what), body.get("next_cursor", False)
            if not isinstance(found, list) or not (cursor is None or isinstance(cursor, str)):
                raise SourceError(
                    f"sources.{self._name}: the answer to /{what} lacks a list {what!r} or a "
                    "next_cursor; check base_url and the shop's version"
                )
            yield found
            if not cursor:
                return
            if cursor in seen:
                raise SourceError(
                    f"sources.{self._name}: /{what} repeats a cursor after {len(seen)} pages, so "
                    "it would never end; report it to the shop"
                )
            seen.add(cursor)

    def _get(self, what: str, params: Mapping[str, str | int]) -> dict[str, Any]:
        try:
            answer = self._retrying(self._once, what, params)
        except (_BusyError, httpx.HTTPError) as error:
            reason = str(error) if isinstance(error, _BusyError) else type(error).__name__
            raise SourceError(
                f"sources.{self._name}: /{what} did not answer ({reason}){self._patience}; "
                "check base_url if that lasts, the next run reads the same window again"
            ) from error
        try:
            body = answer.json(parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise SourceError(
                f"sources.{self._name}: the answer to /{what} is no JSON object; check base_url"
            )
        return body

    @property
    def _patience(self) -> str:
        return f" after {self._attempts} attempts" if self._attempts > 1 else ""

    def _once(self, what: str, params: Mapping[str, str | int]) -> httpx.Response:
        answer = self._http.get(what, params=dict(params))
        status = answer.status_code
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SourceError(
                f"sources.{self._name}: the shop refuses our token (HTTP {status}); set "
                "RUNWU_SHOP_TOKEN to one that may read members and orders"
            )
        if status == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise _BusyError(status, _asked_wait(answer))
        if not answer.is_success:
            raise SourceError(
                f"sources.{self._name}: /{what} answered HTTP {status}; check base_url"
            )
        return answer

    def _tell(self, state: RetryCallState) -> None:
        _log.warning("shop.retry source=%s attempt=%d", self._name, state.attempt_number)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _BusyError) and error.after is not None:
        return error.after
    return _backoff(state)


def _asked_wait(answer: httpx.Response) -> float | None:
    """Return the seconds Retry-After asks for; a date counts from the shop's own clock."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked)
        span = until - parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(span.total_seconds(), 0.0), LONGEST_WAIT)
