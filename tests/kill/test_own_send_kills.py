"""Wherever it is killed, reading what employees sent by themselves counts each send once."""

import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from sandbox.world import Options
from tasks.own_sends import read_own_sends
from tasks.wiring import wiring
from tests.house import House, at
from tests.kill import own_reader
from tests.kill.nursery import born

pytestmark = pytest.mark.soak

_NEXT_DAY = at(3, 9)


def _write_on_two_days(house: House) -> None:
    for day in (2, 3):
        house.control.set_clock(at(day, 8, 30))
        for userid in ("ChenYu", "LinXia"):
            house.control.send_own(userid, *_customers(userid))
    house.control.set_clock(_NEXT_DAY)


def _customers(userid: str) -> list[str]:
    path, request = "externalcontact/batch/get_by_user", {"userid_list": [userid]}
    found = wiring()._wecom.call("POST", path, json=request)["external_contact_list"]
    return [row["external_contact"]["external_userid"] for row in found]


def test_killed_at_every_point_each_send_is_counted_once(
    make_house: Callable[[Options], AbstractContextManager[House]],
) -> None:
    with make_house(Options(members=60)) as house:
        house.control.set_clock(at(2, 8))
        _write_on_two_days(house)
        environment = {
            "DATABASE_URL": house.database_url,
            "RUNWU_SANDBOX_URL": house.sandbox_url,
        }
        for point in own_reader.POINTS:
            with born(own_reader.run, point, _NEXT_DAY, environment) as process:
                process.join(60)
                assert process.exitcode == -signal.SIGKILL, point
        read_own_sends.fn(_NEXT_DAY)
        received = Counter(
            (one.msgid, one.userid, one.external_userid) for one in house.control.received()
        )
        read = house.rows("SELECT msgid, sender, address FROM own_send")
        assert Counter(tuple(row) for row in read) == received
        assert len({msgid for msgid, _, _ in received}) == 4
        (mark,) = house.rows("SELECT until FROM own_send_mark")
        assert mark.until == _NEXT_DAY - timedelta(minutes=10)
