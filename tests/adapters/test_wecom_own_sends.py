"""What employees send by themselves is read as WeCom tells it; what it can't tell yet, later."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.wecom.client import WecomClient
from adapters.wecom.own_sends import OwnSends
from sandbox.control import Control
from sandbox.world import Options
from schemas.errors import ConfigurationError, NotSent
from schemas.own_sends import MassSend, OwnSend
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.wecom_script import WecomScript, error
from tests.conftest import sandbox_world

MADE = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
LATER = MADE + timedelta(minutes=5)
STAMP = int(MADE.timestamp())


@dataclass(frozen=True)
class Corp:
    """A corporation that answers over HTTP, and the reader of what its employees send."""

    control: Control
    client: WecomClient

    def customers(self, userid: str, count: int) -> list[str]:
        path, request = "externalcontact/batch/get_by_user", {"userid_list": [userid]}
        rows = self.client.call("POST", path, json=request)["external_contact_list"]
        return [row["external_contact"]["external_userid"] for row in rows[:count]]

    def made(self, since: datetime = MADE, until: datetime = LATER) -> list[MassSend]:
        return list(OwnSends(self.client).made(since, until))


@pytest.fixture
def corp() -> Iterator[Corp]:
    with (
        sandbox_world(Options(members=60)) as address,
        WecomClient(f"{address}/wecom", "ww-sandbox", "sandbox-secret", 5.0) as client,
    ):
        control = Control(address)
        control.set_clock(MADE)
        yield Corp(control, client)


def test_everybody_reached_is_told_with_sender_and_instant(corp: Corp) -> None:
    customers = corp.customers("ChenYu", 3)
    task = corp.control.send_own("ChenYu", *customers)
    at = task.created_at.replace(microsecond=0)
    corp.control.set_clock(LATER)
    reached = tuple(OwnSend(task.msgid, "ChenYu", customer, at) for customer in customers)
    assert corp.made() == [MassSend(task.msgid, at, reached, whole=True)]


def test_what_the_corporation_sends_is_left_out(corp: Corp) -> None:
    request = {
        "sender": "ChenYu",
        "external_userid": corp.customers("ChenYu", 1),
        "text": {"content": "您好"},
    }
    corp.client.call("POST", "externalcontact/add_msg_template", json=request)
    corp.control.set_clock(LATER)
    assert corp.made() == []


def test_in_its_first_seconds_it_is_not_whole_and_later_it_is(corp: Corp) -> None:
    corp.control.send_own("ChenYu", *corp.customers("ChenYu", 1))
    assert [(one.whole, len(one.reached)) for one in corp.made()] == [(False, 0)]
    corp.control.set_clock(LATER)
    assert [(one.whole, len(one.reached)) for one in corp.made()] == [(True, 1)]


def test_whom_it_did_not_reach_is_not_told(corp: Corp) -> None:
    first, gone, heard = corp.customers("ChenYu", 3)
    corp.control.delete(gone, "ChenYu")
    earlier = corp.control.send_own("ChenYu", heard).msgid
    msgid = corp.control.send_own("ChenYu", first, gone, heard).msgid
    corp.control.set_clock(LATER)
    assert [(one.msgid, [each.address for each in one.reached]) for one in corp.made()] == [
        (earlier, [heard]),
        (msgid, [first]),
    ]
    assert all(one.whole for one in corp.made())


def test_a_window_ends_before_its_end_so_that_each_is_in_one(corp: Corp) -> None:
    msgid = corp.control.send_own("ChenYu", *corp.customers("ChenYu", 1)).msgid
    corp.control.set_clock(LATER)
    assert corp.made(MADE - timedelta(hours=1), MADE) == []
    assert [one.msgid for one in corp.made(MADE, MADE + timedelta(hours=1))] == [msgid]


def _listed(msgid: str, **more: object) -> dict[str, Any]:
    return {"msgid": msgid, "create_time": str(STAMP), "create_type": 1, "creator": "zhang", **more}


def _row(customer: str, status: object = 1, **more: object) -> dict[str, Any]:
    return {"external_userid": customer, "userid": "zhang", "status": status, **more}


@pytest.fixture
def scripted(wecom: WecomScript) -> WecomScript:
    """One message by zhang, sent to wm1."""
    wecom.answer("get_groupmsg_list_v2", {"group_msg_list": [_listed("m1")]})
    wecom.answer("get_groupmsg_task", {"task_list": [{"userid": "zhang", "status": 2}]})
    wecom.answer("get_groupmsg_send_result", {"send_list": [_row("wm1", send_time=STAMP + 9)]})
    return wecom


def _made(client: WecomClient) -> list[MassSend]:
    return list(OwnSends(client).made(MADE, LATER))


def test_the_list_is_asked_for_what_employees_made_in_a_span(
    client: WecomClient, scripted: WecomScript, server: Loopback
) -> None:
    del scripted
    list(OwnSends(client).made(MADE + timedelta(milliseconds=1), LATER - timedelta(milliseconds=1)))
    assert server.requests[1].body == {
        "chat_type": "single",
        "start_time": STAMP,
        "end_time": STAMP + 300,
        "filter_type": 1,
        "limit": 100,
        "cursor": "",
    }


def test_every_page_is_read(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer(
        "get_groupmsg_list_v2",
        {"group_msg_list": [_listed("m1")], "next_cursor": "c"},
        {"group_msg_list": [_listed("m2", create_time=STAMP)]},
    )
    wecom.answer("get_groupmsg_task", {"task_list": []})
    wecom.answer(
        "get_groupmsg_send_result",
        {"send_list": [_row("wm1", send_time=STAMP)], "next_cursor": "c"},
        {"send_list": [_row("wm2", send_time=STAMP)]},
        {"send_list": [_row("wm3", send_time=STAMP)]},
    )
    assert [[each.address for each in one.reached] for one in _made(client)] == [
        ["wm1", "wm2"],
        ["wm3"],
    ]


def test_without_an_instant_of_its_own_a_row_has_that_of_the_message(
    client: WecomClient, scripted: WecomScript
) -> None:
    assert [each.at for one in _made(client) for each in one.reached] == [
        MADE + timedelta(seconds=9)
    ]
    scripted.answers["get_groupmsg_send_result"].clear()
    scripted.answer("get_groupmsg_send_result", {"send_list": [_row("wm1")]})
    assert [each.at for one in _made(client) for each in one.reached] == [MADE]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [_row("wm1"), _row("wm2", 0)],
        [_row("wm1"), _row("wm2", 9)],
        [_row("wm1"), _row("wm2", [1])],
    ],
    ids=["nobody yet", "unsent", "a status nobody knows", "no status"],
)
def test_what_may_still_come_makes_it_not_whole(
    client: WecomClient, scripted: WecomScript, rows: list[dict[str, Any]]
) -> None:
    scripted.answers["get_groupmsg_send_result"].clear()
    scripted.answer("get_groupmsg_send_result", {"send_list": rows})
    (made,) = _made(client)
    assert not made.whole
    assert [each.address for each in made.reached] == ["wm1"][: len(rows)]


def test_a_chat_group_is_nobody(client: WecomClient, scripted: WecomScript) -> None:
    scripted.answers["get_groupmsg_send_result"].clear()
    rows = [{"chat_id": "wr1", "userid": "zhang", "status": 1, "send_time": STAMP}]
    scripted.answer("get_groupmsg_send_result", {"send_list": rows})
    assert _made(client) == [MassSend("m1", MADE, (), whole=True)]


def test_who_is_named_in_two_cases_is_asked_once(
    client: WecomClient, scripted: WecomScript, server: Loopback
) -> None:
    scripted.answers["get_groupmsg_list_v2"].clear()
    scripted.answer("get_groupmsg_list_v2", {"group_msg_list": [_listed("m1", creator="ZHANG")]})
    (made,) = _made(client)
    assert [each.sender for each in made.reached] == ["zhang"]
    assert server.paths().count("get_groupmsg_send_result") == 1


@pytest.mark.parametrize("row", [_listed("m0", create_type=0), {"create_time": "1"}, "nonsense"])
def test_what_is_no_message_of_an_employee_is_passed_by(
    client: WecomClient, scripted: WecomScript, row: object
) -> None:
    scripted.answers["get_groupmsg_list_v2"].clear()
    scripted.answer("get_groupmsg_list_v2", {"group_msg_list": [row, _listed("m1")]})
    assert [one.msgid for one in _made(client)] == ["m1"]


@pytest.mark.parametrize("call", ["get_groupmsg_task", "get_groupmsg_send_result"])
@pytest.mark.parametrize("code", [41063, 41047, 60111])
def test_what_wecom_does_not_tell_of_one_keeps_no_other_from_being_read(
    client: WecomClient, scripted: WecomScript, call: str, code: int
) -> None:
    scripted.answers["get_groupmsg_list_v2"].clear()
    scripted.answer("get_groupmsg_list_v2", {"group_msg_list": [_listed("m1"), _listed("m2")]})
    answer = scripted.answers[call].popleft()
    scripted.answer(call, error(code), answer)
    assert [(one.msgid, one.whole, len(one.reached)) for one in _made(client)] == [
        ("m1", False, 0),
        ("m2", True, 1),
    ]


@pytest.mark.parametrize(
    "call", ["get_groupmsg_list_v2", "get_groupmsg_task", "get_groupmsg_send_result"]
)
@pytest.mark.parametrize(
    ("answer", "raised", "told"),
    [
        (error(45009), NotSent, "45009"),
        (error(48002), ConfigurationError, "48002"),
        ({"group_msg_list": "x", "task_list": "x", "send_list": "x"}, NotSent, "is no list"),
    ],
)
def test_a_wecom_that_cannot_be_read_is_an_error(
    client: WecomClient,
    scripted: WecomScript,
    call: str,
    answer: Answer | dict[str, Any],
    raised: type[Exception],
    told: str,
) -> None:
    scripted.answers[call].clear()
    scripted.answer(call, answer)
    with pytest.raises(raised, match=told):
        _made(client)


def test_no_customer_is_named_in_a_log(
    client: WecomClient, scripted: WecomScript, caplog: pytest.LogCaptureFixture
) -> None:
    del scripted
    caplog.set_level(logging.INFO)
    _made(client)
    assert "wecom.own_sends_listed count=1" in caplog.text
    assert "wm1" not in caplog.text
