"""Whenever the pusher is killed, running again sends nothing twice and loses nothing."""

import os
import signal
import time
from collections import Counter
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess

import pytest

from tests.house import House, at
from tests.kill import victim as pushing
from tests.kill.nursery import born

pytestmark = pytest.mark.soak

MORNING = at(2, 9, 5)
POINTS = [
    "before the outbox commit",
    "after the outbox commit",
    "before the call",
    "after the answer",
    "before the receipt's commit",
    "after the receipt's commit",
]


def victim(house: House, point: str, as_of: datetime) -> AbstractContextManager[ForkServerProcess]:
    """A process that pushes."""
    return born(pushing.run, point, as_of, house.database_url, house.sandbox_url)


def end_of(process: ForkServerProcess) -> int | None:
    """Return the code with which a process ends, minus the signal that ended it."""
    process.join(60)
    return process.exitcode


def tell(process: ForkServerProcess, what: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, what)


def run_again_until_settled(house: House) -> None:
    """Push twice more, far enough apart for the channel to be believed, and live out the day."""
    for minutes in (5, 20, 40):
        house.push(MORNING + timedelta(minutes=minutes))
    for hour, minute in ((13, 0), (17, 0), (20, 31)):
        house.collect(at(2, hour, minute))


def assert_sent_once(house: House, approved: int) -> None:
    """Every approved recipient is in exactly one task, got at most one message, has one end."""
    sent = Counter(
        recipient for task in house.control.tasks() for recipient in task.external_userid
    )
    received = Counter(one.external_userid for one in house.control.received())
    assert set(sent.values()) == {1}
    assert set(received.values()) == {1}
    assert len(sent) == approved
    assert house.unbalanced() == []
    assert house.states().get("delivered", 0) == len(received)
    assert set(house.states()) <= {"delivered", "expired", "unreachable", "capped"}


def go_to_the_morning(house: House) -> int:
    house.control.set_clock(MORNING)
    return house.states()["approved"]


@pytest.mark.parametrize("point", POINTS)
def test_killed_there_and_run_again_nothing_is_sent_twice(house: House, point: str) -> None:
    approved = go_to_the_morning(house)
    with victim(house, point, MORNING) as process:
        assert end_of(process) == -signal.SIGKILL
    run_again_until_settled(house)
    assert_sent_once(house, approved)


def test_killed_in_the_middle_of_the_call_nothing_is_sent_twice(house: House) -> None:
    approved = go_to_the_morning(house)
    house.control.fault("add_msg_template", "hang_after", seconds=30)
    with victim(house, "in the call", MORNING) as process:
        wait_for_a_task(house)
        process.kill()
    run_again_until_settled(house)
    assert_sent_once(house, approved)


def test_killed_again_and_again_nothing_is_sent_twice(house: House) -> None:
    approved = go_to_the_morning(house)
    for minutes, point in enumerate(POINTS):
        with victim(house, point, MORNING + timedelta(minutes=minutes * 12)) as process:
            assert end_of(process) == -signal.SIGKILL
    for minutes in (80, 95, 110):
        house.push(MORNING + timedelta(minutes=minutes))
    for hour in (13, 17, 21):
        house.collect(at(2, hour))
    assert_sent_once(house, approved)


def test_a_paused_pusher_keeps_its_call_and_its_successor_waits(house: House) -> None:
    approved = go_to_the_morning(house)
    house.control.fault("add_msg_template", "hang_after", seconds=2)
    with victim(house, "never", MORNING) as process:
        wait_for_a_task(house)
        tell(process, signal.SIGSTOP)
        states = house.push(MORNING + timedelta(minutes=1))
        tell(process, signal.SIGCONT)
        assert end_of(process) == 0
    assert "under way elsewhere" in states
    run_again_until_settled(house)
    assert_sent_once(house, approved)


def wait_for_a_task(house: House) -> None:
    for _ in range(600):
        if house.control.tasks():
            return
        time.sleep(0.05)
    pytest.fail("the victim never called")
