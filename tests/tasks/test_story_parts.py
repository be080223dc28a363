"""What a story makes of rows that a simulated week does not bring about."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from schemas.enums import MessageState
from schemas.errors import ConfigurationError
from store.database import engine
from tasks.stories import find_person, left_out, story_of
from tasks.wiring import wiring
from tests import builders
from tests.conftest import database_of, fresh_name
from tests.house import at
from tests.tasks.told import fact, story, won

MORNING = at(2, 7, 30)


@pytest.fixture
def bare(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty database of the test's own, and this process pointed at it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("RUNWU_CONFIG", raising=False)
    wiring.cache_clear()
    yield engine(database_url)
    wiring.cache_clear()


def decided(database: Engine, candidate: int, verdict: str, *reasons: Any, **more: Any) -> None:
    """Decide on a candidate as a planner would write it down."""
    builders.change(
        database,
        "INSERT INTO decision (candidate_id, verdict, arm, reasons, frees_at, winner_id, inputs,"
        " policy_version) VALUES (:id, :verdict, 'treated', :reasons, :frees, :winner, '{}', 'v1')",
        id=candidate,
        verdict=verdict,
        reasons=Jsonb(list(reasons)),
        frees=more.get("frees_at"),
        winner=more.get("winner"),
    )


def test_an_id_that_may_be_two_persons_comes_with_the_names_that_tell_them_apart(
    bare: Engine,
) -> None:
    one, other = builders.persons(bare, 2)
    builders.change(
        bare,
        "UPDATE member SET source = 'web', key = :key WHERE person_id = :person",
        key=str(one),
        person=other,
    )
    names = find_person(str(one))
    assert names == {f"person:{one}": one, f"web:{one}": other}
    for name, person in names.items():
        assert set(find_person(name).values()) == {person}


def test_without_a_rehearsal_the_budget_is_told_as_of_the_instant_asked(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    budget = story_of(person, None, at(3, 12, 0)).budget
    assert (budget.at, budget.next_place) == ("2026-03-03 12:00", "2026-03-03 12:00")
    assert "演练" not in budget.title
    assert budget.notes[-1] == "现在就有空位。"


def test_an_open_reservation_counts_and_a_released_one_does_not(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    (message,) = builders.messages(bare, [person], until=at(4, 20, 0))
    now_ = at(2, 12, 0)
    held = story_of(person, None, now_).budget
    assert [cap.used for cap in held.caps] == [1] * len(held.caps)
    assert held.next_place == "2026-03-06 20:00"
    builders.change(
        bare,
        "INSERT INTO ledger (slot, kind, person_id, contact, scene, category, channel, sender, at,"
        " until, zone, local_date, policy_version, ghost, reason)"
        " SELECT slot, 'release', person_id, contact, scene, category, channel, sender, :at, :at,"
        " zone, local_date, policy_version, ghost, '' FROM ledger WHERE slot = :slot",
        at=now_,
        slot=message,
    )
    freed = story_of(person, None, now_).budget
    assert [cap.used for cap in freed.caps] == [0] * len(freed.caps)


def test_reasons_are_told_with_the_numbers_the_governor_saw(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    run = builders.run(bare)
    (near,) = builders.candidates(bare, run, [person], scene="first_order_thanks")
    (held,) = builders.candidates(bare, run, [person], scene="replenish")
    decided(
        bare,
        held,
        "suppressed",
        {"rule": "gap", "hours": 48, "beside": [near, 4711]},
        {"rule": "cap", "window": "calendar_week", "used": 2, "max": 2},
        {"rule": "after_order", "until": "2026-03-03T12:38:00+00:00"},
        frees_at=at(4, 9, 0),
    )
    ((undecided, episode),) = [day.episodes for day in story(person).days]
    assert undecided.decision == "还没有决定"
    assert episode.decision == "没有发送（规则版本 v1）"
    assert episode.shown_reasons == [
        "与另一条消息相隔不到 48 小时：首单感谢（2026-03-02）、另一条消息",
        "同一周最多 2 条，已占 2 条",
        "刚下过单，2026-03-03 20:38 之前不推销",
    ]
    assert episode.again == "最早 2026-03-04 09:00 可以再排"
    assert episode.message is None


def test_who_won_instead_is_named(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    run = builders.run(bare)
    (winner,) = builders.candidates(bare, run, [person], scene="lapsing_care")
    (loser,) = builders.candidates(bare, run, [person], scene="replenish")
    decided(bare, winner, "won")
    decided(bare, loser, "outcompeted", winner=winner)
    ((_, episode),) = [day.episodes for day in story(person).days]
    assert episode.decision == "让给了分值更高的「久未来访的问候」（0.50）（规则版本 v1）"
    assert episode.winner == winner


def test_a_story_without_days_says_why(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    assert story(person).empty == "到目前为止，没有任何场景有理由联系这位客户。"
    assert story(person, 2).empty == "这一天没有运行每日任务。"
    builders.run(bare)
    assert story(person, 2).empty == "这一天没有任何场景有理由联系这位客户。"


def test_a_suppressed_contact_and_a_missing_consent_are_said(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    builders.change(bare, "DELETE FROM consent")
    builders.change(
        bare,
        "INSERT INTO suppression (person_id, channel, address, employee_id, reason, at)"
        " SELECT person_id, channel, address, employee_id, 'deleted_by_customer', :at FROM contact",
        at=at(2, 12, 0),
    )
    told = story(person)
    assert fact(told, "contacts").text.endswith("：已停用，客户已删除员工（2026-03-02）")
    assert fact(told, "consent").text == "从未表态，按不同意处理"
    assert {one.key for one in told.facts} >= {"members", "contacts", "consent", "arm", "segment"}


def test_an_unprepared_database_is_told_what_to_run(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database_of(server_url, fresh_name(), "template0") as url:
        monkeypatch.setenv("DATABASE_URL", url)
        wiring.cache_clear()
        with pytest.raises(ConfigurationError, match="runwu up"):
            find_person("1")
    wiring.cache_clear()


def test_every_state_can_be_told(bare: Engine) -> None:
    (person,) = builders.persons(bare, 1)
    (message,) = builders.messages(bare, [person])
    decided(bare, message, "won")
    for seq, state in enumerate(MessageState, 2):
        builders.change(
            bare,
            "INSERT INTO message_event (message_id, seq, at, to_state, reason)"
            " VALUES (:id, :seq, :at, :state, 'as told')",
            id=message,
            seq=seq,
            at=MORNING,
            state=state.value,
        )
    _, sent = won(story(person))
    assert len(sent.events) == len(MessageState) + 1
    assert sent.heading == "没有写文案：其他客户都不用这条文案"


def test_what_is_not_shown_is_said() -> None:
    assert left_out(7).startswith("更早还有 7 天没有列出：加 --date")
