"""
The line to an endpoint: HTTP through the openai client, and what its errors mean.

Kept apart because importing openai takes half a second, which only those who ask should spend.
"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, Final, Self

import httpx2
import openai

from adapters.llm_forms import FormRefused, Meter
from schemas.errors import NoAnswer
from schemas.settings import LlmSettings
from schemas.writing import Usage

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REFUSED_FORMS = (openai.BadRequestError, openai.UnprocessableEntityError)
_MAYBE_NO_SUCH_MODEL = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_NO_SUCH_ROUTE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


_meter: ContextVar[Meter] = ContextVar("_meter")


class _Client(httpx2.AsyncClient):
    """
    Counts exchanges and gives each a time limit as a whole.

    Rationale: a busy DeepSeek sends blank lines for up to ten minutes, which no read timeout
    notices. Redirects are not followed: they would multiply requests.
    """

    def __init__(self, seconds: float, **options: Any) -> None:
        super().__init__(timeout=seconds, follow_redirects=False, **options)
        self._seconds = seconds

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Make one exchange; raise ReadTimeout when its time is over."""
        meter = _meter.get()
        meter.sent += 1
        try:
            async with asyncio.timeout(self._seconds):
                answer = await super().send(request, **options)
        except TimeoutError:
            raise httpx2.ReadTimeout("time is over", request=request) from None
        meter.answered += 1
        return answer


class Line:
    """A client of one endpoint for one event loop; use it in an `async with`."""

    def __init__(self, address: str, api_key: str, settings: LlmSettings) -> None:
        url = httpx2.URL(address)
        self._host: Final = url.netloc.decode()  # never the URL: it may hold a password
        self._settings = settings
        self._client = openai.AsyncOpenAI(
            base_url=address,
            api_key=api_key,
            timeout=settings.timeout_seconds,
            http_client=_Client(
                settings.timeout_seconds, trust_env=url.host.lower() not in _LOOPBACK
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def complete(self, body: Mapping[str, Any], retries: int, meter: Meter) -> bytes:
        """
        Return the body of a successful answer, whatever it holds.

        Raises FormRefused where another form may be taken, else NoAnswer.
        """
        _meter.set(meter)
        patient = self._client.with_options(max_retries=retries)
        try:
            answer = await patient.chat.completions.with_raw_response.create(**body)
        except _REFUSED_FORMS as error:
            raise FormRefused(self._why(error)) from None
        except openai.OpenAIError as error:
            # Not chained: what an endpoint says may quote the key or the prompt.
            raise self.no_answer(self._why(error), meter) from None
        content: bytes = answer.http_response.content
        return content

    async def check(self) -> None:
        """Ask once for the list of models; raise NoAnswer unless something sensible answers."""
        meter = Meter()
        _meter.set(meter)
        client = self._client.with_options(max_retries=0)
        try:
            answer = await client.models.with_raw_response.list()
        except openai.APIStatusError as error:
            if error.status_code in _NO_SUCH_ROUTE:
                return
            raise self.no_answer(self._why(error), meter) from None
        except openai.OpenAIError as error:
            raise self.no_answer(self._why(error), meter) from None
        if not answer.http_response.content.lstrip().startswith((b"{", b"[")):
            why = f"{self._host} answers with something else than JSON, check llm.base_url"
            raise self.no_answer(why, meter)

    def no_answer(self, why: str, meter: Meter) -> NoAnswer:
        """Return the error for a wording that `why` left without an answer."""
        return NoAnswer(f"no answer from the model: {why}", Usage(meter.answered))

    def _why(self, error: openai.OpenAIError) -> str:
        """Return what happened and what may mend it: our own words only."""
        host = self._host
        if isinstance(error, openai.APITimeoutError):
            return f"{host} took longer than {self._settings.timeout_seconds:g} s"
        if isinstance(error, openai.APIStatusError):
            return f"{host} answered HTTP {error.status_code}{self._advice(error.status_code)}"
        return f"{host} can't be reached ({type(error.__cause__).__name__}), check llm.base_url"

    def _advice(self, status: int) -> str:
        model = self._settings.model
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f", set RUNWU_LLM_API_KEY to a key that may use {model}"
        if status == HTTPStatus.PAYMENT_REQUIRED:
            return ", top up the account there"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return ", it is busy or the account's quota is used up"
        if status in _MAYBE_NO_SUCH_MODEL:
            return f", check llm.base_url and whether it offers {model}"
        redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
        return ", check llm.base_url" if redirect else ""
