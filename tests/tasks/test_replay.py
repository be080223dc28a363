"""Days that were really decided are decided again: by the same rules alike, and by others not."""

import gc
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError

from rules.replay import HOLDOUT, OUTCOMPETED, WRITTEN
from schemas.errors import ConfigurationError, RunRefused
from schemas.policy import Policy
from store import replays
from store.database import transaction
from store.replays import Decision
from tasks import replay as replaying
from tasks.replay import Replayed, chunks, replay
from tasks.wiring import wiring
from tests import builders
from tests.builders import MONDAY, MORNING
from tests.tasks.recorded import Recorded
from tests.tasks.recorded import recorded as made

ALIKE = ("replenish", "lapsing_care", "first_order_thanks")
TIGHT = """
[policy]
gap_hours = 20
caps = [{window = "day", max = 1}, {rolling_days = 3, max = 2}]
[policy.shared]
texts_per_sender = 2
messages_per_run = 5
scenes = {replenish = 2}
"""


@pytest.fixture
def recorded(database: Engine, database_url: str, tmp_path: Path) -> Iterator[Recorded]:
    with made(database, database_url, tmp_path, 12) as days:
        yield days


def again(policy: Policy, since: date = MONDAY, until: date | None = None) -> Replayed:
    return replay(policy, since, until, lambda *_: None)


def lenient(**changed: Any) -> Policy:
    """Return a policy of which nothing but what is changed holds anybody back."""
    free = {"caps": (), "gap_hours": 0, "personal": {"start": 99, "least": 0, "most": 99}}
    calm = {"arbitration": {"annoyance": 0, "in_a_row": 99}, "shared": {"texts_per_sender": None}}
    return Policy.model_validate({**free, **calm, **changed})


def live(recorded: Recorded, chance: Random) -> None:
    """Let a morning be decided, and what it planned arrive, come to nothing, or wait."""
    found = [
        (person, scene, chance.choice([0.3, 0.6, 0.9]))
        for person in range(len(recorded.people))
        for scene in chance.sample(ALIKE, chance.choice([0, 1, 1, 2, 3]))
    ]
    recorded.day(*found, hours=chance.choice([12, 60]), wording=chance.choice("xyz"))
    for message in recorded.on_its_way():
        match chance.randrange(4):
            case 0:
                recorded.release(message)
            case 1 | 2:
                recorded.deliver(message, answered=chance.choice([None, True, False]))


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_by_the_same_rules_every_candidate_has_the_same_fate(recorded: Recorded, seed: int) -> None:
    """With shared budgets, second rounds, what is put off, ghosts, and slots of all kinds."""
    recorded.rule(TIGHT)
    builders.change(recorded.database, "UPDATE person SET bucket = 0 WHERE id % 6 = 0")
    chance = Random(seed)  # noqa: S311 - no secret
    for _ in range(6):
        live(recorded, chance)
    for since in (MONDAY, MONDAY + timedelta(days=3)):
        found = again(wiring().policy, since)
        assert {then for then, other in found.comparison.flows if then != other} == set()
    fates = {then for then, _ in again(wiring().policy).comparison.flows}
    assert {WRITTEN, HOLDOUT, OUTCOMPETED, "texts_per_sender", "open_message"} <= fates
    assert {"messages_per_scene", "messages_per_run"} & fates


def test_a_stricter_cap_spares_and_tells_what_that_would_have_cost(recorded: Recorded) -> None:
    recorded.rule("[policy]\ngap_hours = 0\ncaps = []\n")
    (first,) = recorded.day((0, "replenish", 0.9))
    recorded.deliver(first)
    (second,) = recorded.day((0, "lapsing_care", 0.9))
    recorded.deliver(second)
    recorded.order(second, 36.5)
    recorded.order(first, 10)
    found = again(lenient(caps=[{"rolling_days": 7, "max": 1}]))
    compared = found.comparison
    assert (compared.spared, compared.spared_delivered) == ({"cap": 1}, 1)
    assert compared.examples == {"cap": [recorded.people[0]]}
    assert (found.orders, found.amount) == (1, Decimal("36.5"))
    assert (compared.persons.spread(0), compared.persons.spread(1)) == (
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
    )
    assert again(lenient()).comparison.spared == {}


def test_what_only_looser_rules_write_counts_on_the_days_after(recorded: Recorded) -> None:
    recorded.rule("[policy]\ncaps = [{rolling_days = 1, max = 0}]\n")
    for _ in range(3):
        recorded.day((0, "replenish", 0.9))
    found = again(lenient(caps=[{"rolling_hours": 36, "max": 1}]))
    assert found.comparison.flows == {("cap", WRITTEN): 2, ("cap", "cap"): 1}
    assert found.comparison.heard == {"cap": 2}


def test_a_message_that_other_rules_spare_leaves_room_for_the_next(recorded: Recorded) -> None:
    recorded.rule("[policy]\ncaps = [{rolling_days = 3, max = 1}]\ngap_hours = 0\n")
    recorded.deliver(*recorded.day((0, "replenish", 0.9)))
    recorded.day((0, "lapsing_care", 0.9))
    found = again(
        lenient(
            caps=[
                {"rolling_days": 3, "max": 1},
                {"scope": "category", "only": ["marketing"], "window": "day", "max": 0},
            ]
        )
    )
    assert found.comparison.flows == {(WRITTEN, "cap"): 1, ("cap", WRITTEN): 1}


