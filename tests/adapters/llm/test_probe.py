"""Whether the endpoint can be reached, and what can never work."""

import asyncio

import pytest

from adapters.llm import Llm
from schemas.errors import ConfigurationError, NoAnswer
from tests.adapters.llm.bench import Bench, llm_at, queue
from tests.adapters.loopback import Answer, Loopback


def probed(llm: Llm) -> str:
    """Return why an endpoint cannot be used; nothing if it can."""
    try:
        asyncio.run(llm.probe())
    except NoAnswer as error:
        return str(error)
    return ""


def test_a_probe_costs_no_completion(bench: Bench) -> None:
    assert probed(bench.llm()) == ""
    assert bench.rungs() == []


def test_a_probe_tells_of_a_refused_key(bench: Bench) -> None:
    assert "set RUNWU_LLM_API_KEY to a key that may use m1" in probed(bench.llm("wrong"))


@pytest.mark.parametrize("code", [404, 405, 501])
def test_an_endpoint_without_a_list_of_models_is_reachable(bench: Bench, code: int) -> None:
    bench.control.fault("/models", "errcode", code=code)
    assert probed(bench.llm()) == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(b"", 503), "HTTP 503"),
        (Answer(b"<html>"), "something else than JSON, check llm.base_url"),
        (Answer(b"{", headers={"Content-Length": "9"}), "can't be reached (RemoteProtocolError)"),
    ],
)
def test_a_probe_asks_once_and_says_what_is_wrong(
    server: Loopback, answer: Answer, why: str
) -> None:
    server.script = queue(answer)
    assert why in probed(llm_at(server.url))
    assert server.paths() == ["models"]


@pytest.mark.parametrize("url", ["", "api.example.com", "ftp://x/v1", "http://x/v1?key=1"])
def test_an_address_that_is_none_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"llm\.base_url"):
        llm_at(url)


def test_a_key_no_header_can_carry_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="RUNWU_LLM_API_KEY") as caught:
        llm_at("http://127.0.0.1:1", "密\n")
    assert "密" not in str(caught.value)
