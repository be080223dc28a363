"""What an operator decides is carried out to the letter, and only on the text they saw."""

import json
from collections.abc import Mapping
from typing import Any

from schemas.enums import Decision
from store import reviews
from store.database import transaction
from tasks.decisions import SENT_BACK, apply_review
from tasks.forms import (
    Answer,
    Choice,
    Content,
    Form,
    decision_field,
    read_answer,
    review_form,
    text_field,
)
from tasks.review import form_batches
from tests.house import House, at


def the_form(house: House) -> tuple[int, Form]:
    with transaction(house.database) as connection:
        (batch, *_) = reviews.undecided(connection)
    form = review_form(batch.id)
    assert form is not None
    return batch.id, form


def answer(form: Form, decisions: Mapping[Content, Decision], reviewer: str = "王店长") -> Answer:
    """An answer in which nothing is edited; what is not named is held."""
    choices = {content: Choice(decision) for content, decision in decisions.items()}
    return Answer(reviewer, form.round, choices)


def to_all(form: Form, decision: Decision, reviewer: str = "王店长") -> Answer:
    return answer(form, dict.fromkeys(form.texts, decision), reviewer)


def states_by_content(house: House) -> dict[Content, str]:
    rows = house.rows(
        "SELECT DISTINCT d.id, d.content_hash, m.state FROM message m"
        " JOIN draft d ON d.wording_id = m.wording_id AND d.revision = 1"
    )
    return {(row.id, row.content_hash): row.state for row in rows}


def test_each_wording_goes_the_way_it_was_decided(planned: House) -> None:
    batch, form = the_form(planned)
    one, two, *_ = form.texts
    apply_review.fn(batch, answer(form, {one: Decision.APPROVE, two: Decision.REJECT}))
    states = states_by_content(planned)
    assert (states.pop(one), states.pop(two)) == ("approved", "rejected")
    assert set(states.values()) <= {"held", "in_review"}


