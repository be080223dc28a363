"""The life of a task: listed, confirmed, delivered or capped, cancelled."""

from datetime import datetime, timedelta
from typing import Literal

import httpx
import pytest

from sandbox.calendar import ZONE
from sandbox.world import Options
from tests.sandbox.conftest import MORNING, Answer, Stand, Start

LATER = MORNING + timedelta(minutes=45)


def listed(stand: Stand, **more: object) -> Answer:
    span = {
        "chat_type": "single",
        "start_time": int(MORNING.timestamp()) - 60,
        "end_time": int(MORNING.timestamp()) + 3600,
    }
    return stand.wecom("get_groupmsg_list_v2", **(span | more))


def test_a_task_is_listed_without_recipients_or_creator(stand: Stand) -> None:
    link = {"title": "会员", "url": "https://example.com/m?r=42"}
    attachments = [{"msgtype": "link", "link": link}]
    msgid = stand.send("ChenYu", stand.customers("ChenYu")[:2], attachments=attachments)
    (row,) = listed(stand)["group_msg_list"]
    assert set(row) == {"msgid", "create_time", "create_type", "text", "attachments"}
    assert row["msgid"] == msgid
    assert row["create_time"].isdigit()
    assert row["attachments"][0]["link"]["url"] == link["url"]


def test_the_list_is_paged(stand: Stand) -> None:
    customer = stand.customers("ChenYu")[:1]
    sent = [stand.send("ChenYu", customer) for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = listed(stand, limit=2, cursor=cursor)
        seen += [row["msgid"] for row in page["group_msg_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == sent
    assert len(listed(stand, limit=101)["group_msg_list"]) == 5


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start_time": int(MORNING.timestamp()) - 32 * 86400}, 40058),
        ({"end_time": 0}, 40058),
        ({"start_time": None}, 40063),
        ({"chat_type": ""}, 40063),
        ({"chat_type": "party"}, 40058),
        ({"start_time": "1"}, 40058),
    ],
)
def test_the_list_needs_a_span_of_a_month_at_most(
    stand: Stand, changes: dict[str, object], code: int
) -> None:
    assert listed(stand, **changes)["errcode"] == code


@pytest.mark.parametrize(
    "changes", [{"filter_type": 1}, {"creator": "ChenYu"}, {"chat_type": "group"}, {"end_time": 9}]
)
def test_what_is_not_asked_for_is_not_listed(stand: Stand, changes: dict[str, object]) -> None:
    stand.send("ChenYu", stand.customers("ChenYu")[:1])
    answer = listed(stand, start_time=1, end_time=2) if "end_time" in changes else None
    assert (answer or listed(stand, **changes))["group_msg_list"] == []


@pytest.mark.parametrize("name", ["get_groupmsg_task", "get_groupmsg_send_result"])
def test_in_its_first_seconds_a_task_is_still_dispatched(stand: Stand, name: str) -> None:
    msgid = stand.send("ChenYu", stand.customers("ChenYu")[:1])
    assert stand.wecom(name, msgid=msgid, userid="ChenYu")["errcode"] == 41063
    stand.control.set_clock(MORNING + timedelta(minutes=2))
    assert stand.wecom(name, msgid=msgid, userid="ChenYu")["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("get_groupmsg_task", {}, 41046),
        ("get_groupmsg_task", {"msgid": "x"}, 41047),
        ("cancel_groupmsg_send", {}, 41046),
        ("cancel_groupmsg_send", {"msgid": "x"}, 41047),
    ],
)
def test_a_msgid_must_be_a_known_one(
    stand: Stand, name: str, body: dict[str, str], code: int
) -> None:
    assert stand.wecom(name, **body)["errcode"] == code


def test_before_and_after_the_employee_confirms(stand: Stand) -> None:
    customers = stand.customers("ChenYu")[:3]
    msgid = stand.send("ChenYu", customers)
    stand.control.set_clock(MORNING + timedelta(minutes=3))
    assert stand.wecom("get_groupmsg_task", msgid=msgid)["task_list"] == [
        {"userid": "ChenYu", "status": 0}
    ]
    assert stand.statuses(msgid, "ChenYu") == [0, 0, 0]
    stand.control.set_clock(LATER)
    (share,) = stand.wecom("get_groupmsg_task", msgid=msgid)["task_list"]
    assert share["status"] == 2
    assert 5 * 60 <= share["send_time"] - MORNING.timestamp() <= 41 * 60
    assert stand.statuses(msgid, "ChenYu") == [1, 1, 1]
    assert {each.external_userid for each in stand.control.received()} == set(customers)


def test_send_time_is_told_of_sent_rows_only(stand: Stand) -> None:
    customers = stand.customers("ChenYu")
    stand.send("ChenYu", customers[:1])
    msgid = stand.send("ChenYu", customers[:2])
    stand.control.set_clock(LATER)
    rows = stand.wecom("get_groupmsg_send_result", msgid=msgid, userid="ChenYu")["send_list"]
    assert all(("send_time" in row) == (row["status"] == 1) for row in rows)


