"""
A policy edited while a day is under way: what was decided stands, what is still to come goes by it.

Every decision and reservation keeps the version it was made under, a text the one it was written
under, and the approval and the push look at everything once more under the one in force.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.enums import Decision
from tasks import growth, plan, scenes
from tasks.wiring import wiring
from tests.house import House, at, refresh_all

MORNING, NINE = at(2, 7, 30), at(2, 9, 5)
HARMLESS = "gap_hours = 47"
STRICT = "caps = [{window = 'day', max = 0}]"
Edit = Callable[[str], str]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Let a test edit the policy; each process reads it once, so the next one goes by it."""
    file = tmp_path / "runwu.toml"

    def write(policy: str) -> str:
        file.write_text(f"[policy]\n{policy}\n")
        monkeypatch.setenv("RUNWU_CONFIG", str(file))
        wiring()._wecom.close()
        wiring.cache_clear()
        return wiring().policy.version

    yield write
    wiring()._wecom.close()
    wiring.cache_clear()


@pytest.fixture
def halfway(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A day that died when half of its persons were decided."""
    house.pull(MORNING)
    run = growth.open_growth.fn(MORNING)
    refresh_all(MORNING)
    for scene in scenes.scene_names.fn():
        while scenes.find_candidates.fn(run, scene):
            pass
    (found,) = house.rows("SELECT count(DISTINCT person_id) AS persons FROM candidate")
    with monkeypatch.context() as patch:
        patch.setattr(plan, "CHUNK", found.persons // 2)
        plan.plan_chunk.fn(run)
    return house


def versions(house: House, table: str) -> set[str]:
    return {row[0] for row in house.rows(f"SELECT DISTINCT policy_version FROM {table}")}


def decisions(house: House) -> dict[int, Any]:
    return {row.candidate_id: row for row in house.rows("SELECT * FROM decision")}


def reasons(house: House, state: str) -> set[str]:
    query = "SELECT DISTINCT reason FROM message_event WHERE to_state = :state"
    return {row.reason for row in house.rows(query, state=state)}


def test_what_was_decided_stands_and_the_rest_goes_by_the_policy_in_force(
    halfway: House, edit: Edit
) -> None:
    first, before = wiring().policy.version, decisions(halfway)
    second = edit(STRICT)
    halfway.grow(MORNING)
    after = decisions(halfway)
    assert {id_: after[id_] for id_ in before} == before
    later = [row for id_, row in after.items() if id_ not in before]
    assert {row.policy_version for row in before.values()} == {first}
    assert {row.policy_version for row in later} == {second} != {first}
    assert "won" in {row.verdict for row in before.values()}
    assert {row.verdict for row in later} == {"suppressed"}
    kept = halfway.rows(
        "SELECT 1 FROM ledger l JOIN decision d ON d.candidate_id = l.slot"
        " WHERE l.policy_version <> d.policy_version"
    )
    assert (kept, versions(halfway, "ledger")) == ([], {first})
    assert halfway.unbalanced() == []


def test_one_text_may_serve_persons_decided_under_either_and_is_approved_once(
    halfway: House, edit: Edit
) -> None:
    first = wiring().policy.version
    second = edit(HARMLESS)
    halfway.grow(MORNING)
    mixed = halfway.rows(
        "SELECT m.wording_id FROM message m JOIN decision d ON d.candidate_id = m.id"
        " GROUP BY 1 HAVING count(DISTINCT d.policy_version) = 2"
    )
    assert mixed
    assert versions(halfway, "ledger") == {first, second}
    assert versions(halfway, "draft") == {second}
    everybody = halfway.decide()["approve"]
    halfway.push(NINE)
    assert halfway.states() == {"dispatched": everybody}


def test_who_won_before_a_stricter_policy_is_looked_at_again_when_they_are_approved(
    halfway: House, edit: Edit
) -> None:
    edit(STRICT)
    halfway.grow(MORNING)
    waiting = halfway.states()["in_review"]
    assert halfway.decide() == {"approve": 0}
    assert halfway.states() == {"blocked": waiting}
    assert reasons(halfway, "blocked") == {"cap"}
    assert halfway.unbalanced() == []


def test_an_edit_after_the_yes_voids_no_approval_for_its_own_sake(
    approved: House, edit: Edit
) -> None:
    everybody = approved.states()["approved"]
    written = versions(approved, "draft")
    assert edit(HARMLESS) not in written
    approved.push(NINE)
    assert approved.states() == {"dispatched": everybody}
    assert versions(approved, "draft") == written


def test_a_stricter_policy_after_the_yes_is_what_the_push_goes_by(
    approved: House, edit: Edit
) -> None:
    everybody = approved.states()["approved"]
    edit(STRICT)
    approved.push(NINE)
    assert approved.states() == {"blocked": everybody}
    assert reasons(approved, "blocked") == {"cap"}
    assert approved.control.tasks() == []


def test_hours_that_were_shortened_after_the_yes_end_what_is_called_today(
    approved: House, edit: Edit
) -> None:
    edit("quiet_hours = {start = '12:00', end = '09:00'}")
    approved.push(NINE)
    ends = approved.rows("SELECT DISTINCT until FROM dispatch")
    assert [row.until for row in ends] == [at(2, 12)]


def test_a_text_edited_under_another_policy_is_approved_as_what_it_is_now(
    planned: House, edit: Edit
) -> None:
    first = versions(planned, "draft")
    second = edit(HARMLESS)
    everybody = planned.decide(
        Decision.APPROVE, "您好，新豆子到了。\n不想再收到，直接回复我说一声就停。"
    )
    assert versions(planned, "draft") == first | {second}
    planned.push(NINE)
    assert planned.states() == {"dispatched": everybody["approve"]}
