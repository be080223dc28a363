"""After the plan: shared budgets go by value; what does not fit waits, or gives its slot back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from tenacity import Retrying, stop_after_delay, wait_fixed

from schemas.enums import MessageState
from store import allotment, budgets
from store.database import transaction
from store.persons import lock_persons
from tasks import allot, plan
from tasks.growth import GrowthRun
from tasks.moves import move
from tasks.wiring import wiring
from tests import builders
from tests.builders import MONDAY, MORNING, change, rows
from tests.house import at

SOON, LATER = at(2, 20, 0), at(4, 20, 0)
"""Ends of windows before and after the next morning."""

_WAITING = """
SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE NOT l.granted AND a.datname = current_database()
"""
_STATES = "SELECT state, count(*) FROM message GROUP BY state ORDER BY state"


@pytest.fixture
def run(database: Engine) -> GrowthRun:
    return GrowthRun(builders.run(database, day=MONDAY), MONDAY, MORNING, done=False)


@pytest.fixture(autouse=True)
def rule(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let a test set the shared budgets."""
    file = tmp_path / "runwu.toml"
    monkeypatch.setenv("RUNWU_CONFIG", str(file))
    monkeypatch.setenv("DATABASE_URL", database_url)

    def write(shared: str) -> None:
        file.write_text(f"[policy]\nholdout = {{share = 0}}\n[policy.shared]\n{shared}\n")
        wiring.cache_clear()

    write("")
    yield write
    wiring.cache_clear()


def candidates(
    database: Engine, run: GrowthRun, count: int, scene: str = "replenish", until: Any = SOON
) -> list[int]:
    """Give so many persons a reason, each worth more than the one before."""
    people = builders.persons(database, count)
    builders.candidates(database, run.id, people, scene=scene, until=until)
    change(database, "UPDATE candidate SET value = 0.5 + person_id / 1000.0")
    return people


def decide(run: GrowthRun) -> list[int]:
    """Plan and allot as the flow does; return how many could try again after each round."""
    again = []
    for last in (False, True):
        while plan.plan_chunk.fn(run):
            pass
        again.append(allot.allot_budgets.fn(run, last=last))
        if not again[-1]:
            break
    return again


def test_without_a_bound_everybody_keeps_their_slot(database: Engine, run: GrowthRun) -> None:
    candidates(database, run, 5)
    assert decide(run) == [0]
    assert rows(database, "SELECT state, round, count(*) FROM message GROUP BY 1, 2") == [
        ("planned", 1, 5)
    ]