def test_another_weight_lets_another_scene_win(recorded: Recorded) -> None:
    recorded.day((0, "replenish", 0.9), (0, "lapsing_care", 0.5))
    weights = {"arbitration": {"weights": {"lapsing_care": 2}, "annoyance": 0}}
    found = again(lenient(**weights))
    assert found.comparison.lost == {("replenish", "lapsing_care"): 1}
    assert found.comparison.heard == {OUTCOMPETED: 1}
    assert found.comparison.spared == {}


def test_a_winner_without_its_share_was_not_written(recorded: Recorded) -> None:
    """What was put off is held back on its day; the next day it has another candidate."""
    recorded.rule("[policy.shared]\nmessages_per_run = 1\n")
    recorded.day((0, "replenish", 0.9), (1, "replenish", 0.5), hours=60)
    recorded.day((1, "replenish", 0.5), hours=60)
    found = again(lenient())
    assert found.comparison.flows == {(WRITTEN, WRITTEN): 2, ("messages_per_run", WRITTEN): 1}
    assert found.comparison.fact.load.messages == 2


def test_whoever_is_taken_for_somebody_else_by_now_counts_with_them(recorded: Recorded) -> None:
    recorded.rule("[policy]\ncaps = [{rolling_days = 1, max = 0}]\n")
    recorded.day((1, "replenish", 0.9))
    first, second = recorded.people[:2]
    builders.change(
        recorded.database,
        "UPDATE person SET merged_into = :first WHERE id = :second",
        first=first,
        second=second,
    )
    recorded.day((0, "lapsing_care", 0.9))
    found = again(lenient(caps=[{"rolling_days": 7, "max": 1}]))
    assert found.comparison.flows == {("cap", WRITTEN): 1, ("cap", "cap"): 1}


def test_only_the_days_that_are_asked_for_are_decided_again(recorded: Recorded) -> None:
    for _ in range(3):
        recorded.day((0, "replenish", 0.9), (1, "replenish", 0.9))
    tuesday = MONDAY + timedelta(days=1)
    found = again(lenient(), tuesday, tuesday)
    assert (found.days, found.candidates) == ([tuesday], 2)
    watched: list[tuple[date, int]] = []
    replay(lenient(), MONDAY, None, lambda *told: watched.append(told))
    assert [candidates for _, candidates in watched] == [2, 4, 6]


def test_nothing_is_written(recorded: Recorded) -> None:
    recorded.day((0, "replenish", 0.9), (0, "lapsing_care", 0.5))
    before = recorded.rows()
    again(lenient())
    assert recorded.rows() == before
    with transaction(recorded.database) as connection:
        replays.look_only(connection)
        with pytest.raises(InternalError) as refused:
            connection.execute(text("UPDATE person SET bucket = 1"))
    assert isinstance(refused.value.orig, ReadOnlySqlTransaction)


@pytest.mark.parametrize("collecting", [True, False])
def test_cycles_are_looked_for_again_afterwards(recorded: Recorded, *, collecting: bool) -> None:
    recorded.day((0, "replenish", 0.9))
    try:
        (gc.enable if collecting else gc.disable)()
        again(lenient())
        assert gc.isenabled() is collecting
    finally:
        gc.enable()


def test_what_was_decided_before_anything_was_kept_is_counted(recorded: Recorded) -> None:
    old, _ = recorded.day((0, "replenish", 0.9), (1, "replenish", 0.9))
    forget = "UPDATE decision SET inputs = inputs::jsonb - 'case'"
    builders.change(recorded.database, f"{forget} WHERE candidate_id = :id", id=old)
    found = again(lenient())
    assert (found.candidates, found.unrecorded) == (1, 1)
    builders.change(recorded.database, forget)
    with pytest.raises(RunRefused, match="none of the 2 decisions since 2026-03-02"):
        again(lenient())


def test_a_day_without_candidates_is_a_day(recorded: Recorded) -> None:
    recorded.day()
    found = again(lenient())
    assert (found.days, found.candidates) == ([MONDAY], 0)


def test_where_no_day_is_on_record_the_newest_is_named(recorded: Recorded) -> None:
    with pytest.raises(ConfigurationError, match="`runwu run` makes the first"):
        again(lenient())
    recorded.day((0, "replenish", 0.9))
    with pytest.raises(ConfigurationError, match="since 2027-01-01; the newest is of 2026-03-02"):
        again(lenient(), date(2027, 1, 1))
    with pytest.raises(ConfigurationError, match="from 2026-02-01 to 2026-02-02; the newest"):
        again(lenient(), date(2026, 2, 1), date(2026, 2, 2))


def _decision(number: int, person: int) -> Decision:
    return Decision(
        number, person, "replenish", "w", 0.5, MORNING, "won", None, {}, "v", "planned", None
    )


@pytest.mark.parametrize("size", [1, 2, 3, 99])
def test_what_is_recorded_of_a_person_stays_together(size: int) -> None:
    rows = [_decision(number, person) for number, person in enumerate([1, 1, 2, 3, 3, 3, 4])]
    found = list(chunks(iter(rows), size))
    assert [row for chunk in found for one in chunk for row in one] == rows
    assert [one[0].person for chunk in found for one in chunk] == [1, 2, 3, 4]
    assert all(len({row.person for row in one}) == 1 for chunk in found for one in chunk)
    assert [len(chunk) for chunk in found][:-1] == [size] * (len(found) - 1)


def test_how_many_are_looked_up_together_makes_no_odds(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(3)  # noqa: S311 - no secret
    for _ in range(3):
        live(recorded, chance)
    policy = lenient(caps=[{"rolling_days": 2, "max": 1}])
    at_once = again(policy).comparison.flows
    monkeypatch.setattr(replaying, "CHUNK", 1)
    assert again(policy).comparison.flows == at_once
