"""
Calls of WeCom's server API.

The token travels in the query, so URLs are kept out of every log and every error.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Self

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
)
from tenacity.wait import wait_exponential, wait_random

from adapters.addresses import checked, keep_queries_out_of_logs
from adapters.wecom.errors import BUSY, CONCURRENCY, SECRET_CODES, TOKEN_CODES, refusal
from adapters.wecom.tokens import Tokens
from schemas import clock as machine
from schemas.errors import ChannelError, NotSent, Unknown

SENDS = frozenset({"externalcontact/add_msg_template"})
"""Calls that must never be repeated without an answer; everything else is idempotent."""

CONNECTIONS = 4  # the concurrency limit is undisclosed (45033); four stay below all reports
READ_ATTEMPTS = 4
PROBE_SECONDS = 5.0  # how long somebody who only asks whether WeCom answers will wait for it

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_log = logging.getLogger(__name__)


class WecomClient:
    """
    One app of one corporation. Safe to share between threads; close it, or use it in a `with`.

    `sleep` waits that many seconds between attempts of a read.
    """

    def __init__(
        self,
        base_url: str,
        corp_id: str,
        secret: str,
        timeout_seconds: float,
        clock: Callable[[], datetime] = machine.now,
        *,
        sleep: Callable[[float], None] = time.sleep,
        attempts: int = READ_ATTEMPTS,
    ) -> None:
        """Raise ConfigurationError if `base_url` is no address."""
        keep_queries_out_of_logs()
        self._base_url = checked(base_url, "channels.wecom.base_url")
        self._http = httpx.Client(
            base_url=f"{self._base_url}/cgi-bin",
            timeout=timeout_seconds,
            limits=httpx.Limits(max_connections=CONNECTIONS),
        )
        self._credentials = {"corpid": corp_id, "corpsecret": secret}
        self._refused: int | None = None
        self._clock = clock
        self._tokens = Tokens(self._fetch_token, clock)
        self._sleep = sleep
        self._attempts = attempts

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """
        Return the answer of `path` (below /cgi-bin/), an object whose errcode is 0.

        A refused token is replaced once. Reads are repeated while that may help; a send never is,
        unless WeCom said it did nothing. Raises NotSent, Rejected, Unknown or ConfigurationError.
        """
        exchange = self._exchange if path in SENDS else self._patient_exchange
        token = self._tokens.current()
        answer = exchange(method, path, {**(params or {}), "access_token": token}, json)
        if answer["errcode"] in TOKEN_CODES:
            token = self._tokens.instead_of(token)
            answer = exchange(method, path, {**(params or {}), "access_token": token}, json)
        if answer["errcode"] != 0:
            raise refusal(answer["errcode"], path, send=path in SENDS)
        return answer

    def paged(self, path: str, json: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the answers of a POST that pages by cursor; a repeated cursor raises NotSent."""
        cursor, seen = "", set[str]()
        while True:
            answer = self.call("POST", path, json={**json, "cursor": cursor})
            yield answer
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                return
            if cursor in seen:
                raise NotSent(f"WeCom's {path} repeats a cursor after {len(seen)} pages")
            seen.add(cursor)

    def probe(self, path: str) -> None:
        """Read `path` once with a token fetched for it, soon given up; raises as `call` does."""
        corp_id, secret = self._credentials["corpid"], self._credentials["corpsecret"]
        with WecomClient(
            self._base_url, corp_id, secret, PROBE_SECONDS, self._clock, attempts=1
        ) as client:
            client.call("GET", path)

    def _fetch_token(self) -> tuple[str, timedelta]:
        # Repeating a wrong secret gets our IP blocked for an hour, so one refusal is enough.
        if self._refused is not None:
            raise refusal(self._refused, "gettoken", send=False)
        answer = self._patient_exchange("GET", "gettoken", self._credentials, None)
        code, token, life = (answer.get(k) for k in ("errcode", "access_token", "expires_in"))
        if code in SECRET_CODES:
            self._refused = code
        if code != 0:
            raise refusal(answer["errcode"], "gettoken", send=False)
        if not isinstance(token, str) or not token or not isinstance(life, int):
            raise NotSent("WeCom's gettoken answered without a token")
        _log.info("wecom.token_fetched")
        return token, timedelta(seconds=life)

    def _patient_exchange(self, *request: Any) -> dict[str, Any]:
        """Exchange, again while WeCom is busy or out of reach; for idempotent calls only."""
        return Retrying(
            retry=retry_if_exception_type(ChannelError)
            | retry_if_result(lambda answer: answer["errcode"] in (BUSY, CONCURRENCY)),
            stop=stop_after_attempt(self._attempts),
            wait=wait_exponential(multiplier=0.5, max=8.0) + wait_random(0, 0.5),
            before_sleep=_tell,
            sleep=self._sleep,
            retry_error_callback=_last,
        )(self._exchange, *request)

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        json: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Return any answer that has an errcode; without one raise NotSent or Unknown."""
        unanswered = Unknown if path in SENDS else NotSent
        try:
            answer = self._http.request(method, path, params=dict(params), json=json)
        except httpx.HTTPError as error:
            kind = NotSent if isinstance(error, _NEVER_LEFT) else unanswered
            raise kind(f"WeCom's {path} gave no answer ({type(error).__name__})") from None
        try:
            body = answer.json()
        except (ValueError, RecursionError):
            body = None
        if answer.is_server_error or not isinstance(body, dict):
            raise unanswered(f"WeCom's {path} answered HTTP {answer.status_code} without a result")
        if type(body.get("errcode")) is not int:
            raise unanswered(f"WeCom's {path} answered without an errcode")
        return body


def _tell(state: RetryCallState) -> None:
    _log.warning("wecom.retry path=%s attempt=%d", state.args[1], state.attempt_number)


def _last(state: RetryCallState) -> Any:
    """Return the last answer, or raise the last error."""
    return state.outcome.result() if state.outcome else None
