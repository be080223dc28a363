"""What is remembered from write to write: the form that is taken, and the silence."""

import json

import pytest

from adapters.llm import PAUSE_SECONDS
from sandbox.world import Options
from schemas.errors import BadAnswer, NoAnswer
from schemas.writing import Reply, Usage
from tests.adapters.llm.bench import (
    SOON,
    WRITTEN,
    Bench,
    Clock,
    completion,
    failure,
    llm_at,
    queue,
    rungs_of,
    write,
    write_many,
)
from tests.adapters.loopback import Answer, Loopback, Request
from tests.conftest import sandbox_world


def test_a_refused_form_is_not_asked_for_again(bench: Bench) -> None:
    bench.control.llm("no_schema")
    llm = bench.llm()
    assert [write(llm).usage.calls for _ in range(2)] == [2, 1]
    assert bench.rungs() == ["json_schema", "json_object", "json_object"]


@pytest.mark.parametrize("status", [400, 422])
def test_the_ladder_is_climbed_down_to_plain(server: Loopback, status: int) -> None:
    def picky(request: Request) -> Answer:
        refused = "response_format" in request.body
        return Answer(b"", status) if refused else completion(json.dumps(WRITTEN))

    server.script = picky
    llm = llm_at(server.url)
    assert [write(llm).usage.calls for _ in range(2)] == [3, 1]
    assert rungs_of(server) == ["json_schema", "json_object", "plain", "plain"]


def test_a_request_refused_in_every_form_teaches_nothing(bench: Bench) -> None:
    bench.control.llm("status", code=400, times=3)
    llm = bench.llm()
    error = failure(llm)
    assert isinstance(error, NoAnswer)
    assert "HTTP 400, check llm.base_url and whether it offers m1" in str(error)
    assert write(llm).usage.calls == 1
    assert bench.rungs() == ["json_schema", "json_object", "plain", "json_schema"]


def test_a_page_of_html_teaches_nothing_about_forms(bench: Bench) -> None:
    bench.control.llm("html")
    llm = bench.llm()
    failure(llm)
    bench.control.llm("no_schema")
    assert write(llm).usage.calls == 2


def test_once_a_form_was_taken_a_refusal_is_about_the_one_request(bench: Bench) -> None:
    llm = bench.llm()
    write(llm)
    bench.control.llm("status", code=400)
    assert isinstance(failure(llm), NoAnswer)
    write(llm)
    assert bench.rungs() == ["json_schema"] * 3


def test_stepping_down_costs_one_request_more_and_no_retry(server: Loopback) -> None:
    busy, refused = Answer(b"", 500, SOON), Answer(b"", 400)
    server.script = queue(busy, refused, busy)
    error = failure(llm_at(server.url))
    assert error.usage.calls == 4
    assert rungs_of(server) == ["json_schema", "json_schema", "json_object", "json_object"]


def test_of_many_writes_only_the_first_finds_out_the_form(bench: Bench) -> None:
    bench.control.llm("no_schema")
    replies = write_many(bench.llm(), 6)
    assert all(isinstance(reply, Reply) for reply in replies)
    assert bench.rungs() == ["json_schema"] + ["json_object"] * 6


def test_no_more_requests_are_held_at_once_than_allowed() -> None:
    with sandbox_world(Options(members=1)) as address:  # of its own: nothing else lingers there
        bench = Bench(address)
        bench.control.llm("slow", seconds=0.1, times=10)
        replies = write_many(bench.llm(concurrency=3), 10)
        most = bench.most_at_once()
    assert all(isinstance(reply, Reply) for reply in replies)
    assert most == 3


def test_one_model_serves_one_event_loop_after_another(bench: Bench) -> None:
    llm = bench.llm()
    for _ in range(2):
        assert all(isinstance(reply, Reply) for reply in write_many(llm, 3))
    assert len(bench.rungs()) == 6


def test_a_silent_endpoint_is_left_alone_for_a_while(bench: Bench) -> None:
    clock = Clock()
    llm = bench.llm("wrong", clock)
    for _ in range(3):
        assert "HTTP 401" in str(failure(llm))
    error = failure(llm)
    assert isinstance(error, NoAnswer)
    assert "not asked" in str(error)
    assert "every 300 s" in str(error)
    assert error.usage == Usage()
    clock.seconds += PAUSE_SECONDS - 1
    failure(llm)
    assert len(bench.rungs()) == 3


def test_after_the_pause_one_write_goes_to_see(server: Loopback) -> None:
    clock = Clock()
    llm = llm_at(server.url, clock=clock, retries=0, structure="plain")
    server.script = queue(Answer(b"", 503))
    for _ in range(5):
        failure(llm)
    assert len(server.requests) == 3
    server.requests.clear()
    clock.seconds += PAUSE_SECONDS
    write_many(llm, 5)
    assert len(server.requests) == 1
    clock.seconds += PAUSE_SECONDS
    server.script = queue(completion(json.dumps(WRITTEN)))
    assert write(llm).usage.calls == 1
    assert write(llm).usage.calls == 1


def test_many_writes_at_a_silent_endpoint_end_soon(bench: Bench) -> None:
    errors = write_many(bench.llm("wrong", concurrency=2), 30)
    assert all(isinstance(error, NoAnswer) for error in errors)
    assert len(bench.rungs()) in {3, 4}  # a fourth had begun beside the third


def test_only_misses_in_a_row_count_and_a_bad_answer_is_an_answer(bench: Bench) -> None:
    llm = bench.llm(retries=0)
    for _ in range(3):
        bench.control.llm("status", code=500, times=2)
        bench.control.llm("prose")
        kinds = [type(failure(llm)) for _ in range(3)]
        assert kinds == [NoAnswer, NoAnswer, BadAnswer]
