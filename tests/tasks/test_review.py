"""What an operator decides is carried out to the letter, and only on the text they saw."""

import json
from typing import Any

from schemas.enums import Decision
from store import reviews
from store.database import transaction
from tasks.forms import Answer, Content, Form, read_answer, review_form
from tasks.review import apply_review, form_batches
from tests.house import House, at


def the_form(house: House) -> tuple[int, Form]:
    with transaction(house.database) as connection:
        (batch, *_) = reviews.undecided(connection)
    form = review_form(batch.id)
    assert form is not None
    return batch.id, form


def states_by_content(house: House) -> dict[Content, str]:
    rows = house.rows(
        "SELECT DISTINCT d.id, d.content_hash, m.state FROM message m"
        " JOIN draft d ON d.wording_id = m.wording_id AND d.revision = 1"
    )
    return {(row.id, row.content_hash): row.state for row in rows}


def test_each_wording_goes_the_way_it_was_decided(planned: House) -> None:
    batch, form = the_form(planned)
    one, two, *_ = form.contents.values()
    answer = Answer("王店长", {one: Decision.APPROVE, two: Decision.REJECT})
    apply_review.fn(batch, answer)
    states = states_by_content(planned)
    assert (states.pop(one), states.pop(two)) == ("approved", "rejected")
    assert set(states.values()) <= {"held", "in_review"}


def test_only_what_was_approved_ever_reaches_the_channel(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.contents.values()))
    apply_review.fn(batch, Answer("王店长", {one: Decision.APPROVE}))
    planned.push(at(2, 9, 5))
    (text,) = planned.rows("SELECT text FROM draft WHERE id = :d", d=one[0])[0]
    assert {task.text for task in planned.control.tasks()} == {text}


def test_a_decision_on_a_text_that_changed_since_is_void(planned: House) -> None:
    batch, form = the_form(planned)
    one = next(iter(form.contents.values()))
    planned.change(
        "INSERT INTO draft (wording_id, revision, text, link, violations, warnings,"
        " policy_version, expires_at, content_hash) SELECT wording_id, 2, text || '!', link,"
        " violations, warnings, policy_version, expires_at, 'another' FROM draft"
        " WHERE id = :draft",
        draft=one[0],
    )
    apply_review.fn(
        batch, Answer("王店长", dict.fromkeys(form.contents.values(), Decision.APPROVE))
    )
    assert states_by_content(planned)[one] == "held"
    assert not planned.rows(
        "SELECT 1 FROM approval WHERE draft_id = :d OR content_hash = 'another'", d=one[0]
    )


def test_a_batch_is_decided_once(planned: House) -> None:
    batch, form = the_form(planned)
    everything = dict.fromkeys(form.contents.values(), Decision.REJECT)
    assert apply_review.fn(batch, Answer("甲", everything)) is not None
    before = planned.states()
    yes = dict.fromkeys(form.contents.values(), Decision.APPROVE)
    assert apply_review.fn(batch, Answer("乙", yes)) is None
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
    decisions = [field for name, field in schema["properties"].items() if name != "reviewer"]
    assert {field["default"] for field in decisions} == {"hold"}


def test_a_form_that_comes_back_names_reviewer_and_contents(planned: House) -> None:
    _, form = the_form(planned)
    name, full = next(iter(form.contents.items()))
    values: dict[str, Any] = {"reviewer": " 王店长 ", name: "approve"}
    answer = read_answer(form, form.model(**values))
    assert answer.reviewer == "王店长"
    assert answer.decisions[full] is Decision.APPROVE
    assert set(answer.decisions.values()) == {Decision.APPROVE, Decision.HOLD}


def test_the_reviewer_sees_text_numbers_and_evidence_of_every_wording(planned: House) -> None:
    _, form = the_form(planned)
    shown = json.dumps(form.model.model_json_schema(), ensure_ascii=False)
    texts = planned.rows("SELECT d.text FROM draft d JOIN review_item i ON i.draft_id = d.id")
    assert all(" ".join(row.text.split()) in shown for row in texts)
    assert "平时间隔（天）" in shown
    assert "人 / " in shown


def test_a_batch_holds_at_most_25_wordings(planned: House) -> None:
    rows = planned.rows("SELECT count(*) AS n FROM review_item GROUP BY batch_id")
    assert all(0 < row.n <= 25 for row in rows)
