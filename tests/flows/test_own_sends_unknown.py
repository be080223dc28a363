"""While WeCom does not tell what employees sent by themselves, a day is planned, nothing sent."""

import httpx
import pytest

from tests.flows.conftest import Installation

pytestmark = [pytest.mark.engine, pytest.mark.soak]

MORNING = "2026-03-02T07:30+08:00"
NINE = "2026-03-02T09:05+08:00"
TEN_PAST = "2026-03-02T09:15+08:00"
ASKED = 3
"""How often a run asks: when it collects, when it plans, when it pushes."""


def run_in_the_dark(installation: Installation, as_of: str) -> str:
    """Run the main job while WeCom does not answer that one question; return what it ended with."""
    installation.house.control.fault("get_groupmsg_list_v2", "errcode", code=45009, times=ASKED)
    done = installation.runwu("run", "--as-of", as_of)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def ends(installation: Installation, flow: str) -> list[str]:
    """Return how the runs of a flow ended, the oldest first."""
    found = httpx.post(
        f"{installation.prefect}/api/flow_runs/filter",
        json={"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_ASC"},
        timeout=30,
    ).json()
    return [run["state_name"] for run in found if run["state_type"] != "SCHEDULED"]


def test_the_plan_goes_on_the_push_refuses_and_the_next_one_sends(
    installation: Installation,
) -> None:
    house = installation.house
    assert "45009" in run_in_the_dark(installation, MORNING)
    assert (ends(installation, "daily-growth"), ends(installation, "push-approved")) == (
        ["Completed"],
        ["Failed"],
    )
    assert set(house.states()) == {"in_review"}
    for row in house.rows("SELECT flow_run_id FROM review_batch ORDER BY id"):
        installation.wait_for(row.flow_run_id, "Suspended")
        fields = [one for one in installation.form(row.flow_run_id)["properties"] if one[0] == "w"]
        answer = {"reviewer": "王店长", **dict.fromkeys(fields, "approve")}
        assert installation.resume(row.flow_run_id, answer) == "ACCEPT"
        installation.wait_for(row.flow_run_id, "Completed")
    approved = house.states()
    (message,) = house.rows(
        "SELECT id, contact, sender FROM message WHERE NOT ghost ORDER BY id LIMIT 1"
    )
    house.control.send_own(message.sender, message.contact)
    assert run_in_the_dark(installation, NINE).endswith("the next push tries again")
    assert house.states() == approved == {"approved": sum(approved.values())}
    installation.run(TEN_PAST)
    assert house.states()["dispatched"] > 0
    blocked = house.rows(
        "SELECT reason FROM message_event WHERE message_id = :id AND to_state = 'blocked'",
        id=message.id,
    )
    assert [set(row.reason.split(", ")) for row in blocked] == [{"gap", "cap"}]
    ours = [task for task in house.control.tasks() if task.creator is None]
    assert message.contact not in {each for task in ours for each in task.external_userid}
