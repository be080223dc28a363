"""Whom an employee has written to since our task was called need not get both."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store import outbox
from tasks import collect, reissue
from tasks.wiring import wiring
from tests.house import House, at
from tests.tasks.test_collect import states_of, waiting_task

SENT, LEARNED, PUSHED, EVENING = at(2, 20, 21), at(2, 20, 23), at(2, 20, 24), at(2, 20, 31)
ROOMY = """
[policy]
gap_hours = 0
caps = [{window = "day", max = 2}]
personal = {start = 9, least = 9, most = 9}
holdout = {share = 0}
"""


@pytest.fixture
def roomy(approved: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The approved day, pushed under a policy that has room for two messages a day."""
    (tmp_path / "runwu.toml").write_text(ROOMY)
    monkeypatch.setenv("RUNWU_CONFIG", str(tmp_path / "runwu.toml"))
    wiring()._wecom.close()
    wiring.cache_clear()
    yield approved
    wiring()._wecom.close()
    wiring.cache_clear()


def write_to(house: House, person: int, *, times: int = 1) -> str:
    """Let the employee of a person's message write to them on their own; return the contact."""
    (message,) = house.rows(
        "SELECT contact, sender FROM message WHERE person_id = :p AND NOT ghost", p=person
    )
    house.control.set_clock(SENT)
    for _ in range(times):
        house.control.send_own(message.sender, message.contact)
    contact: str = message.contact
    return contact


def last_reason(house: House, person: int) -> str:
    query = (
        "SELECT e.reason FROM message_event e JOIN message m ON m.id = e.message_id"
        " WHERE m.person_id = :p AND NOT m.ghost ORDER BY e.seq DESC LIMIT 1"
    )
    reason: str = house.rows(query, p=person)[0].reason
    return reason


def tasks_for(house: House, contact: str) -> list[Any]:
    """Return our tasks for a contact that may still reach them, or have."""
    tasks = [task for task in house.control.tasks() if task.creator is None]
    return [task for task in tasks if contact in task.external_userid and not task.cancelled]


def confirm_all(house: House) -> None:
    for task in house.control.tasks():
        if not task.cancelled:
            house.control.confirm(task.msgid)


def received_of_ours(house: House) -> Counter[str]:
    ours = {task.msgid for task in house.control.tasks() if task.creator is None}
    letters = [letter for letter in house.control.received() if letter.msgid in ours]
    return Counter(letter.external_userid for letter in letters)


def contact_of(house: House, person: int) -> str:
    (row,) = house.rows("SELECT contact FROM message WHERE person_id = :p AND NOT ghost", p=person)
    contact: str = row.contact
    return contact


def test_whoever_an_employee_wrote_to_is_taken_out_and_the_others_get_it_once(
    approved: House,
) -> None:
    _, msgid, (first, other) = waiting_task(approved)
    before = approved.rows("SELECT count(*) FROM ledger WHERE kind = 'reservation'")
    contact = write_to(approved, first)
    approved.collect(LEARNED)
    (task,) = [one for one in approved.control.tasks() if one.msgid == msgid]
    assert task.cancelled
    assert states_of(approved, [first, other]) == {first: "blocked", other: "queued"}
    assert last_reason(approved, first) == "reached otherwise meanwhile"
    approved.push(PUSHED)
    confirm_all(approved)
    approved.collect(EVENING)
    received = received_of_ours(approved)
    assert received[contact] == 0
    assert received[contact_of(approved, other)] == 1
    assert approved.rows("SELECT count(*) FROM ledger WHERE kind = 'reservation'") == before
    assert approved.unbalanced() == []


def test_who_has_room_for_both_keeps_the_task(roomy: House) -> None:
    _, msgid, persons = waiting_task(roomy)
    write_to(roomy, persons[0])
    roomy.collect(LEARNED)
    assert roomy.rows("SELECT 1 FROM own_send")
    (task,) = [one for one in roomy.control.tasks() if one.msgid == msgid]
    assert not task.cancelled
    assert set(states_of(roomy, persons).values()) == {"dispatched"}