def test_only_what_was_approved_ever_reaches_the_channel(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    apply_review.fn(batch, answer(form, {one: Decision.APPROVE}))
    planned.push(at(2, 9, 5))
    (text,) = planned.rows("SELECT text FROM draft WHERE id = :d", d=one[0])[0]
    assert {task.text for task in planned.control.tasks()} == {text}


def test_a_decision_on_a_text_that_changed_since_is_void(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    planned.change(
        "INSERT INTO draft (wording_id, revision, text, link, violations, warnings, author, note,"
        " claims, calls, prompt_tokens, completion_tokens, policy_version, expires_at,"
        " content_hash) SELECT wording_id, 2, text || '!', link, violations, warnings, author,"
        " note, claims, 0, 0, 0, policy_version, expires_at, 'another' FROM draft"
        " WHERE id = :draft",
        draft=one[0],
    )
    apply_review.fn(batch, to_all(form, Decision.APPROVE))
    assert states_by_content(planned)[one] == "held"
    assert not planned.rows(
        "SELECT 1 FROM approval WHERE draft_id = :d OR content_hash = 'another'", d=one[0]
    )


def test_a_batch_is_decided_once(planned: House) -> None:
    batch, form = the_form(planned)
    assert apply_review.fn(batch, to_all(form, Decision.REJECT, "甲")) != {}
    before = planned.states()
    assert apply_review.fn(batch, to_all(form, Decision.APPROVE, "乙")) == {}
    assert (review_form(batch), planned.states()) == (None, before)


def test_a_rejection_frees_the_persons_slot(planned: House) -> None:
    planned.decide(Decision.REJECT)
    assert set(planned.states()) == {"rejected"}
    assert planned.unbalanced() == []


def test_a_yes_that_comes_after_the_window_sends_nothing(planned: House) -> None:
    planned.change("UPDATE draft SET expires_at = '2026-03-02T07:00+08:00'")
    planned.decide()
    assert set(planned.states()) == {"expired"}
    assert planned.unbalanced() == []


def test_a_yes_does_not_help_a_person_who_refused_meanwhile(planned: House) -> None:
    (person, *_) = planned.rows("SELECT person_id FROM message ORDER BY id")[0]
    planned.change("UPDATE consent SET granted = false WHERE person_id = :p", p=person)
    planned.decide()
    rows = planned.rows("SELECT state FROM message WHERE person_id = :p", p=person)
    assert [row.state for row in rows] == ["blocked"]


def test_what_is_held_is_offered_again_the_next_day_and_then_expires(planned: House) -> None:
    planned.decide(Decision.HOLD)
    planned.change("UPDATE message SET window_until = '2026-03-06T00:00+08:00'")
    held = planned.states()["held"]
    planned.pull(at(3, 7, 30))
    run = planned.grow(at(3, 7, 30))
    offered = planned.rows("SELECT count(*) AS n FROM message WHERE state = 'in_review'")[0].n
    assert offered >= held
    assert form_batches.fn(run) == 0
    planned.decide(Decision.HOLD)
    planned.collect(at(4, 8, 0))
    gone = planned.rows("SELECT reason FROM message_event WHERE to_state = 'expired'")
    assert {row.reason for row in gone} >= {"held too long"}
    assert planned.unbalanced() == []


def test_one_absent_minded_click_sends_nothing(planned: House) -> None:
    _, form = the_form(planned)
    schema = form.model.model_json_schema()
    assert schema["required"] == ["reviewer"]
    defaults = {field.get("default") for field in schema["properties"].values()}
    assert defaults == {None, "hold", *form.texts.values()}
    nothing_but_a_name: dict[str, Any] = {"reviewer": "王店长"}
    silent = read_answer(form, form.model(**nothing_but_a_name))
    assert set(silent.choices.values()) == {Choice(Decision.HOLD)}


def test_a_form_that_comes_back_names_reviewer_and_contents(planned: House) -> None:
    _, form = the_form(planned)
    one, two, *_ = form.texts
    values: dict[str, Any] = {
        "reviewer": " 王店长 ",
        decision_field(one): "approve",
        text_field(one): form.texts[one].replace("\n", "\r\n") + "  ",
        text_field(two): "您好，换个说法。",
    }
    given = read_answer(form, form.model(**values))
    assert given.reviewer == "王店长"
    assert given.choices.pop(one) == Choice(Decision.APPROVE)
    assert given.choices.pop(two) == Choice(Decision.HOLD, "您好，换个说法。")
    assert set(given.choices.values()) == {Choice(Decision.HOLD)}


EDIT = "您好，店里新到了一批豆子。\n不想再收到，直接回复我说一声就停。"
BROKEN = "您好，这是全网第一的豆子。"


def drafts_of(house: House, content: Content) -> list[Any]:
    return house.rows(
        "SELECT n.id, n.revision, n.text, n.author, n.content_hash FROM draft d"
        " JOIN draft n USING (wording_id) WHERE d.id = :d ORDER BY n.revision",
        d=content[0],
    )


def test_an_edited_text_is_approved_and_sent_as_it_was_edited(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    apply_review.fn(batch, Answer("王店长", 1, {one: Choice(Decision.APPROVE, EDIT)}))
    _, revised = drafts_of(planned, one)
    assert (revised.text, revised.author) == (EDIT, "operator")
    (approval,) = planned.rows("SELECT draft_id, content_hash FROM approval")
    assert tuple(approval) == (revised.id, revised.content_hash)
    planned.push(at(2, 9, 5))
    assert {task.text for task in planned.control.tasks()} == {EDIT}
    assert planned.unbalanced() == []


def test_an_edit_that_breaks_a_rule_comes_back_with_the_reason_and_nothing_is_sent(
    planned: House,
) -> None:
    batch, form = the_form(planned)
    one, two, *_ = form.texts
    choices = {one: Choice(Decision.APPROVE, BROKEN), two: Choice(Decision.APPROVE)}
    assert apply_review.fn(batch, Answer("王店长", 1, choices))[SENT_BACK] > 0
    again = review_form(batch)
    assert again is not None
    assert (again.round, list(again.texts)) == (2, [one])
    shown = again.model.model_json_schema()["properties"]
    assert shown[text_field(one)]["default"] == BROKEN
    reason = shown[text_field(one)]["description"]
    assert "不得使用的词「全网第一」" in reason
    assert "没有写明如何拒收" in reason
    assert len(drafts_of(planned, one)) == 1
    assert states_by_content(planned)[one] == "in_review"
    planned.push(at(2, 9, 5))
    assert {task.text for task in planned.control.tasks()} == {form.texts[two]}


def test_what_came_back_is_decided_in_a_further_round(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    for round_, edit in ((1, BROKEN), (2, BROKEN), (3, EDIT)):
        apply_review.fn(batch, Answer("王店长", round_, {one: Choice(Decision.APPROVE, edit)}))
    assert [row.text for row in drafts_of(planned, one)] == [form.texts[one], EDIT]
    assert states_by_content(planned)[one] == "approved"
    assert review_form(batch) is None
    assert planned.unbalanced() == []


def test_an_answer_to_an_earlier_round_changes_nothing(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    first = Answer("王店长", 1, {one: Choice(Decision.APPROVE, BROKEN)})
    apply_review.fn(batch, first)
    before = planned.states()
    assert apply_review.fn(batch, first) == {}
    assert planned.states() == before


def test_a_text_put_back_as_it_was_is_no_edit(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    apply_review.fn(batch, Answer("王店长", 1, {one: Choice(Decision.APPROVE, BROKEN)}))
    again = review_form(batch)
    assert again is not None
    values: dict[str, Any] = {
        "reviewer": "王店长",
        decision_field(one): "approve",
        text_field(one): form.texts[one],
    }
    apply_review.fn(batch, read_answer(again, again.model(**values)))
    assert len(drafts_of(planned, one)) == 1
    assert states_by_content(planned)[one] == "approved"


def test_an_edit_on_hold_is_what_is_shown_the_next_time(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.texts))
    apply_review.fn(batch, Answer("王店长", 1, {one: Choice(Decision.HOLD, EDIT)}))
    planned.change("UPDATE message SET window_until = '2026-03-06T00:00+08:00'")
    planned.pull(at(3, 7, 30))
    planned.grow(at(3, 7, 30))
    shown = [
        text
        for row in planned.rows("SELECT id FROM review_batch WHERE decided_at IS NULL")
        if (later := review_form(row.id)) is not None
        for text in later.texts.values()
    ]
    assert EDIT in shown


def test_the_reviewer_sees_text_numbers_and_evidence_of_every_wording(planned: House) -> None:
    _, form = the_form(planned)
    shown = json.dumps(form.model.model_json_schema(), ensure_ascii=False)
    texts = planned.rows("SELECT d.text FROM draft d JOIN review_item i ON i.draft_id = d.id")
    assert all(json.dumps(row.text, ensure_ascii=False) in shown for row in texts)
    assert "平时间隔（天）" in shown
    assert "人 / " in shown


def test_a_batch_holds_at_most_25_wordings(planned: House) -> None:
    rows = planned.rows("SELECT count(*) AS n FROM review_item GROUP BY batch_id")
    assert all(0 < row.n <= 25 for row in rows)
