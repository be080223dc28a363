"""
The language model: an OpenAI-compatible endpoint that words messages.

Only Chat Completions are spoken, which every server offers (engine.md, section 6). Neither the
key nor a prompt nor an answer is ever logged or part of an error's text.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from adapters.addresses import checked
from adapters.llm_answers import completion_of, reply_of, usage_of
from adapters.llm_forms import FormRefused, Ladder, Meter, Rung, request_of
from schemas.errors import BadAnswer, ConfigurationError, NoAnswer
from schemas.settings import LlmSettings
from schemas.writing import Reply, Turn

if TYPE_CHECKING:
    from adapters.llm_line import Line

MISSES = 3
PAUSE_SECONDS = 300.0
"""After so many writes in a row without an answer, the endpoint is left alone for so long."""

_log = logging.getLogger("runwu.llm")


class Breaker:
    """
    Spares a silent endpoint, and whoever waits for it.

    Rationale: every write without an answer costs up to its timeout times its retries. When the
    pause is over, one write goes through to see; the others wait for what becomes of it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._misses = 0
        self._until = -math.inf

    def check(self) -> None:
        """Raise NoAnswer while the endpoint is left alone."""
        if self._misses < MISSES:
            return
        if self._clock() < self._until:
            raise NoAnswer(
                f"no answer from the model: not asked, because {MISSES} writes in a row got no "
                f"answer and it is tried again only every {PAUSE_SECONDS:g} s"
            )
        self._until = self._clock() + PAUSE_SECONDS

    def note(self, *, answered: bool) -> None:
        """Remember what became of a write."""
        self._misses = 0 if answered else self._misses + 1
        if self._misses >= MISSES:
            self._until = self._clock() + PAUSE_SECONDS


class Llm:
    """
    One endpoint, for the life of a process.

    It remembers which form of answer the endpoint takes, and whether it is silent. `clock` counts
    seconds and never jumps.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        settings: LlmSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raise ConfigurationError if the address or the key cannot be used at all."""
        if not (api_key.isascii() and api_key.isprintable()):
            raise ConfigurationError("RUNWU_LLM_API_KEY has characters no HTTP header can carry")
        self._address = checked(base_url, "llm.base_url")
        self._api_key = api_key
        self._settings = settings
        self._ladder = Ladder(settings.structure)
        self._breaker = Breaker(clock)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["LlmSession"]:
        """Open a line for the running event loop: connections cannot move to another one."""
        async with self._line() as line:
            yield LlmSession(line, self._settings, self._ladder, self._breaker)

    async def probe(self) -> None:
        """Return if the endpoint can be reached and takes our key; raise NoAnswer if not."""
        async with self._line() as line:
            await line.check()

    def _line(self) -> "Line":
        from adapters.llm_line import Line

        return Line(self._address, self._api_key, self._settings)


class LlmSession:
    """
    Writes texts, at most `concurrency` at a time.

    While it is not known which form of answer the endpoint takes, the first write finds out alone:
    otherwise every one that starts beside it would step down the ladder by itself.
    """

    def __init__(
        self, line: "Line", settings: LlmSettings, ladder: Ladder, breaker: Breaker
    ) -> None:
        self._line = line
        self._settings = settings
        self._ladder = ladder
        self._breaker = breaker
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._scouting = asyncio.Lock()
        self._scouted = ladder.settled

    async def write(self, turns: Sequence[Turn], *, again: bool = False) -> Reply:
        """
        Return the model's text.

        With `again`, the second request for the same wording, nothing is retried: so one wording
        costs at most `retries + 2` requests, and one more per form that the endpoint refuses
        before it has taken any. Raises BadAnswer or NoAnswer, with what it cost.
        """
        retries = 0 if again else self._settings.retries
        async with self._slots:
            async with self._scouting:
                if not self._scouted:
                    self._scouted = True
                    return await self._write(turns, retries)
            return await self._write(turns, retries)

    async def _write(self, turns: Sequence[Turn], retries: int) -> Reply:
        self._breaker.check()
        try:
            reply = await self._ask(turns, retries)
        except NoAnswer as error:
            self._breaker.note(answered=False)
            _log.warning("llm.no_answer calls=%d", error.usage.calls)
            raise
        except BadAnswer as error:
            self._breaker.note(answered=True)
            _log.warning("llm.bad_answer calls=%d", error.usage.calls)
            raise
        self._breaker.note(answered=True)
        usage = reply.usage
        _log.info(
            "llm.written calls=%d prompt_tokens=%d completion_tokens=%d",
            usage.calls,
            usage.prompt_tokens,
            usage.completion_tokens,
        )
        return reply

    async def _ask(self, turns: Sequence[Turn], retries: int) -> Reply:
        meter = Meter()
        why = ""
        for step, rung in enumerate(self._ladder.rungs):
            left = retries - (meter.sent - step)  # all requests but each rung's first are retries
            body = request_of(rung, self._settings.model, turns)
            try:
                content = await self._line.complete(body, left, meter)
            except FormRefused as error:
                why = str(error)
                continue
            completion = completion_of(content, meter.answered)
            self._settle(rung)
            return reply_of(completion, usage_of(completion, meter.answered), self._settings.model)
        raise self._line.no_answer(why, meter)

    def _settle(self, rung: Rung) -> None:
        if not self._ladder.settled:
            _log.info("llm.settled form=%s", rung)
            self._ladder.settle(rung)
