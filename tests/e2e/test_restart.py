"""A review may wait for days: everything may be stopped and started while it does."""

from pathlib import Path

from tests.e2e.conftest import MORNING
from tests.flows.conftest import installed

NINE = "2026-03-02T09:05+08:00"


def test_a_review_outlives_server_worker_and_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with installed(home, {}) as before:
        review = before.run(MORNING)["reviews"][0]
        before.wait_for(review, "Suspended")
    assert not (home / "pg" / "postmaster.pid").exists()
    with installed(home, {}) as after:
        assert after.flow_run(review)["state_name"] == "Suspended"
        fields = [name for name in after.form(review)["properties"] if name.startswith("w")]
        assert after.resume(review, {"reviewer": "王店长", fields[0]: "approve"}) == "ACCEPT"
        after.wait_for(review, "Completed")
        approved = after.house.rows(
            "SELECT d.text FROM approval a JOIN draft d ON d.id = a.draft_id"
        )
        after.run(NINE)
        assert {task.text for task in after.house.control.tasks()} == {approved[0].text}
        assert set(after.house.states()) == {"dispatched", "held"}
