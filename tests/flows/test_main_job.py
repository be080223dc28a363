"""The main job through Prefect: suspended, decided in the form, pushed, and quiet ever after."""

from pathlib import Path
from typing import Any

import pytest

from cli.deployments import read_deployments
from tests.flows.conftest import Installation

pytestmark = [pytest.mark.engine, pytest.mark.soak]

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
    decisions = [name for name in installation.form(review)["properties"] if name[0] == "w"]
    approve, reject, *_ = decisions
    answer = {"reviewer": "王店长", approve: "approve", reject: "reject"}
    assert installation.resume(review, answer) == "ACCEPT"
    installation.wait_for(review, "Completed")
    assert installation.resume(review, dict.fromkeys(decisions, "approve")) != "ACCEPT"
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


def test_a_day_gone_by_is_one_sentence_and_opens_nothing(installation: Installation) -> None:
    done = installation.runwu("run", "--as-of", "2026-02-01T07:30+08:00")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("runwu: 2026-02-01 is over: ")
    assert "Traceback" not in done.stderr + done.stdout


def test_when_the_clock_strikes_in_a_rehearsed_database_nothing_happens(
    installation: Installation, first: dict[str, Any]
) -> None:
    """By today's clock the windows of March are long over, and all of it would expire."""
    del first
    before = installation.house.rows("SELECT id, state FROM message ORDER BY id")
    run = installation.wait_for(installation.start("collect-outcomes"), "PassedBy")
    assert "rehearses another day" in run["state"]["message"]
    assert installation.house.rows("SELECT id, state FROM message ORDER BY id") == before
    assert not any(installation.schedules(one.name) for one in read_deployments())


def test_up_puts_the_flows_on_their_schedules_in_the_business_zone(
    installation: Installation, tmp_path: Path
) -> None:
    config = tmp_path / "runwu.toml"
    config.write_text('[business]\ntimezone = "Europe/London"\n')
    wanted = {
        one.name: sorted((schedule.cron, "Europe/London") for schedule in one.schedules)
        for one in read_deployments()
    }
    up = installation.runwu("up", "--config", str(config))
    assert up.returncode == 0, up.stderr
    installation.wait_until(lambda: _schedules(installation) == wanted)
    installation.wait_until(lambda: len(installation.scheduled("daily-growth")) > 0)


def _schedules(installation: Installation) -> dict[str, list[tuple[str, str]]]:
    return {one.name: sorted(installation.schedules(one.name)) for one in read_deployments()}
