"""Bad and slow answers on demand."""

import json
import time

import pytest

from prompts.catalogue import offer_words
from rules.grounding import ungrounded
from rules.wording_checks import check_text
from sandbox.records import Mode
from sandbox.world import Options
from schemas.writing import Written
from tests.sandbox.conftest import Stand, Start
from tests.sandbox.llm_client import BRIEF, OBJECT, choice, content, post, user, written


@pytest.fixture
def model(start: Start) -> Stand:
    return start(Options(members=1))


@pytest.mark.parametrize(
    ("mode", "begins", "finish"),
    [
        ("prose", "您好", "stop"),
        ("fenced", "```json\n{", "stop"),
        ("thinking", "<think>", "stop"),
        ("truncated", '{"text"', "length"),
        ("filtered", "", "content_filter"),
    ],
)
def test_a_mode_spoils_as_many_answers_as_asked(
    model: Stand, mode: Mode, begins: str, finish: str
) -> None:
    model.control.llm(mode, times=2)
    spoilt = [choice(post(model)) for _ in range(2)]
    assert [one["finish_reason"] for one in spoilt] == [finish, finish]
    assert all(one["message"]["content"].startswith(begins) for one in spoilt)
    assert written(post(model))["text"]


def test_a_truncated_answer_is_no_json(model: Stand) -> None:
    model.control.llm("truncated")
    with pytest.raises(json.JSONDecodeError):
        written(post(model))


def test_a_refusal_has_no_content_and_an_empty_answer_no_choice(model: Stand) -> None:
    model.control.llm("refusal")
    model.control.llm("empty")
    message = choice(post(model))["message"]
    assert message["content"] is None
    assert message["refusal"]
    assert post(model).json()["choices"] == []


def test_an_invented_number_is_in_the_text_and_not_in_the_brief(model: Stand) -> None:
    model.control.llm("invented_number")
    text = written(post(model))["text"]
    assert "第18次光临" in text
    assert "8折" in text
    assert "直接回复我" in text


def test_wrong_evidence_names_a_key_that_the_brief_lacks(model: Stand) -> None:
    model.control.llm("wrong_evidence")
    keys = {claim["evidence_key"] for claim in written(post(model))["claims"]}
    assert keys - set(BRIEF) == {"no_such_key"}


def test_a_text_without_a_way_to_refuse_does_not_claim_one(model: Stand) -> None:
    model.control.llm("no_refusal")
    answer = written(post(model))
    assert "直接回复我" not in answer["text"]
    assert "contact" not in {claim["evidence_key"] for claim in answer["claims"]}


def test_a_web_page_may_answer_instead(model: Stand) -> None:
    model.control.llm("html")
    answer = post(model)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("code", "seconds", "after"),
    [(429, 0, "0"), (429, 121, "121"), (503, 0.5, "0.5"), (500, 0, None), (400, 0, None)],
)
def test_a_status_may_be_answered_instead(
    model: Stand, code: int, seconds: float, after: str | None
) -> None:
    model.control.llm("status", code=code, seconds=seconds)
    answer = post(model)
    assert answer.status_code == code
    assert answer.headers.get("retry-after") == after
    assert post(model).status_code == 200


def test_schemas_are_refused_until_all_is_good_again(model: Stand) -> None:
    model.control.llm("no_schema")
    model.control.llm("prose")
    refused = [post(model) for _ in range(3)]
    assert [one.status_code for one in refused] == [400, 400, 400]
    assert refused[0].json()["error"]["message"] == "This response_format type is unavailable now"
    assert content(post(model, response_format=OBJECT)).startswith("您好")  # it did not count
    model.control.llm("empty")
    model.control.llm("good")
    assert written(post(model))["text"]


def test_a_slow_answer_is_good(model: Stand) -> None:
    model.control.llm("slow", seconds=0.3)
    started = time.perf_counter()
    assert written(post(model))["text"]
    assert time.perf_counter() - started >= 0.3


@pytest.mark.parametrize(
    ("mode", "fit"),
    [("good", True), ("invented_number", False), ("wrong_evidence", False), ("no_refusal", False)],
)
@pytest.mark.parametrize(
    "slots",
    [
        {"rhythm": "两周", "product": "挂耳咖啡"},
        {"rhythm": "一个半月"},
        {"visit": "第一次"},
        {"away": "一个多月"},
        {},
    ],
)
def test_the_rules_take_a_good_text_and_no_other(
    model: Stand, mode: Mode, fit: bool, slots: dict[str, str]
) -> None:
    brief = {"business": "润物咖啡", "contact": "直接回复我", **slots}
    model.control.llm(mode)
    answer = Written.model_validate(written(post(model, user(brief))))
    checked = check_text(answer.text, max_bytes=4000, forbidden=offer_words(), refusal="直接回复我")
    wrong = (*checked.violations, *ungrounded(answer.text, answer.claims, brief, offer_words()))
    assert (wrong == ()) == fit
