"""Faults on demand, as the other end of the wire sees them."""

import time

import httpx
import pytest

from sandbox.records import FaultKind
from tests.sandbox.conftest import Stand

MARK = [{"msgtype": "link", "link": {"title": "会员", "url": "https://example.com/m?r=1"}}]


def attempt(stand: Stand) -> None:
    stand.send("ChenYu", stand.customers("ChenYu")[:1], attachments=MARK)


def test_an_errcode_is_answered_as_often_as_asked(stand: Stand) -> None:
    stand.control.fault("get_groupmsg_task", "errcode", code=45033, times=2)
    codes = [stand.wecom("get_groupmsg_task", msgid="x")["errcode"] for _ in range(3)]
    assert codes == [45033, 45033, 41047]


def test_under_the_shop_the_code_is_the_http_status(stand: Stand) -> None:
    stand.control.fault("/shop/orders", "errcode", code=503)
    assert stand.http.get("/shop/orders").status_code == 503
    assert stand.http.get("/shop/orders").status_code == 200


@pytest.mark.parametrize(("kind", "tasks"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_call_has_an_effect_only_if_dropped_after_it(
    stand: Stand, kind: FaultKind, tasks: int
) -> None:
    stand.control.fault("add_msg_template", kind)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        attempt(stand)
    assert len(stand.control.tasks()) == tasks
    attempt(stand)
    assert len(stand.control.tasks()) == tasks + 1


def test_a_call_that_hangs_has_taken_effect(stand: Stand) -> None:
    stand.control.fault("add_msg_template", "hang_after", seconds=0.4)
    started = time.perf_counter()
    attempt(stand)
    assert time.perf_counter() - started >= 0.4
    stand.control.fault("add_msg_template", "hang_after", seconds=0.6)
    stand.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        attempt(stand)
    assert len(stand.control.tasks()) == 2


def test_the_control_endpoints_stay_sound(stand: Stand) -> None:
    stand.control.fault("tasks", "errcode")
    assert stand.control.tasks() == []


def test_an_unknown_kind_is_refused(stand: Stand) -> None:
    answer = stand.http.post("/sandbox/faults", json={"path": "x", "kind": "explode"})
    assert answer.status_code == 422
