"""The endpoint under test: the stand-in on real HTTP, or a server whose answers a test scripts."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.llm import Llm
from sandbox.control import Control
from schemas.errors import WriterError
from schemas.settings import LlmSettings
from schemas.writing import Reply, Turn
from tests.adapters.loopback import Answer, Loopback, Request

KEY = "sandbox-secret"
SOON = {"Retry-After": "0.01"}
BRIEF = {"business": "润物咖啡", "contact": "直接回复我", "away": "一个多月"}
TURNS = [
    Turn("system", "你是顾问。"),
    Turn("user", f"写一句问候。\nBRIEF: {json.dumps(BRIEF, ensure_ascii=False)}"),
]
WRITTEN = {"text": "您好", "claims": [{"span": "您", "evidence_key": "away"}]}


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    """The stand-in, with the requests of this test only."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.control = Control(address)
        self.control.llm("good")
        self._before = len(self.control.completions())

    def rungs(self) -> list[str]:
        return [one.rung for one in self.control.completions()[self._before :]]

    def most_at_once(self) -> int:
        return max(one.at_once for one in self.control.completions()[self._before :])

    def llm(self, key: str = KEY, clock: Clock | None = None, **changed: Any) -> Llm:
        return llm_at(f"{self.address}/llm/v1", key, clock, **changed)


def llm_at(url: str, key: str = KEY, clock: Clock | None = None, **changed: Any) -> Llm:
    options: dict[str, Any] = {"model": "m1", "retries": 2, "timeout_seconds": 5.0} | changed
    return Llm(url, key, LlmSettings(base_url=url, **options), clock or Clock())


def write(llm: Llm, turns: list[Turn] = TURNS, *, again: bool = False) -> Reply:
    """Write once, in an event loop of its own."""

    async def once() -> Reply:
        async with llm.open() as session:
            return await session.write(turns, again=again)

    return asyncio.run(once())


def write_many(llm: Llm, count: int) -> list[Reply | BaseException]:
    async def many() -> list[Reply | BaseException]:
        async with llm.open() as session:
            tries = [session.write(TURNS) for _ in range(count)]
            return await asyncio.gather(*tries, return_exceptions=True)

    return asyncio.run(many())


def failure(llm: Llm, *, again: bool = False) -> WriterError:
    with pytest.raises(WriterError) as caught:
        write(llm, again=again)
    return caught.value


def completion(content: object, finish_reason: str = "stop", **more: object) -> Answer:
    message = {"role": "assistant", "content": content}
    choices = [{"index": 0, "finish_reason": finish_reason, "message": message}]
    return Answer({"choices": choices, "model": "m9"} | more)


def queue(*answers: Answer) -> Callable[[Request], Answer]:
    waiting = list(answers)
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def rungs_of(server: Loopback) -> list[str]:
    forms = [request.body.get("response_format") for request in server.requests]
    return [form["type"] if form else "plain" for form in forms]
