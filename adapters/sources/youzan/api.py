"""
Calls of Youzan's open API.

What is known of it comes from copies of doc.youzanyun.com and from other people's probes of the
gateway without credentials (2026-09), not from a shop of ours. Probed: the token counts in the
query alone, errors come with HTTP 200, the gateway's as `gw_err_resp`, those of auth/token as
`success: false`. From the documentation alone: the codes of throttling, that a token lives seven
days, and that `refresh` makes a new one before that (when the old one ends, it tells both ways).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from adapters.addresses import keep_queries_out_of_logs
from adapters.sources.http import Answer, Busy, SourceHttp
from adapters.sources.slices import TooMany
from schemas import clock as machine
from schemas.errors import SourceError

MARGIN = timedelta(minutes=10)
"""A token is not used in its last minutes, lest it expire under way."""

_THROTTLED = {"4101", "500100004", "123000042", "141500203"}
_TIMED_OUT = {"106000001", "106100118"}
_TOKEN = {"4201", "4202", "4203"}
_TOO_MANY = "142710032"
_PAUSES = (3.0, 6.0, 12.0, 24.0)  # as Youzan asks; who repeats faster may be shut out
_REMEDIES = {
    "4005": "the shop's application has no such interface or version, check orders_version",
    "4007": "add our address to the application's list of allowed addresses (IP白名单)",
    "4204": "apply for the interface's capability package (能力包) in Youzan's console",
}


class TokenRefused(SourceError):
    """The token is no longer good."""


class YouzanApi:
    """
    One shop's interface, for as long as `http` is open.

    `credentials` are what auth/token asks for: client_id, client_secret and grant_id.
    """

    def __init__(
        self,
        name: str,
        http: SourceHttp,
        credentials: Mapping[str, str],
        clock: Callable[[], datetime] = machine.now,
    ) -> None:
        keep_queries_out_of_logs()
        self._name = name
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._token: str | None = None
        self._until = clock()

    async def call(self, method: str, version: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the data of an answer; a refused token is replaced once.

        Raises SourceError, of it TooMany if the answer would be too long to be listed.
        """
        token = await self._current()
        try:
            return await self._called(method, version, asked, token)
        except TokenRefused:
            token = await self._instead_of(token)
            return await self._called(method, version, asked, token)

    async def _called(
        self, method: str, version: str, asked: Mapping[str, Any], token: str
    ) -> dict[str, Any]:
        answer = await self._http.call(
            "POST",
            f"api/{method}/{version}",
            params={"access_token": token},
            payload=asked,
            judge=self._judge(method),
        )
        return self._data(method, answer)

    async def _current(self) -> str:
        if self._token is None:
            return await self._fetch(refresh=False)
        if self._clock() >= self._until:
            return await self._fetch(refresh=True)
        return self._token

    async def _instead_of(self, failed: str) -> str:
        """Return another token; a new one is made only if nobody else made one meanwhile."""
        token = await self._fetch(refresh=False)
        return token if token != failed else await self._fetch(refresh=True)

    async def _fetch(self, *, refresh: bool) -> str:
        asked = {**self._credentials, "authorize_type": "silent", "refresh": refresh}
        judge = self._judge("auth/token")
        answer = await self._http.call("POST", "auth/token", payload=asked, judge=judge)
        data = self._data("auth/token", answer)
        token, expires = data.get("access_token"), data.get("expires")
        if not isinstance(token, str) or not token or type(expires) is not int:
            raise SourceError(
                f"sources.{self._name}: the answer to auth/token lacks an access_token or when it "
                "expires; check base_url"
            )
        now = self._clock()
        left = timedelta(seconds=expires / 1000 - now.timestamp())
        self._token, self._until = token, now + max(left - MARGIN, MARGIN)
        return token

    def _judge(self, method: str) -> Callable[[Answer], None]:
        """Return what tells a refusal by its code; the text beside it is not for our eyes."""
        pauses = iter(_PAUSES)

        def judge(answer: Answer) -> None:
            code = _refusal(answer.body)
            if code in _THROTTLED:
                raise Busy(f"throttled, code {code}", next(pauses, None))
            if code in _TIMED_OUT:
                raise Busy(f"timed out, code {code}")
            if code is not None:
                raise self._refused(method, code)

        return judge

    def _refused(self, method: str, code: str) -> SourceError:
        if code == _TOO_MANY:
            return TooMany(f"sources.{self._name}: {method} found too many to list (code {code})")
        secrets = f"RUNWU_SOURCES_{self._name.upper()}_CLIENT_ID, _CLIENT_SECRET and kdt_id"
        if method == "auth/token":
            return SourceError(
                f"sources.{self._name}: Youzan gives no token (code {code}); check {secrets}, and "
                "that the shop authorised the application"
            )
        if code in _TOKEN:
            return TokenRefused(
                f"sources.{self._name}: Youzan refuses the token it has just given (code {code}); "
                "check that the shop still authorises the application"
            )
        remedy = _REMEDIES.get(code, "look it up at doc.youzanyun.com, or ask Youzan")
        return SourceError(f"sources.{self._name}: Youzan refused {method} (code {code}); {remedy}")

    def _data(self, method: str, answer: Answer) -> dict[str, Any]:
        body = answer.body if isinstance(answer.body, dict) else {}
        data = body.get("data", body.get("response"))
        if not isinstance(data, dict):
            raise SourceError(
                f"sources.{self._name}: the answer to {method} has neither data nor a refusal; "
                "check base_url"
            )
        return data


def _refusal(body: object) -> str | None:
    """Return the code of a refusal in any of the three forms of Youzan's layers."""
    if not isinstance(body, dict):
        return None
    for name in ("gw_err_resp", "error_response"):
        if isinstance(error := body.get(name), dict):
            return str(error.get("err_code", error.get("code")))
    code = body.get("code")
    if body.get("success") is False or code not in (None, 200, "200"):
        return str(code)
    return None
