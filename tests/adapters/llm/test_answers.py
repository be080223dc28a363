"""What is asked of the endpoint, and what is made of its answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm_answers import completion_of, reply_of
from adapters.llm_forms import SCHEMA
from sandbox.records import Mode
from schemas.errors import BadAnswer
from schemas.writing import Claim, Turn, Usage, Written
from tests.adapters.llm.bench import (
    TURNS,
    WRITTEN,
    Bench,
    completion,
    failure,
    llm_at,
    queue,
    rungs_of,
    write,
)
from tests.adapters.loopback import Answer, Loopback


def test_a_good_answer_is_taken_with_what_it_cost(bench: Bench) -> None:
    reply = write(bench.llm())
    assert "差不多一个多月没见您了" in reply.written.text
    assert Claim(span="一个多月", evidence_key="away") in reply.written.claims
    assert json.loads(reply.raw)["text"] == reply.written.text
    assert reply.model == "m1"
    prompt = -(-sum(len(turn.content) for turn in TURNS) // 2)
    assert reply.usage == Usage(1, prompt, -(-len(reply.raw) // 2))


def test_the_strictest_form_is_asked_for_first(server: Loopback) -> None:
    server.script = queue(completion(json.dumps(WRITTEN)))
    assert write(llm_at(server.url + "/v1/", "k3y")).written == Written.model_validate(WRITTEN)
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.authorization == "Bearer k3y"
    form = request.body.pop("response_format")
    assert form["json_schema"] == {"name": "written", "strict": True, "schema": SCHEMA}
    said = [{"role": turn.role, "content": turn.content} for turn in TURNS]
    assert request.body == {"model": "m1", "messages": said}


def test_the_schema_asks_for_what_is_read() -> None:
    claim = SCHEMA["properties"]["claims"]["items"]
    assert SCHEMA["required"] == list(Written.model_fields)
    assert claim["required"] == list(Claim.model_fields)
    assert "maxLength" not in json.dumps(SCHEMA)  # some servers refuse what they cannot enforce


@pytest.mark.parametrize("form", ["json_object", "plain"])
def test_a_plainer_form_tells_the_schema_in_the_one_system_turn(
    server: Loopback, form: str
) -> None:
    server.script = queue(completion(json.dumps(WRITTEN)))
    for turns in (TURNS, TURNS[1:]):
        write(llm_at(server.url, structure=form), turns)
        messages = server.requests[-1].body["messages"]
        assert [message["role"] for message in messages] == ["system", "user"]
        assert json.dumps(SCHEMA) in messages[0]["content"]
        assert messages[1]["content"] == TURNS[1].content
    assert rungs_of(server) == [form, form]


def test_a_turn_that_says_nothing_is_not_sent(server: Loopback) -> None:
    server.script = queue(completion(json.dumps(WRITTEN)))
    write(llm_at(server.url), [*TURNS, Turn("assistant", " "), Turn("user", "再写")], again=True)
    assert [one["role"] for one in server.requests[0].body["messages"]] == [
        "system",
        "user",
        "user",
    ]


@pytest.mark.parametrize(
    "mode", ["fenced", "thinking", "slow", "invented_number", "wrong_evidence", "no_refusal"]
)
@pytest.mark.parametrize("form", ["json_schema", "json_object", "plain"])
def test_what_is_in_form_is_taken_whatever_surrounds_it(
    bench: Bench, mode: Mode, form: str
) -> None:
    bench.control.llm(mode)
    assert "润物咖啡" in write(bench.llm(structure=form)).written.text
    assert bench.rungs() == [form]


@pytest.mark.parametrize(
    ("mode", "wrong"),
    [
        ("prose", "no JSON object in the answer"),
        ("truncated", "the answer was cut off at its length limit"),
        ("refusal", "the model refused"),
        ("filtered", "the endpoint's filter withheld the answer"),
        ("empty", "empty answer: no choices"),
        ("html", "not a chat completion"),
    ],
)
def test_an_answer_that_is_none_is_bad_and_not_retried(
    bench: Bench, mode: Mode, wrong: str
) -> None:
    bench.control.llm(mode)
    error = failure(bench.llm())
    assert isinstance(error, BadAnswer)
    assert str(error) == wrong
    assert error.usage.calls == 1
    assert (error.usage.prompt_tokens > 0) == (mode != "html")
    assert bool(error.raw) == (mode in {"prose", "truncated", "refusal"})
    assert len(bench.rungs()) == 1


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (completion(None, "tool_calls"), "empty answer: tool calls only"),
        (completion("\n "), "empty answer: no content"),
        (completion('{"text": "您好"}'), "the answer's form: claims: missing"),
        (completion('{"text": 1, "claims": []}'), "the answer's form: text: string_type"),
        (completion('{"text": "a", "claims": [{"span": "a"}]}'), "evidence_key: missing"),
        (completion('{"sk-1": {"text": "a", "claims": []}}'), "the answer's form: text: missing"),
        (completion('{"text": "\\ud800", "claims": []}'), "the answer's form: object"),
        (completion('{"a":' * 2000), "no JSON object"),
        (completion('<think>{"text": "a", "claims": []}</think>好的'), "no JSON object"),
        (completion([{"type": "text", "text": "a"}]), "not a chat completion"),
        (Answer({"choices": None}), "not a chat completion"),
        (Answer({"error": {"message": "upstream"}}), "not a chat completion"),
        (Answer(b""), "not a chat completion"),
        (Answer(b'"\xff'), "not a chat completion"),
    ],
)
def test_whatever_a_server_answers_is_at_worst_a_bad_answer(
    server: Loopback, answer: Answer, wrong: str
) -> None:
    server.script = queue(answer)
    error = failure(llm_at(server.url))
    assert isinstance(error, BadAnswer)
    assert wrong in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "usage", [None, [], "7", {}, {"prompt_tokens": None, "completion_tokens": -3}]
)
def test_missing_usage_counts_as_nothing(server: Loopback, usage: object) -> None:
    answer = completion(json.dumps(WRITTEN), usage=usage, model=None)
    server.script = queue(answer)
    reply = write(llm_at(server.url))
    assert reply.usage == Usage(1, 0, 0)
    assert reply.model == "m1"


def test_a_line_break_in_a_text_need_not_be_escaped(server: Loopback) -> None:
    server.script = queue(completion('{"text": "您好\n再见", "claims": []}'))
    assert write(llm_at(server.url)).written.text == "您好\n再见"


@given(st.text(), st.text(), st.text())
def test_the_last_object_in_form_is_found_in_any_talk(before: str, text: str, after: str) -> None:
    said = json.dumps({"text": text, "claims": []}, ensure_ascii=True)
    talk = before.replace("{", "(") + '{"draft": {}}' + said + after.replace("{", "(")
    body = completion(talk.replace("</think>", "")).body
    found = completion_of(json.dumps(body).encode(), 1)
    assert reply_of(found, Usage(1), "m").written.text == text


@given(st.text(alphabet='{}[]":, \\ntexclaims1') | st.text())
def test_any_content_is_read_or_refused(content: str) -> None:
    found = completion_of(json.dumps(completion(content).body).encode(), 1)
    try:
        assert isinstance(reply_of(found, Usage(1), "m").written, Written)
    except BadAnswer as error:
        assert content.strip() == "" or error.raw == content  # noqa: PT017