def test_of_two_who_were_written_to_the_one_with_room_stays(roomy: House) -> None:
    dispatch, _, (full, other) = waiting_task(roomy)
    contact = contact_of(roomy, full)
    write_to(roomy, other)
    write_to(roomy, full)
    # The stand-in's own quota lets nobody have two of a day, so the second one is told to us.
    roomy.change(
        "INSERT INTO own_send (channel, msgid, sender, address, sent_at)"
        " VALUES ('wecom', 'second', 'somebody', :c, :at)",
        c=contact,
        at=SENT,
    )
    roomy.collect(LEARNED)
    assert states_of(roomy, [full, other]) == {full: "blocked", other: "queued"}
    assert roomy.rows("SELECT state FROM dispatch WHERE id = :d", d=dispatch)[0].state == "closed"


def test_what_was_confirmed_before_the_own_send_is_left_alone(approved: House) -> None:
    _, msgid, persons = waiting_task(approved)
    approved.control.set_clock(SENT)
    approved.control.confirm(msgid)
    write_to(approved, persons[0])
    approved.collect(LEARNED)
    (task,) = [one for one in approved.control.tasks() if one.msgid == msgid]
    assert not task.cancelled
    assert set(states_of(approved, persons).values()) <= {"delivered", "unreachable", "capped"}
    assert approved.unbalanced() == []


def test_what_was_confirmed_but_not_yet_heard_of_is_not_sent_again(approved: House) -> None:
    """The own send is known first, the confirmation only once the task cannot be cancelled."""
    _, msgid, persons = waiting_task(approved)
    write_to(approved, persons[0])
    approved.control.set_clock(LEARNED)
    approved.control.confirm(msgid)
    approved.collect(PUSHED)
    assert not set(states_of(approved, persons).values()) & {"queued", "dispatched", "blocked"}
    assert max(received_of_ours(approved).values()) == 1
    assert approved.unbalanced() == []


def test_a_task_that_cannot_be_cancelled_is_not_issued_again(approved: House) -> None:
    _, _, persons = waiting_task(approved)
    approved.control.fault("cancel_groupmsg_send", "errcode", code=45009, times=1000)
    write_to(approved, persons[0])
    approved.collect(LEARNED)
    assert set(states_of(approved, persons).values()) == {"dispatched"}


def test_what_became_known_only_after_the_call_counts_too(approved: House) -> None:
    """WeCom lists a message late: it went out before our call, and nobody knew."""
    _, _, persons = waiting_task(approved)
    approved.change(
        "INSERT INTO own_send (channel, msgid, sender, address, sent_at)"
        " VALUES ('wecom', 'late', 'somebody', :c, :at)",
        c=contact_of(approved, persons[0]),
        at=at(2, 20, 15),
    )
    approved.collect(LEARNED)
    assert states_of(approved, persons)[persons[0]] == "blocked"


def test_when_all_were_written_to_nothing_is_issued_again(approved: House) -> None:
    dispatch, _, persons = waiting_task(approved)
    for person in persons:
        write_to(approved, person)
    approved.collect(LEARNED)
    assert set(states_of(approved, persons).values()) == {"blocked"}
    (row,) = approved.rows("SELECT state FROM dispatch WHERE id = :d", d=dispatch)
    assert row.state == "closed"
    assert approved.unbalanced() == []


@pytest.mark.soak
@pytest.mark.parametrize(
    ("where", "step"),
    [
        (collect, "_cancelled"),
        (collect, "_progress"),
        (collect, "_record"),
        (reissue, "move"),
        (outbox, "seal_again"),
        (outbox, "change"),
    ],
)
def test_whoever_dies_while_splitting_a_task_sends_nothing_twice(
    approved: House, monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    """Dead right after each step; whoever comes next makes good what was left."""
    _, _, (first, other) = waiting_task(approved)
    contact = write_to(approved, first)
    done = getattr(where, step)

    def then_die(*args: Any, **kwargs: Any) -> None:
        done(*args, **kwargs)
        raise SystemExit(step)

    with monkeypatch.context() as patch:
        patch.setattr(where, step, then_die)
        with pytest.raises(SystemExit, match=step):
            approved.collect(LEARNED)
    approved.collect(LEARNED)
    assert states_of(approved, [first, other]) == {first: "blocked", other: "queued"}
    approved.push(PUSHED)
    assert tasks_for(approved, contact) == []
    assert len(tasks_for(approved, contact_of(approved, other))) == 1
    confirm_all(approved)
    approved.collect(EVENING)
    received = received_of_ours(approved)
    assert received[contact] == 0
    assert max(received.values()) == received[contact_of(approved, other)] == 1
    assert approved.unbalanced() == []
