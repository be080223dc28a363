"""A process beside ours decides pieces of a chunk, and what becomes of them if either dies."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from schemas.enums import Verdict
from tasks import plan
from tasks.growth import GrowthRun
from tasks.lane import Lane
from tasks.wiring import wiring
from tests import builders
from tests.builders import MONDAY, MORNING
from tests.house import at

PERSONS = 30
_DECIDED = """
SELECT d.verdict, d.reasons, d.policy_version
FROM candidate c JOIN decision d ON d.candidate_id = c.id
WHERE c.run_id = :run ORDER BY c.person_id, c.scene
"""
_OTHERS = """
import sys, time
from tasks.lane import Lane
lane = Lane()
while not lane.is_ready():
    time.sleep(0.05)
print(lane._process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def configured(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    config = tmp_path / "runwu.toml"
    config.write_text("")
    monkeypatch.setenv("RUNWU_CONFIG", str(config))
    monkeypatch.setenv("DATABASE_URL", database_url)
    wiring.cache_clear()
    yield config
    wiring.cache_clear()


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    """A process that is ready, and decides some of ten persons."""
    lane = Lane()
    monkeypatch.setattr(plan, "_LANE", lane)
    monkeypatch.setattr(plan, "CHUNK", 10)
    monkeypatch.setattr(plan, "PIECE", 2)
    monkeypatch.setattr(plan, "WORTH_A_LANE", 10)
    while not lane.is_ready():
        time.sleep(0.05)
    yield lane
    lane.end()


def morning(database: Engine, persons: list[int], occasion: str = "") -> GrowthRun:
    """Open a run in which each person has two reasons."""
    run = GrowthRun(builders.run(database, occasion=occasion), MONDAY, MORNING, done=False)
    for scene in ("replenish", "lapsing_care"):
        builders.candidates(database, run.id, persons, scene=scene, until=at(8, 23))
    return run


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if "tasks.lane" in child.cmdline()}


@pytest.mark.usefixtures("lane")
def test_both_decide_by_the_same_rules_as_one_alone(database: Engine) -> None:
    run = morning(database, builders.persons(database, PERSONS))
    above = plan.plan_chunk.fn(run)
    assert children()
    # What is written while a day runs is the next day's policy, on either side.
    Path(os.environ["RUNWU_CONFIG"]).write_text("[policy]\ngap_hours = 1\n")
    while above is not None:
        above = plan.plan_chunk.fn(run, above)
    assert not children()
    decided = builders.rows(database, _DECIDED, run=run.id)
    assert len(decided) == 2 * PERSONS
    assert Counter(row.verdict for row in decided)[Verdict.OUTCOMPETED] == PERSONS
    assert {row.policy_version for row in decided} == {wiring().policy.version}


def test_a_policy_of_another_run_is_asked_for_with_it(database: Engine, lane: Lane) -> None:
    persons = builders.persons(database, 4)
    first = morning(database, persons[:2])
    lane.decide(wiring().planner, first.id, MORNING, persons[:2])
    Path(os.environ["RUNWU_CONFIG"]).write_text('[policy]\ncaps = [{window = "day", max = 0}]\n')
    wiring.cache_clear()
    second = morning(database, persons[2:], occasion="again")
    lane.decide(wiring().planner, second.id, MORNING, persons[2:])
    assert {row.verdict for row in builders.rows(database, _DECIDED, run=second.id)} == {
        Verdict.SUPPRESSED
    }
    assert Verdict.OUTCOMPETED in {
        row.verdict for row in builders.rows(database, _DECIDED, run=first.id)
    }


@pytest.mark.usefixtures("lane")
def test_a_killed_process_leaves_its_pieces_to_us(database: Engine) -> None:
    run = morning(database, builders.persons(database, PERSONS))
    above = plan.plan_chunk.fn(run)
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    while above is not None:
        above = plan.plan_chunk.fn(run, above)
    assert len(builders.rows(database, _DECIDED, run=run.id)) == 2 * PERSONS


def test_what_goes_wrong_over_there_is_raised_here(database: Engine, lane: Lane) -> None:
    run = morning(database, builders.persons(database, 1))
    planner = wiring().planner
    nowhere = replace(planner, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        lane.decide(nowhere, run.id, MORNING, [1])
    assert lane.decide(planner, run.id, MORNING, [0]) == (0, 0)


def test_whoever_dies_before_being_ready_is_done_without(database: Engine) -> None:
    run = morning(database, builders.persons(database, 2))
    lane = Lane()
    assert not lane.is_ready()
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    while not lane.is_ready():
        time.sleep(0.05)
    persons = builders.rows(database, "SELECT id FROM person")
    assert lane.decide(wiring().planner, run.id, MORNING, [row.id for row in persons]) == (4, 2)
    assert not children()


def test_who_is_not_ready_when_all_is_done_is_not_waited_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lane = Lane()
    assert not lane.is_ready()
    assert children()
    lane.end()
    assert not children()
    assert capfd.readouterr().err == ""


def test_nobody_hears_of_an_end_before_the_first_question(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lane = Lane()
    while not lane.is_ready():
        time.sleep(0.05)
    lane.end()
    assert capfd.readouterr().err == ""


def test_what_goes_wrong_here_is_raised_and_no_process_is_waited_for(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits beside for enough persons would wait for ever."""
    run = morning(database, builders.persons(database, 2))

    def fail(*_: object) -> tuple[int, int]:
        raise RuntimeError("gone wrong")

    monkeypatch.setattr(plan, "decide", fail)
    with pytest.raises(RuntimeError, match="gone wrong"):
        plan.plan_chunk.fn(run)


def test_a_small_morning_starts_no_process(database: Engine) -> None:
    run = morning(database, builders.persons(database, 4))
    while plan.plan_chunk.fn(run):
        assert not children()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_it_ends_when_we_do_whatever_ends_us(how: signal.Signals | None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _OTHERS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        lane = psutil.Process(int(parent.stdout.readline()))
        if how is None:
            parent.stdin.close()
        else:
            parent.send_signal(how)
        gone, _ = psutil.wait_procs([lane], timeout=30)
        assert gone
