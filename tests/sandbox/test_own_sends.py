"""What employees send by themselves: it arrives, uses up the quota, and is told as theirs."""

from datetime import timedelta

import httpx
import pytest

from tests.sandbox.conftest import MORNING, Answer, Stand

LATER = MORNING + timedelta(minutes=1)


def listed(stand: Stand, **more: object) -> list[Answer]:
    span = {"start_time": int(MORNING.timestamp()), "end_time": int(MORNING.timestamp()) + 3600}
    answer = stand.wecom("get_groupmsg_list_v2", chat_type="single", **(span | more))
    rows: list[Answer] = answer["group_msg_list"]
    return rows


def test_it_arrives_at_once_and_nobody_has_to_confirm(stand: Stand) -> None:
    customers = stand.customers("ChenYu")[:2]
    task = stand.control.send_own("ChenYu", *customers)
    assert (task.creator, task.confirmed_at) == ("ChenYu", task.created_at)
    assert [(one.external_userid, one.userid) for one in stand.control.received()] == [
        (customer, "ChenYu") for customer in customers
    ]


def test_its_results_are_told_like_those_of_any_task(stand: Stand) -> None:
    customers = stand.customers("ChenYu")[:2]
    task = stand.control.send_own("ChenYu", *customers)
    msgid, sent_at = task.msgid, int(task.created_at.timestamp())
    assert stand.wecom("get_groupmsg_task", msgid=msgid)["errcode"] == 41063
    stand.control.set_clock(LATER)
    (share,) = stand.wecom("get_groupmsg_task", msgid=msgid)["task_list"]
    assert share == {"userid": "ChenYu", "status": 2, "send_time": sent_at}
    rows = stand.wecom("get_groupmsg_send_result", msgid=msgid, userid="ChenYu")["send_list"]
    assert [(row["external_userid"], row["status"], row["send_time"]) for row in rows] == [
        (customer, 1, sent_at) for customer in customers
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["ours", "theirs"]),
        ({"filter_type": 2}, ["ours", "theirs"]),
        ({"filter_type": 0}, ["ours"]),
        ({"filter_type": 1}, ["theirs"]),
        ({"creator": "ChenYu"}, ["theirs"]),
        ({"creator": "LinXia"}, []),
        ({"creator": ""}, ["ours", "theirs"]),
        ({"filter_type": 1, "creator": "LinXia"}, []),
    ],
)
def test_the_list_tells_whose_each_is(
    stand: Stand, asked: dict[str, object], expected: list[str]
) -> None:
    ours = stand.send("LinXia", stand.customers("LinXia")[:1])
    theirs = stand.control.send_own("ChenYu", stand.customers("ChenYu")[0]).msgid
    names = {ours: "ours", theirs: "theirs"}
    rows = listed(stand, **asked)
    assert [names[row["msgid"]] for row in rows] == expected
    kinds = {names[row["msgid"]]: (row["create_type"], row.get("creator")) for row in rows}
    assert kinds.items() <= {"ours": (0, None), "theirs": (1, "ChenYu")}.items()


def test_it_uses_up_the_quota_that_is_there_for_all(stand: Stand) -> None:
    customer = stand.customers("ChenYu")[0]
    stand.control.send_own("ChenYu", customer)
    msgid = stand.send("ChenYu", [customer])
    stand.control.set_clock(LATER)
    stand.control.confirm(msgid)
    assert stand.statuses(msgid, "ChenYu") == [3]


def test_the_quota_holds_for_it_too(stand: Stand) -> None:
    customer = stand.customers("ChenYu")[0]
    stand.control.confirm(stand.send("ChenYu", [customer]))
    msgid = stand.control.send_own("ChenYu", customer).msgid
    stand.control.set_clock(LATER)
    assert stand.statuses(msgid, "ChenYu") == [3]
    assert len(stand.control.received()) == 1


def test_it_goes_to_customers_of_the_employee_only(stand: Stand) -> None:
    mine = stand.customers("ChenYu")
    theirs = next(each for each in stand.customers("LinXia") if each not in mine)
    for stranger in (theirs, "wm-nobody"):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            stand.control.send_own("ChenYu", mine[0], stranger)
    assert stand.control.received() == []
