"""The language model's stand-in, as any OpenAI-compatible client sees it."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from sandbox.app import Part, create_app
from sandbox.world import Options
from tests.sandbox.conftest import MORNING, Stand, Start
from tests.sandbox.llm_client import (
    BRIEF,
    OBJECT,
    PATH,
    SCHEMA,
    STRICT,
    TEXT,
    content,
    post,
    user,
    written,
)


@pytest.fixture
def model(start: Start) -> Stand:
    return start(Options(members=1))


def test_a_completion_has_what_clients_look_for(model: Stand) -> None:
    model.control.set_clock(MORNING)
    answer = post(model, model="qwen-x").json()
    assert answer["model"] == "qwen-x"
    assert answer["object"] == "chat.completion"
    assert 0 <= answer["created"] - MORNING.timestamp() < 60
    assert answer["usage"]["prompt_tokens"] == -(-len(user()["content"]) // 2)
    assert answer["usage"]["total_tokens"] > answer["usage"]["completion_tokens"] > 0
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["id"] != post(model).json()["id"]


@pytest.mark.parametrize(
    "slots",
    [
        {"rhythm": "两周", "product": "挂耳{0}咖啡"},
        {"rhythm": "一个月"},
        {"product": "美式"},
        {"visit": "第一次"},
        {"away": "一个多月"},
        {"unheard_of": "300 元"},
    ],
)
def test_a_text_says_what_its_brief_says_and_claims_each_value(
    model: Stand, slots: dict[str, str]
) -> None:
    brief = {"business": "7号店", "contact": "回复 TD", **slots}
    answer = written(post(model, user(brief)))
    claims = {claim["evidence_key"]: claim["span"] for claim in answer["claims"]}
    known = {key: value for key, value in brief.items() if key != "unheard_of"}
    assert claims == known
    assert all(value in answer["text"] for value in known.values())
    assert answer["text"].endswith("不想再收到这类消息，回复 TD说一声就停。")
    assert set(re.findall(r"\d+", answer["text"])) <= set(re.findall(r"\d+", str(known)))


def test_the_same_brief_gives_the_same_text_and_others_differ_in_their_opening(
    model: Stand,
) -> None:
    briefs = [{"business": "店", "contact": "回复我", "away": f"{n}天"} for n in range(12)]
    openings = {written(post(model, user(brief)))["text"].split("\n")[0] for brief in briefs}
    assert len(openings) > 1
    assert written(post(model)) == written(post(model))


def test_the_last_brief_of_a_user_counts(model: Stand) -> None:
    old = user({**BRIEF, "business": "旧店"})
    said = {"role": "assistant", "content": 'BRIEF: {"business": "假店", "contact": "x"}'}
    objection = {"role": "user", "content": "请改正后重新回答\nBRIEF: 不是 JSON"}
    parts = {"role": "user", "content": [{"type": "text", "text": user()["content"]}]}
    assert "润物咖啡" in written(post(model, old, parts, said, objection))["text"]


def test_without_a_brief_there_is_only_prose(model: Stand) -> None:
    assert "{" not in content(post(model, {"role": "user", "content": "写吧"}))


@pytest.mark.parametrize(
    ("ask", "form", "begins"),
    [
        ("写", STRICT, "{"),
        ("用 json 写", OBJECT, "{"),
        ("用 JSON 写", {"type": "text"}, "```json\n{"),
        ("写", {"type": "text"}, "您好"),
    ],
)
def test_the_form_asked_for_is_the_form_of_the_answer(
    model: Stand, ask: str, form: dict[str, Any], begins: str
) -> None:
    assert content(post(model, user(ask=ask), response_format=form)).startswith(begins)


def test_json_mode_wants_the_word_json(model: Stand) -> None:
    answer = post(model, user(ask="写"), response_format=OBJECT)
    assert answer.status_code == 400
    assert "must contain the word 'json'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "schema",
    [
        {**SCHEMA, "additionalProperties": True},
        {**SCHEMA, "required": ["text"]},
        {**SCHEMA, "properties": {"text": TEXT}},
        {**SCHEMA, "properties": {"text": TEXT, "claims": {"type": "object"}}},
        None,
    ],
)
def test_strict_mode_refuses_a_loose_schema(model: Stand, schema: object) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "w", "strict": True, "schema": schema}}
    assert post(model, response_format=form).status_code == 400


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"model": "m"}', b'{"model": "m", "messages": [], "stream": true}']
)
def test_what_is_no_request_is_refused_and_not_remembered(model: Stand, body: bytes) -> None:
    answer = model.http.post(PATH, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert model.control.completions() == []


def test_it_does_not_stream(model: Stand) -> None:
    assert post(model, stream=True).status_code == 400


def test_requests_are_remembered_as_they_came(model: Stand) -> None:
    post(model, {"role": "system", "content": "你是顾问"}, user())
    model.http.headers["authorization"] = "Bearer wrong"
    refused = post(model, model="m2", response_format=OBJECT)
    assert refused.status_code == 401
    first, second = model.control.completions()
    assert (first.model, first.rung, first.authorized) == ("m1", "json_schema", True)
    assert [turn.role for turn in first.messages] == ["system", "user"]
    assert first.messages[0].content == "你是顾问"
    assert (second.model, second.rung, second.authorized) == ("m2", "json_object", False)


def test_requests_at_once_are_counted(model: Stand) -> None:
    model.control.llm("slow", times=3, seconds=0.5)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: post(model), range(3)))
    post(model)
    assert sorted(one.at_once for one in model.control.completions()) == [1, 1, 2, 3]


def test_the_models_are_listed_for_who_may_ask(model: Stand) -> None:
    answer = model.http.get("/llm/v1/models").json()
    assert answer["object"] == "list"
    assert answer["data"][0]["object"] == "model"
    model.http.headers["authorization"] = "Bearer wrong"
    refused = model.http.get("/llm/v1/models")
    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "invalid_api_key"


def test_faults_of_the_line_befall_completions_too(model: Stand) -> None:
    model.control.fault("/chat/completions", "errcode", code=502)
    assert post(model).status_code == 502
    model.control.fault("/chat/completions", "drop_after")
    with pytest.raises(httpx.RemoteProtocolError):
        post(model)
    assert len(model.control.completions()) == 1


def test_an_unknown_mode_is_refused(model: Stand) -> None:
    assert model.http.post("/sandbox/llm", json={"mode": "drunk"}).status_code == 422


@pytest.mark.parametrize("only", ["shop", "wecom", "llm"])
def test_a_part_is_served_alone(only: Part) -> None:
    paths = {"shop": "/shop/orders", "wecom": "/wecom/cgi-bin/gettoken", "llm": "/llm/v1/models"}
    with TestClient(create_app(Options(members=1), only)) as client:
        served = [part for part, path in paths.items() if client.get(path).status_code != 404]
        assert client.get("/sandbox/clock").status_code == 200
    assert served == [only]


def test_without_a_choice_all_parts_are_served() -> None:
    with TestClient(create_app(Options(members=1))) as client:
        for path in ("/shop/orders", "/wecom/cgi-bin/gettoken", "/llm/v1/models"):
            assert client.get(path).status_code != 404
