"""Calling a source's HTTP interface: paced, bounded, and tried again while that may help."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

from adapters.addresses import checked
from schemas.errors import SourceDown, SourceError
from schemas.sources.base import ApiSection

ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Seconds a source may ask us to wait; a longer wish is cut to this."""

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer, unpacked; a page that is larger is a mistake or an attack."""

LONGEST_NUMBER = 400
"""Digits of a number that is still read as one; doubles end at 309."""

PROBE_SECONDS = 5.0
"""How long somebody who only asks whether a source answers will wait for it."""

_backoff = wait_exponential(multiplier=0.5, max=20.0) + wait_random(0, 1)
_log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Busy(Exception):
    """The source cannot answer now; `after` is how many seconds it asks for, if it does."""

    def __init__(self, told: str, after: float | None = None) -> None:
        super().__init__(told)
        self.after = after


@dataclass(frozen=True)
class Answer:
    """A successful answer: its decoded JSON, numbers exact, and its headers."""

    body: Any
    headers: httpx.Headers


Judge = Callable[[Answer], None]
"""Looks at an answer of status 200; raises Busy to have the call repeated, SourceError to end."""


class SourceHttp:
    """
    One source's HTTP interface, for as long as an `async with` lasts.

    Answers 429 and 5xx, broken connections and bodies cut short are tried again, as the source
    asks (Retry-After) or with growing pauses. `auth` may be any of httpx's, which also renew a
    token that expired. Redirects are not followed: a token must not travel.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        settings: ApiSection,
        *,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        sleep: Sleep = asyncio.sleep,
        probing: bool = False,
    ) -> None:
        """Raise ConfigurationError if the address cannot be called at all."""
        self._name = name
        self._attempts = 1 if probing else ATTEMPTS
        self._pace = AsyncLimiter(1, 1 / settings.calls_per_second)
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=checked(base_url, f"sources.{name}.base_url"),
            auth=auth,
            headers={"Accept": "application/json", **(headers or {})},
            timeout=PROBE_SECONDS if probing else settings.timeout_seconds,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        payload: Any = None,
        judge: Judge | None = None,
    ) -> Answer:
        """
        Return the answer to a call; `path` may be a whole URL of the same host.

        Raises SourceError where it is refused or is no JSON, SourceDown if there is still no
        answer after all attempts.
        """

        async def once() -> Answer:
            async with self._pace:
                answer = await self._once(method, path, params, payload)
            if judge is not None:
                judge(answer)
            return answer

        retrying = AsyncRetrying(
            retry=retry_if_exception_type((Busy, httpx.TransportError, httpx.DecodingError)),
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            before_sleep=self._tell,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return await retrying(once)
        except (Busy, httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) if isinstance(error, Busy) else type(error).__name__
            raise SourceDown(
                f"sources.{self._name}: {_shown(path)} did not answer ({reason}){self._patience}; "
                "check base_url if that lasts, the next run reads the same window again"
            ) from error

    @property
    def _patience(self) -> str:
        return f" after {self._attempts} attempts" if self._attempts > 1 else ""

    async def _once(
        self, method: str, path: str, params: Mapping[str, Any] | None, payload: Any
    ) -> Answer:
        async with self._http.stream(method, path, params=params, json=payload) as response:
            self._check_status(path, response)
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    raise SourceError(
                        f"sources.{self._name}: the answer to {_shown(path)} is larger than "
                        f"{LARGEST_ANSWER // 2**20} MB; ask for smaller pages (page_size)"
                    )
        try:
            body = json.loads(
                content, parse_float=_exact, parse_int=_whole, parse_constant=_no_number
            )
        except (ValueError, RecursionError):
            if content.lstrip()[:1] == b"{" and content.rstrip()[-1:] != b"}":
                raise Busy("its answer was cut short") from None
            raise SourceError(
                f"sources.{self._name}: the answer to {_shown(path)} is no JSON; check base_url"
            ) from None
        return Answer(body, response.headers)

    def _check_status(self, path: str, response: httpx.Response) -> None:
        status = response.status_code
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SourceError(
                f"sources.{self._name}: {_shown(path)} refuses our credentials (HTTP {status}); "
                f"set the RUNWU_SOURCES_{self._name.upper()}_… secrets to ones that may read it"
            )
        if status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            raise Busy(f"HTTP {status}", _asked_wait(response))
        if not response.is_success:
            raise SourceError(
                f"sources.{self._name}: {_shown(path)} answered HTTP {status}; check base_url"
            )

    def _tell(self, state: RetryCallState) -> None:
        _log.warning("source.retry source=%s attempt=%d", self._name, state.attempt_number)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Busy) and error.after is not None:
        return min(error.after, LONGEST_WAIT)
    return _backoff(state)


def _shown(path: str) -> str:
    """Return the path as an error may show it: a query may hold a token."""
    return "/" + httpx.URL(path).path.lstrip("/")


def _exact(written: str) -> Decimal | str:
    """Return a number exactly; one like 1e999999999, which fills memory, as it is written."""
    try:
        number = Decimal(written)
    except InvalidOperation:
        return written
    return number if abs(number.adjusted()) < LONGEST_NUMBER else written


def _whole(written: str) -> int | str:
    """Return a whole number exactly; one that Python refuses to read as it is written."""
    return int(written) if len(written) <= LONGEST_NUMBER else written


def _no_number(written: str) -> str:
    """Keep NaN and Infinity as the words they were written as, for a defect to show."""
    return written


def _asked_wait(response: httpx.Response) -> float | None:
    """Return the seconds Retry-After asks for; a date counts from the source's own clock."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.replace(".", "", 1).isdigit():
        return min(float(asked[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked)
        span = until - parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(span.total_seconds(), 0.0), LONGEST_WAIT)