def test_results_are_paged(crowd: Stand) -> None:
    customers = crowd.customers("ChenYu")
    msgid = crowd.send("ChenYu", customers)
    crowd.control.set_clock(LATER)
    seen, cursor = [], ""
    while True:
        body = {"msgid": msgid, "userid": "ChenYu", "limit": 20, "cursor": cursor}
        page = crowd.wecom("get_groupmsg_send_result", **body)
        seen += [row["external_userid"] for row in page["send_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == customers


def test_employees_confirm_in_working_hours_only(stand: Stand) -> None:
    evening = MORNING.replace(hour=20, minute=25)
    stand.control.set_clock(evening)
    stand.sign_in()
    for userid in ("ChenYu", "LinXia", "HeMin", "SuWen"):
        stand.send(userid, stand.customers(userid)[:1])
    stand.control.set_clock(MORNING + timedelta(days=1, hours=10))
    taps = [task.confirmed_at for task in stand.control.tasks()]
    for tap in taps:
        assert tap is not None
        assert "09:00" <= f"{tap.astimezone(ZONE):%H:%M}" <= "20:30"


def test_the_late_take_hours_and_the_forgetful_forget_a_third(crowd: Stand) -> None:
    for customer in crowd.customers("TangLe")[:30]:
        crowd.send("TangLe", [customer])
    for customer in crowd.customers("HeMin")[:10]:
        crowd.send("HeMin", [customer])
    crowd.control.set_clock(MORNING + timedelta(minutes=119))
    assert not [t for t in crowd.control.tasks() if t.sender == "HeMin" and t.confirmed_at]
    crowd.control.set_clock(MORNING + timedelta(days=3))
    tasks = crowd.control.tasks()
    assert all(task.confirmed_at for task in tasks if task.sender == "HeMin")
    assert 4 <= sum(not task.confirmed_at for task in tasks) <= 16


@pytest.mark.parametrize(("quota", "allowed"), [("day", 1), ("week", 7), ("month", 31)])
def test_the_quota_counts_what_is_delivered_to_a_customer(
    start: Start, quota: Literal["day", "week", "month"], allowed: int
) -> None:
    stand = start(Options(adopt=("log:1",), seed=3, quota=quota))
    stand.control.set_clock(MORNING)
    stand.sign_in()
    userid = next(u for u in ("ChenYu", "LinXia", "HeMin", "SuWen") if stand.customers(u))
    customer = stand.customers(userid)
    msgids = [stand.send(userid, customer) for _ in range(allowed + 1)]
    for msgid in msgids:
        stand.control.confirm(msgid)
    stand.control.set_clock(LATER)
    assert [stand.statuses(msgid, userid) for msgid in msgids] == [[1]] * allowed + [[3]]


def test_the_daily_quota_is_new_at_local_midnight(stand: Stand) -> None:
    customer = stand.customers("ChenYu")[:1]
    stand.control.set_clock(datetime(2026, 3, 2, 23, 55, tzinfo=ZONE))
    stand.sign_in()
    stand.control.confirm(stand.send("ChenYu", customer))
    stand.control.set_clock(datetime(2026, 3, 3, 0, 5, tzinfo=ZONE))
    stand.control.confirm(stand.send("ChenYu", customer))
    assert len(stand.control.received()) == 2


def test_a_cancelled_task_is_never_sent_and_its_rows_stay_unsent(stand: Stand) -> None:
    msgid = stand.send("ChenYu", stand.customers("ChenYu")[:2])
    assert stand.wecom("cancel_groupmsg_send", msgid=msgid)["errcode"] == 0
    assert stand.wecom("cancel_groupmsg_send", msgid=msgid)["errcode"] == 0
    stand.control.set_clock(MORNING + timedelta(hours=1))
    assert stand.statuses(msgid, "ChenYu") == [0, 0]
    assert stand.control.received() == []
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        stand.control.confirm(msgid)


def test_cancelling_stops_only_the_part_that_is_not_sent(stand: Stand) -> None:
    prompt, late = stand.customers("ChenYu")[:1], stand.customers("HeMin")[:1]
    msgid = stand.send("", prompt + late)
    stand.control.set_clock(LATER)
    assert stand.wecom("cancel_groupmsg_send", msgid=msgid)["errcode"] == 0
    stand.control.set_clock(MORNING + timedelta(days=1))
    stand.sign_in()
    assert stand.statuses(msgid, "ChenYu") == [1]
    assert stand.statuses(msgid, "HeMin") == [0]
    assert [each.external_userid for each in stand.control.received()] == prompt


def test_a_customer_who_deleted_the_employee_is_listed_but_not_reached(crowd: Stand) -> None:
    customers = crowd.customers("ChenYu")
    for day in range(5):
        crowd.control.set_clock(MORNING + timedelta(days=day))
        crowd.sign_in()
        msgid = crowd.send("ChenYu", customers)
        crowd.control.confirm(msgid)
    crowd.control.set_clock(MORNING + timedelta(days=4, minutes=1))
    gone = {each.unionid for each in crowd.control.deleted()}
    statuses = crowd.statuses(msgid, "ChenYu")
    assert statuses.count(2) > 0
    assert statuses.count(2) <= len(gone)
    assert crowd.customers("ChenYu") == customers