def test_the_most_valuable_go_and_the_others_give_their_slots_back(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    rule("messages_per_run = 2")
    people = candidates(database, run, 5)
    decide(run)
    kept = rows(database, "SELECT person_id FROM message WHERE state = 'planned' ORDER BY 1")
    assert [row.person_id for row in kept] == people[-2:]
    assert rows(database, _STATES) == [("cancelled", 3), ("planned", 2)]
    released = rows(database, "SELECT reason FROM ledger WHERE kind = 'release'")
    assert [row.reason for row in released] == ["no message left for the run"] * 3


def test_what_may_wait_for_tomorrow_keeps_its_slot(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    rule("messages_per_scene = 1")
    candidates(database, run, 3, until=LATER)
    decide(run)
    assert rows(database, _STATES) == [("deferred", 2), ("planned", 1)]
    assert rows(database, "SELECT count(*) FROM ledger WHERE kind = 'release'") == [(0,)]


def test_tomorrow_the_same_reason_competes_anew_and_a_gone_one_ends(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    rule("messages_per_scene = 1")
    first, second, _ = candidates(database, run, 3, until=LATER)
    decide(run)
    today = MORNING + timedelta(days=1)
    tuesday = GrowthRun(builders.run(database, day=today.date()), today.date(), today, done=False)
    builders.candidates(database, tuesday.id, [first], until=LATER)
    assert allot.settle_deferred.fn(tuesday) == 2
    assert allot.settle_deferred.fn(tuesday) == 0
    states = "SELECT person_id, state FROM message WHERE state <> 'planned' ORDER BY 1"
    assert rows(database, states) == [(first, "cancelled"), (second, "expired")]
    while plan.plan_chunk.fn(tuesday):
        pass
    assert rows(
        database,
        f"SELECT verdict FROM decision d JOIN candidate c ON c.id = d.candidate_id"
        f" WHERE c.run_id = {tuesday.id}",
    ) == [("won",)]


def test_whom_a_released_winner_had_outcompeted_competes_once_more(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    rule("scenes = {replenish = 0}")
    people = candidates(database, run, 2)
    builders.candidates(database, run.id, people, scene="lapsing_care", until=SOON)
    change(database, "UPDATE candidate SET value = 0.3 WHERE scene = 'lapsing_care'")
    assert decide(run) == [2, 0]
    assert rows(
        database, "SELECT scene, state, round, count(*) FROM message GROUP BY 1, 2, 3 ORDER BY 1"
    ) == [
        ("lapsing_care", "planned", 2, 2),
        ("replenish", "cancelled", None, 2),
    ]
    undecided = "SELECT count(*) FROM candidate c WHERE NOT EXISTS"
    undecided += " (SELECT 1 FROM decision d WHERE d.candidate_id = c.id)"
    assert rows(database, undecided) == [(0,)]


def test_an_employee_confirms_no_more_texts_on_a_day_than_may_be(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    """Of all runs together; messages that share a text share its tap."""
    rule("texts_per_sender = 1")
    candidates(database, run, 4)
    change(database, "UPDATE candidate SET wording_key = 'other' WHERE person_id % 4 = 0")
    decide(run)
    planned = rows(
        database,
        "SELECT count(DISTINCT c.wording_key), count(*) FROM message m"
        " JOIN candidate c USING (id) WHERE m.state = 'planned'",
    )
    assert planned == [(1, 3)]
    assert [row.used for row in rows(database, "SELECT used FROM budget")] == [1]


def test_a_runner_up_shares_the_text_that_was_kept_for_its_employee_before(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    """One tap sends it to both, in whichever round they got their share."""
    rule("texts_per_sender = 1")
    first, second = candidates(database, run, 2)
    change(database, "UPDATE candidate SET wording_key = 'other'")
    builders.candidates(database, run.id, [first, second], scene="lapsing_care", until=SOON)
    change(database, "UPDATE candidate SET value = 0.3 WHERE scene = 'lapsing_care'")
    change(
        database,
        "UPDATE candidate SET value = 0.9 WHERE scene = 'lapsing_care' AND person_id = :p",
        p=first,
    )
    assert decide(run) == [1, 0]
    kept = rows(database, "SELECT person_id, scene FROM message WHERE round IS NOT NULL ORDER BY 1")
    assert kept == [(first, "lapsing_care"), (second, "lapsing_care")]
    assert rows(database, "SELECT used FROM budget WHERE scope = 'sender'") == [(1,)]


def test_once_more_changes_nothing(database: Engine, run: GrowthRun, rule: Any) -> None:
    rule("messages_per_run = 2")
    candidates(database, run, 5)
    decide(run)
    before = rows(database, "SELECT * FROM message ORDER BY id")
    assert decide(run) == [0]
    assert rows(database, "SELECT * FROM message ORDER BY id") == before
    assert rows(database, "SELECT used, most FROM budget WHERE scope = 'run'") == [(2, 2)]


def test_who_is_planned_while_a_round_is_allotted_asks_in_the_next(
    database: Engine, run: GrowthRun
) -> None:
    candidates(database, run, 1)
    with ThreadPoolExecutor(1) as beside:
        with transaction(database) as connection:
            rounds = allotment.open_round(connection, run.id)
            planning = beside.submit(plan.plan_chunk.fn, run)
            _wait_until_waiting(database, 1)
            allotment.close_round(connection, run.id, rounds)
        planning.result()
    assert rows(database, "SELECT round FROM message") == [(2,)]
    assert allot.allot_budgets.fn(run, last=True) == 0
    assert rows(database, "SELECT rounds FROM run") == [(2,)]


def test_a_round_waits_for_whom_is_being_planned(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    rule("texts_per_sender = 5")
    people = candidates(database, run, 1)
    with ThreadPoolExecutor(2) as beside:
        with transaction(database) as connection:
            lock_persons(connection, people)
            planning = beside.submit(plan.plan_chunk.fn, run)
            _wait_until_waiting(database, 1)
            allotting = beside.submit(allot.allot_budgets.fn, run, last=True)
            _wait_until_waiting(database, 2)
        planning.result()
        allotting.result()
    assert rows(database, "SELECT m.round, r.rounds FROM message m, run r") == [(1, 1)]
    assert rows(database, "SELECT used FROM budget WHERE scope = 'sender'") == [(1,)]


def test_whoever_left_before_the_round_has_no_share(
    database: Engine, run: GrowthRun, rule: Any
) -> None:
    """Else their text would be taken for one that their employee confirms anyway."""
    rule("texts_per_sender = 1")
    first, second = candidates(database, run, 2)
    while plan.plan_chunk.fn(run):
        pass
    with transaction(database) as connection:
        message = rows(database, "SELECT id FROM message WHERE person_id = :p", p=second)[0].id
        planned, gone = MessageState.PLANNED, MessageState.CANCELLED
        move(connection, [message], planned, gone, at=MORNING, reason="opted out")
    allot.allot_budgets.fn(run, last=False)
    found = rows(database, "SELECT person_id, round FROM message ORDER BY person_id")
    assert found == [(first, 1), (second, None)]
    assert rows(database, "SELECT used FROM budget WHERE scope = 'sender'") == [(1,)]


def _wait_until_waiting(database: Engine, transactions: int) -> None:
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.02)):
        with attempt:
            assert rows(database, _WAITING) == [(transactions,)]


def test_a_budget_that_was_overspent_beside_us_takes_all_back(
    database: Engine, run: GrowthRun, rule: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is marked, nothing released, nothing spent: it is one transaction."""
    rule("messages_per_run = 2")
    candidates(database, run, 5)
    while plan.plan_chunk.fn(run):
        pass
    monkeypatch.setattr(budgets, "hold", lambda *_: {("run", str(run.id)): 4})
    change(
        database,
        'INSERT INTO budget (scope, key, "window", used, most)'
        " VALUES ('run', :key, '2026-03-02', 0, 2)",
        key=str(run.id),
    )
    with pytest.raises(ValueError, match="has no 4 left"):
        allot.allot_budgets.fn(run, last=False)
    assert rows(database, "SELECT DISTINCT state, round FROM message") == [("planned", 1)]
    assert rows(database, "SELECT rounds FROM run") == [(0,)]
