"""Whom an employee wrote to by themselves hears nothing from us that would be too much."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from prefect import Task
from sqlalchemy import Engine, make_url

from flows.collect_outcomes import collect_outcomes
from flows.push_approved import push_approved
from schemas.errors import RunRefused
from store.database import engine, psycopg_url
from tasks import collect
from tasks.own_sends import learn_own_sends, read_own_sends
from tasks.wiring import wiring
from tests.builders import rows
from tests.house import House, at
from tests.tasks.test_collect import states_of, waiting_task
from tests.tasks.told import story

MORNING = at(2, 7, 30)
PUSH = at(2, 9, 5)
SETTLED = timedelta(minutes=10)

_DECIDED = """
SELECT d.verdict, d.reasons FROM decision d JOIN candidate c ON c.id = d.candidate_id
JOIN contact k ON k.person_id = c.person_id WHERE k.address = :contact
"""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let flows run without Prefect: tasks are called plainly, and nothing is scheduled."""

    def called(task: Task[Any, Any], *args: Any, **kwargs: Any) -> Any:
        return task.fn(*args, **kwargs)

    async def asked(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(Task, "__call__", called)
    monkeypatch.setattr(collect, "arun_deployment", asked)


@pytest.fixture
def wanted(server_url: str, planned_day: str) -> Any:
    """A contact, with sender and person, who is written to on the 2nd of March."""
    url = make_url(psycopg_url(server_url)).set(database=planned_day)
    there: Engine = engine(url.render_as_string(hide_password=False))
    query = "SELECT contact, sender, person_id FROM message WHERE NOT ghost ORDER BY id LIMIT 1"
    return rows(there, query)[0]


def sent_on_their_own(house: House, when: datetime, message: Any) -> str:
    house.control.set_clock(when)
    return house.control.send_own(message.sender, message.contact).msgid


def first_message(house: House) -> Any:
    query = "SELECT id, contact, sender, person_id FROM message WHERE NOT ghost ORDER BY id LIMIT 1"
    return house.rows(query)[0]


def known_until(house: House) -> datetime:
    (row,) = house.rows("SELECT until FROM own_send_mark")
    until: datetime = row.until
    return until


def test_whom_an_employee_wrote_to_this_morning_is_not_written_to_today(
    house: House, wanted: Any
) -> None:
    sent_on_their_own(house, at(2, 7, 20), wanted)
    house.pull(MORNING)
    assert read_own_sends.fn(MORNING) == 1
    house.grow(MORNING)
    (send,) = house.rows("SELECT id FROM own_send")
    ((verdict, reasons),) = house.rows(_DECIDED, contact=wanted.contact)
    assert verdict == "suppressed"
    assert {"rule": "gap", "hours": 48, "beside": [-send.id]} in reasons
    assert {"rule": "cap", "window": "calendar_day", "used": 1, "max": 1} in reasons
    assert house.rows("SELECT 1 FROM message WHERE contact = :c", c=wanted.contact) == []
    assert house.states()["in_review"] > 0


def test_the_story_says_that_it_was_the_employees_own(house: House, wanted: Any) -> None:
    sent_on_their_own(house, at(2, 7, 20), wanted)
    house.pull(MORNING)
    read_own_sends.fn(MORNING)
    house.grow(MORNING)
    (person,) = house.rows("SELECT person_id FROM contact WHERE address = :c", c=wanted.contact)
    told = story(person.person_id)
    ((episode,),) = [day.episodes for day in told.days]
    assert any(told.endswith("：员工自己群发") for told in episode.shown_reasons)
    assert {cap.used for cap in told.budget.caps} == {1}


def test_whom_an_employee_wrote_to_since_the_yes_is_left_alone(approved: House) -> None:
    message = first_message(approved)
    sent_on_their_own(approved, at(2, 8, 30), message)
    approved.control.set_clock(PUSH)
    read_own_sends.fn(PUSH)
    approved.push(PUSH)
    (event,) = approved.rows(
        "SELECT to_state, reason FROM message_event WHERE message_id = :id"
        " ORDER BY seq DESC LIMIT 1",
        id=message.id,
    )
    assert event.to_state == "blocked"
    assert set(event.reason.split(", ")) == {"gap", "cap"}
    sent = {each for task in approved.control.tasks() for each in task.external_userid}
    assert sent > {message.contact}
    assert approved.unbalanced() == []
    approved.control.set_clock(at(2, 20))
    received = [one.external_userid for one in approved.control.received()]
    assert received.count(message.contact) == 1


def test_a_cap_of_the_day_counts_the_day_of_the_persons_own_zone(house: House, wanted: Any) -> None:
    """In Honolulu it is still the 1st, for the send as for whoever asks."""
    sent_on_their_own(house, at(2, 7, 20), wanted)
    house.pull(MORNING)
    read_own_sends.fn(MORNING)
    house.change("UPDATE member SET timezone = 'Pacific/Honolulu'")
    (person,) = house.rows("SELECT person_id FROM contact WHERE address = :c", c=wanted.contact)
    caps = {cap.window: cap.used for cap in story(person.person_id).budget.caps}
    assert caps["calendar_day"] == 1


def test_what_wecom_is_still_setting_up_is_read_later_and_counted_once(house: House) -> None:
    customer = _customers("ChenYu")[0]
    house.control.set_clock(MORNING)
    house.control.send_own("ChenYu", customer)
    assert read_own_sends.fn(MORNING) == 0
    later = MORNING + timedelta(minutes=1)
    house.control.set_clock(later)
    assert [read_own_sends.fn(later) for _ in range(2)] == [1, 0]


def test_what_was_made_in_the_last_minutes_is_looked_at_again(house: House) -> None:
    """WeCom may list a message late, by a clock that is behind ours."""
    house.control.set_clock(MORNING)
    read_own_sends.fn(MORNING + timedelta(minutes=5))
    house.control.send_own("ChenYu", _customers("ChenYu")[0])
    house.control.set_clock(MORNING + timedelta(minutes=6))
    assert read_own_sends.fn(MORNING + timedelta(minutes=6)) == 1


@pytest.mark.parametrize("call", ["get_groupmsg_task", "get_groupmsg_send_result"])
def test_what_wecom_refuses_to_tell_is_asked_for_again_and_given_up_after_a_day(
    house: House, call: str
) -> None:
    house.control.set_clock(MORNING)
    task = house.control.send_own("ChenYu", _customers("ChenYu")[0])
    made_at = task.created_at.replace(microsecond=0)
    house.control.fault(call, "errcode", code=41047, times=2)
    for hours in (1, 25):
        as_of = MORNING + timedelta(hours=hours)
        house.control.set_clock(as_of)
        assert read_own_sends.fn(as_of) == 0
        assert known_until(house) == (made_at if hours == 1 else as_of - SETTLED)


def test_what_is_told_after_a_refusal_is_known(house: House) -> None:
    house.control.set_clock(MORNING)
    house.control.send_own("ChenYu", _customers("ChenYu")[0])
    house.control.fault("get_groupmsg_send_result", "errcode", code=60111)
    later = MORNING + timedelta(hours=2)
    house.control.set_clock(later)
    assert [read_own_sends.fn(later) for _ in range(2)] == [0, 1]
    assert known_until(house) == later - SETTLED


def test_the_first_reading_goes_back_as_far_as_any_cap_does(house: House) -> None:
    first, second = _customers("ChenYu")
    house.control.set_clock(at(1, 9))
    house.control.send_own("ChenYu", first)
    house.control.set_clock(at(4, 9))
    house.control.send_own("ChenYu", second)
    april = at(31, 9) + timedelta(days=4)
    house.control.set_clock(april)
    assert read_own_sends.fn(april) == 1
    assert [row.address for row in house.rows("SELECT address FROM own_send")] == [second]


@pytest.mark.usefixtures("plain")
def test_a_wecom_that_cannot_be_read_leaves_the_mark_and_is_told(house: House) -> None:
    house.control.set_clock(MORNING)
    assert learn_own_sends(MORNING) == ""
    before = known_until(house)
    house.control.fault("get_groupmsg_list_v2", "errcode", code=45009)
    assert "45009" in learn_own_sends(MORNING + timedelta(hours=1))
    assert known_until(house) == before


@pytest.mark.usefixtures("plain")
def test_nothing_goes_out_while_it_is_not_known_whom_employees_wrote_to(approved: House) -> None:
    message = first_message(approved)
    sent_on_their_own(approved, at(2, 8, 30), message)
    approved.control.set_clock(PUSH)
    approved.control.fault("get_groupmsg_list_v2", "errcode", code=45009)
    before = approved.states()
    with pytest.raises(RunRefused, match=r"45009.*the next push tries again"):
        asyncio.run(push_approved.fn(PUSH))
    assert approved.states() == before == {"approved": sum(before.values())}
    asyncio.run(push_approved.fn(PUSH + timedelta(minutes=10)))
    assert approved.states()["dispatched"] > 0
    ours = [task for task in approved.control.tasks() if task.creator is None]
    assert message.contact not in {each for task in ours for each in task.external_userid}


@pytest.mark.usefixtures("plain")
def test_what_is_out_already_is_looked_after_all_the_same(approved: House) -> None:
    approved.push(at(2, 20, 20))
    evening = at(2, 20, 31)
    approved.control.set_clock(evening)
    approved.control.fault("get_groupmsg_list_v2", "errcode", code=45009, times=100)
    asyncio.run(collect_outcomes.fn(evening))
    late = [task for task in approved.control.tasks() if task.confirmed_at is None]
    assert late
    assert all(task.cancelled for task in late)
    assert "dispatched" not in approved.states()


@pytest.mark.usefixtures("plain")
def test_what_is_learned_takes_open_tasks_back_in_the_same_round(approved: House) -> None:
    _, msgid, (person, _) = waiting_task(approved)
    query = "SELECT contact, sender FROM message WHERE person_id = :p AND NOT ghost"
    sent_on_their_own(approved, at(2, 20, 21), approved.rows(query, p=person)[0])
    approved.control.set_clock(at(2, 20, 23))
    asyncio.run(collect_outcomes.fn(at(2, 20, 23)))
    (task,) = [one for one in approved.control.tasks() if one.msgid == msgid]
    assert task.cancelled
    assert states_of(approved, [person]) == {person: "blocked"}


def _customers(userid: str) -> list[str]:
    """Return two customers of an employee, as WeCom tells them."""
    path, request = "externalcontact/batch/get_by_user", {"userid_list": [userid]}
    found = wiring()._wecom.call("POST", path, json=request)["external_contact_list"]
    return [row["external_contact"]["external_userid"] for row in found[:2]]
