"""The main job through Prefect: suspended, decided in the form, pushed, and quiet ever after."""

from typing import Any

import pytest

from tests.flows.conftest import Installation

pytestmark = pytest.mark.engine

MORNING = "2026-03-02T07:30+08:00"
NINE = "2026-03-02T09:05+08:00"


@pytest.fixture(scope="module")
def first(installation: Installation) -> dict[str, Any]:
    """The result of the morning's run, its first review suspended."""
    result = installation.run(MORNING)
    installation.wait_for(result["reviews"][0], "Suspended")
    return result


def test_a_run_suspends_one_review_per_batch(
    installation: Installation, first: dict[str, Any]
) -> None:
    batches = installation.house.rows("SELECT flow_run_id FROM review_batch ORDER BY id")
    assert [row.flow_run_id for row in batches] == first["reviews"]


def test_the_same_command_again_opens_no_second_review(
    installation: Installation, first: dict[str, Any]
) -> None:
    before = installation.house.states()
    again = installation.run(MORNING)
    assert (again["reviews"], again["pulled"], again["pushed"]) == (first["reviews"], {}, {})
    assert installation.house.states() == before


@pytest.mark.parametrize("reviewer", [None, "", "   "])
def test_without_a_name_the_form_is_refused_and_waits_on(
    installation: Installation, first: dict[str, Any], reviewer: str | None
) -> None:
    answer = {} if reviewer is None else {"reviewer": reviewer}
    assert installation.resume(first["reviews"][0], answer) == "REJECT"
    assert installation.flow_run(first["reviews"][0])["state_name"] == "Suspended"


def test_exactly_what_was_approved_arrives_and_a_second_answer_is_void(
    installation: Installation, first: dict[str, Any]
) -> None:
    review, house = first["reviews"][0], installation.house
    fields = [name for name in installation.form(review)["properties"] if name != "reviewer"]
    approve, reject, *_ = fields
    answer = {"reviewer": "王店长", approve: "approve", reject: "reject"}
    assert installation.resume(review, answer) == "ACCEPT"
    installation.wait_for(review, "Completed")
    assert installation.resume(review, dict.fromkeys(fields, "approve")) != "ACCEPT"
    approved = house.rows(
        "SELECT m.contact, m.sender, d.text FROM message m JOIN draft d USING (wording_id)"
        " WHERE 'w' || d.id || '_' || left(d.content_hash, 16) = :field",
        field=approve,
    )
    installation.run(NINE)
    held = {
        (recipient, task.sender, task.text)
        for task in house.control.tasks()
        for recipient in task.external_userid
    }
    assert held == {tuple(row) for row in approved}
    assert house.rows("SELECT reviewer FROM approval")[0].reviewer == "王店长"


def test_the_push_of_what_was_approved_is_scheduled_for_the_end_of_the_quiet_hours(
    installation: Installation, first: dict[str, Any]
) -> None:
    """On the run's own clock: 07:30 and the time elapsed since, so about an hour and a half."""
    del first
    (scheduled,) = installation.scheduled("push-approved")
    assert list(scheduled["parameters"]) == ["on_clock_of"]


def test_open_tasks_are_looked_at_the_moment_the_quiet_hours_begin(
    installation: Installation, first: dict[str, Any]
) -> None:
    del first
    (scheduled,) = installation.scheduled("collect-outcomes")
    assert scheduled["parameters"] == {"as_of": "2026-03-02T12:30:00+00:00"}


def test_a_broken_contract_is_one_sentence_and_opens_nothing(installation: Installation) -> None:
    done = installation.runwu("run", "--as-of", "2026-02-01T07:30+08:00")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("runwu: ")
    assert "Traceback" not in done.stderr + done.stdout
