"""A day is decided again as it was the first time: one winner each, then what all share."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules.governor import Governor
from rules.replay import HOLDOUT, OUTCOMPETED, WRITTEN, Day, Fate, Judge
from schemas.governing import Cap, SharedBudgets
from schemas.planning import Case, Contender, Ruling
from tests.rules.builders import capped, case, contender, shanghai, slot

MORNING = shanghai("2026-03-10T10:00")
TOMORROW = MORNING + timedelta(hours=23)
SOON = MORNING + timedelta(hours=12)


def asked(person: int, *contenders: Contender) -> Case:
    return case(*contenders)._replace(person_id=person)


def one(candidate: int, value: float, scene: str = "a", **changed: Any) -> Contender:
    return contender(candidate, SOON, scene=scene, value=value, **changed)


def day(*, tomorrow: datetime | None = TOMORROW, **shared: Any) -> Day:
    policy = capped(shared=SharedBudgets(**{"texts_per_sender": None, **shared}))
    return Day(Judge(policy, MORNING), tomorrow)


def fates(decided: Day, *cases: Case) -> dict[int, str]:
    told: dict[int, Fate] = {}
    for each in cases:
        told |= {fate.contender.candidate_id: fate for fate in decided.decide(each)}
    for fate in decided.close():
        assert fate.contender.candidate_id not in told
        told[fate.contender.candidate_id] = fate
    return {candidate: fate.told for candidate, fate in sorted(told.items())}


def test_the_best_is_written_its_rival_loses_to_it_and_a_rule_is_named() -> None:
    policy = capped(Cap(window="day", max=1))
    judge = Judge(policy, MORNING)
    held = asked(2, one(3, 1))._replace(slots=(slot(MORNING),))
    decided = Day(judge, TOMORROW)
    first = asked(1, one(1, 1), one(2, 2, "b"))
    assert list(decided.decide(first)) == []
    assert [fate.told for fate in decided.decide(held)] == ["cap"]
    written, lost = decided.close()
    assert (written.contender.candidate_id, written.told, written.winner) == (2, WRITTEN, None)
    assert written.slotted is not None
    assert (written.slotted.at, written.slotted.sender) == (MORNING, "ChenYu")
    assert (lost.contender.candidate_id, lost.told, lost.winner) == (1, OUTCOMPETED, one(2, 2, "b"))
    assert lost.slotted is None
    assert list(decided.close()) == []


def test_a_ghost_takes_its_share_and_is_told_apart() -> None:
    ghost = asked(1, one(1, 2))._replace(bucket=0)
    assert fates(day(messages_per_run=1), ghost, asked(2, one(2, 1))) == {
        1: HOLDOUT,
        2: "messages_per_run",
    }


@pytest.mark.parametrize(
    ("shared", "told"),
    [
        ({"messages_per_run": 1}, "messages_per_run"),
        ({"messages_per_scene": 1}, "messages_per_scene"),
        ({"texts_per_sender": 1}, "texts_per_sender"),
        ({"scenes": {"a": 1}}, "messages_per_scene"),
    ],
)
def test_who_finds_nothing_left_is_told_in_what(shared: dict[str, Any], told: str) -> None:
    found = fates(day(**shared), asked(1, one(1, 1, wording_key="x")), asked(2, one(2, 2)))
    assert found == {1: told, 2: WRITTEN}


def test_whom_a_released_winner_had_outcompeted_competes_once_more() -> None:
    found = fates(day(scenes={"a": 0}), asked(1, one(1, 2), one(2, 1, "b")))
    assert found == {1: "messages_per_scene", 2: WRITTEN}


def test_a_winner_that_may_wait_for_tomorrow_keeps_its_rivals_out() -> None:
    early = day(scenes={"a": 0}, tomorrow=MORNING + timedelta(hours=1))
    assert fates(early, asked(1, one(1, 2), one(2, 1, "b"))) == {
        1: "messages_per_scene",
        2: OUTCOMPETED,
    }


def test_where_there_is_no_tomorrow_nothing_waits() -> None:
    found = fates(day(scenes={"a": 0}, tomorrow=None), asked(1, one(1, 2), one(2, 1, "b")))
    assert found == {1: "messages_per_scene", 2: WRITTEN}


def test_the_second_round_has_what_the_first_left_and_is_the_last() -> None:
    """A text that the first has kept is confirmed anyway, and costs no second one."""
    first, second, third = (
        asked(
            person,
            one(10 * person, 9 - person),
            one(10 * person + 1, 1, "b"),
            one(10 * person + 2, 0.5, "c"),
        )
        for person in (1, 2, 3)
    )
    found = fates(day(scenes={"a": 1, "b": 1}, texts_per_sender=1), first, second, third)
    assert found == {
        10: WRITTEN,
        11: OUTCOMPETED,
        12: OUTCOMPETED,
        20: "messages_per_scene",
        21: WRITTEN,
        22: OUTCOMPETED,
        30: "messages_per_scene",
        31: "messages_per_scene",
        32: OUTCOMPETED,
    }


def test_what_the_first_round_spent_is_gone_in_the_second() -> None:
    persons = [asked(n, one(10 * n, 9 - n), one(10 * n + 1, 1, "b")) for n in (1, 2, 3)]
    found = fates(day(scenes={"a": 1}, messages_per_run=2), *persons)
    assert (found[10], found[21], found[31]) == (WRITTEN, WRITTEN, "messages_per_run")


def test_a_judge_rules_as_the_governor_but_promises_nothing() -> None:
    policy = capped(Cap(window="day", max=1))
    held = case(contender(1, MORNING + timedelta(days=3)), slots=(slot(MORNING),))
    (ruling,) = Governor(policy, MORNING).decide(held)
    (judged,) = Judge(policy, MORNING).decide(held)
    assert ruling.frees_at is not None
    assert judged == ruling._replace(frees_at=None)


def test_a_winner_without_a_span_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    decided = day()
    broken = decided.governor.decide(asked(1, one(1, 1)))[0]._replace(span=None)
    monkeypatch.setattr(Judge, "decide", lambda *_: [broken])
    with pytest.raises(ValueError, match="takes a slot has a span"):
        list(decided.decide(asked(1, one(1, 1))))
    assert isinstance(broken, Ruling)
