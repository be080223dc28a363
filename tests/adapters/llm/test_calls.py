"""How often the endpoint is called for one wording, and what a call that failed says."""

import asyncio
import logging
import socket
import traceback

import pytest

from schemas.errors import NoAnswer
from schemas.writing import Usage
from tests.adapters.llm.bench import BRIEF, KEY, TURNS, Bench, failure, llm_at, queue, write
from tests.adapters.loopback import Answer, Loopback


@pytest.mark.parametrize(
    ("code", "again", "requests"),
    [(500, False, 3), (503, False, 3), (429, False, 3), (500, True, 1), (401, False, 1)],
)
def test_requests_for_one_wording_are_bounded(
    bench: Bench, code: int, again: bool, requests: int
) -> None:
    bench.control.llm("status", code=code, seconds=0.01, times=9)
    error = failure(bench.llm(), again=again)
    assert isinstance(error, NoAnswer)
    assert f"HTTP {code}" in str(error)
    assert len(bench.rungs()) == requests
    assert error.usage == Usage(requests)


def test_a_busy_moment_is_waited_out_and_counted(bench: Bench) -> None:
    bench.control.llm("status", code=429, seconds=0.01, times=2)
    assert write(bench.llm()).usage.calls == 3


def test_a_wish_to_wait_for_long_is_not_fulfilled(bench: Bench) -> None:
    bench.control.llm("status", code=429, seconds=121, times=9)
    assert "HTTP 429, it is busy or the account's quota" in str(failure(bench.llm()))
    assert len(bench.rungs()) == 1


def test_a_slow_endpoint_is_no_answer_and_costs_what_is_known(bench: Bench) -> None:
    bench.control.llm("slow", seconds=3, times=2)
    error = failure(bench.llm(timeout_seconds=0.2, retries=1))
    assert isinstance(error, NoAnswer)
    assert "took longer than 0.2 s" in str(error)
    assert error.usage == Usage()
    assert len(bench.rungs()) == 2


def test_a_dropped_connection_is_tried_again(bench: Bench) -> None:
    bench.control.fault("/chat/completions", "drop_after", times=2)
    assert "can't be reached (RemoteProtocolError)" in str(failure(bench.llm(retries=1)))
    assert len(bench.rungs()) == 2


def test_a_trickle_of_blank_lines_does_not_stretch_the_time_limit() -> None:
    gone = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1\r\n\n\r\n")
            await asyncio.sleep(0.02)
        gone.set()

    async def ask() -> None:
        served = await asyncio.start_server(trickle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}"
        llm = llm_at(url, timeout_seconds=0.3, retries=0)
        async with served, llm.open() as session:
            with pytest.raises(NoAnswer, match="took longer"):
                await asyncio.wait_for(session.write(TURNS), 10)
            await gone.wait()

    asyncio.run(ask())


def test_an_unreachable_endpoint_is_no_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = failure(llm_at(f"http://127.0.0.1:{port}", retries=0))
    assert isinstance(error, NoAnswer)
    assert str(error) == (
        f"no answer from the model: 127.0.0.1:{port} can't be reached (ConnectError), "
        "check llm.base_url"
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (302, "check llm.base_url"),
        (401, "set RUNWU_LLM_API_KEY"),
        (402, "top up"),
        (403, "set RUNWU_LLM_API_KEY"),
        (404, "whether it offers m1"),
    ],
)
def test_a_refused_call_is_made_once_and_says_how_to_mend_it(
    server: Loopback, status: int, advice: str
) -> None:
    server.script = queue(Answer(b"", status, {"Location": "/chat/completions"}))
    error = failure(llm_at(server.url))
    assert isinstance(error, NoAnswer)
    assert f"{server.url.removeprefix('http://')} answered HTTP {status}" in str(error)
    assert advice in str(error)
    assert len(server.requests) == 1


def test_a_proxy_is_not_asked_for_this_machine(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert write(bench.llm()).written.text


@pytest.mark.parametrize("code", [400, 401, 422, 429, 500])
def test_neither_key_nor_prompt_reaches_an_error_or_a_log(
    bench: Bench, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    caplog.set_level(logging.DEBUG)
    bench.control.llm("status", code=code, seconds=0.01, times=9)  # quotes both
    llm = bench.llm()
    error = failure(llm)
    assert isinstance(error, NoAnswer)
    bench.control.llm("good")
    write(llm)
    told = caplog.text + "".join(traceback.format_exception(error)) + repr(vars(error))
    assert "llm.no_answer" in told
    assert "llm.written calls=1" in told
    for secret in (KEY, BRIEF["business"], TURNS[0].content, "Bearer"):
        assert secret not in told
