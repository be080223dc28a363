"""Whenever the pusher is killed, running again sends nothing twice and loses nothing."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.house import House, at

MORNING = at(2, 9, 5)
POINTS = [
    "before the outbox commit",
    "after the outbox commit",
    "before the call",
    "after the answer",
    "before the receipt's commit",
    "after the receipt's commit",
]


@contextmanager
def victim(house: House, point: str, as_of: datetime) -> Iterator[subprocess.Popen[bytes]]:
    """A process that pushes; it never outlives the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kill.victim", point, as_of.isoformat()],
        env={
            **os.environ,
            "DATABASE_URL": house.database_url,
            "RUNWU_SANDBOX_URL": house.sandbox_url,
        },
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


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
        assert process.wait(timeout=60) == -signal.SIGKILL
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
            assert process.wait(timeout=60) == -signal.SIGKILL
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
        process.send_signal(signal.SIGSTOP)
        states = house.push(MORNING + timedelta(minutes=1))
        process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=60) == 0
    assert "under way elsewhere" in states
    run_again_until_settled(house)
    assert_sent_once(house, approved)


def wait_for_a_task(house: House) -> None:
    for _ in range(600):
        if house.control.tasks():
            return
        time.sleep(0.05)
    pytest.fail("the victim never called")
