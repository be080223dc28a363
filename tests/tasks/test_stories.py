"""A person's story says in plain words what the tables hold: why, why not, and what came of it."""

from collections.abc import Iterator
from datetime import date

import pytest

from store.database import transaction
from store.persons import lock_persons
from tasks.stories import find_person
from tasks.wiring import wiring
from tests.conftest import database_of, fresh_name, wired_house
from tests.house import House, at
from tests.tasks.conftest import OPTIONS
from tests.tasks.told import fact, story, won

MORNING = at(2, 7, 30)


@pytest.fixture(scope="module")
def lived(server_url: str, planned_day: str) -> Iterator[House]:
    """A week that began with an approved day; nobody changes anything in it."""
    with (
        pytest.MonkeyPatch.context() as patch,
        database_of(server_url, fresh_name(), planned_day) as url,
        wired_house(url, patch, OPTIONS) as house,
    ):
        house.control.set_clock(MORNING)
        house.decide()
        house.push(at(2, 9, 5))
        for hour in (12, 16, 20):
            house.collect(at(2, hour, 31))
        for day in (3, 4, 5):
            house.pull(at(day, 7, 30))
            house.grow(at(day, 7, 30))
            house.collect(at(day, 20, 31))
        yield house


def person_with(house: House, condition: str) -> int:
    """Return somebody whose message fulfils a condition."""
    found = house.rows(f"SELECT m.person_id FROM message m WHERE {condition} ORDER BY m.id LIMIT 1")
    return int(found[0].person_id)


def test_a_person_is_found_by_every_name_there_is(lived: House) -> None:
    (row,) = lived.rows(
        "SELECT m.person_id, m.key, m.unionid, c.address FROM member m"
        " JOIN contact c USING (person_id) WHERE m.unionid IS NOT NULL ORDER BY m.id LIMIT 1"
    )
    short = [str(row.person_id), row.key, row.unionid, row.address]
    full = [
        f"person:{row.person_id}",
        f"shop:{row.key}",
        f"unionid:{row.unionid}",
        f"wecom:{row.address}",
    ]
    for name in (*short, *full, f" {row.key} "):
        assert set(find_person(name).values()) == {row.person_id}, name


@pytest.mark.parametrize(
    "wanted", ["", "nobody", "shop:", "shop:nobody", "9" * 30, "²", "\x00", "\ud800", "person:x"]
)
def test_who_is_not_known_is_nobody(lived: House, wanted: str) -> None:
    del lived
    assert find_person(wanted) == {}


def test_a_story_tells_a_message_from_its_reason_to_its_answer(lived: House) -> None:
    person = person_with(
        lived, "NOT m.ghost AND EXISTS (SELECT 1 FROM outcome o WHERE o.message_id = m.id)"
    )
    episode, message = won(story(person))
    assert episode.decision == f"胜出（规则版本 {wiring().policy.version}）"
    assert [event.state for event in message.events] == [
        *("planned", "drafted", "in_review", "approved", "queued", "dispatched"),
        *("confirmed", "delivered"),
    ]
    assert message.events[0].text == "2026-03-02 07:30  已排期（在候选中胜出）"
    assert message.events[3].text.endswith("  已通过（由 测试员 通过）")
    (received,) = [
        one
        for one in lived.control.received()
        if {one.external_userid} == {c["address"] for c in fact(story(person), "contacts").value}
    ]
    assert (message.heading, message.text) == ("收到的文案", received.text)
    assert message.author == "模板"
    assert message.delivery is not None
    assert message.delivery.startswith(f"已送达，{received.at.astimezone(wiring().zone):%F %H:%M}")
    assert message.orders[0].startswith("之后下单 shop:")


def test_evidence_is_told_with_the_scenes_own_labels(lived: House) -> None:
    person = person_with(lived, "m.scene = 'replenish'")
    episode, _ = won(story(person))
    gap, last, orders = (episode.evidence[key] for key in ("gap_days", "last_order", "orders"))
    assert episode.shown_evidence == f"平时间隔（天） {gap}；上次购买 {last}；累计订单 {orders}"
    assert episode.title.startswith(f"复购提醒：分值 {episode.value:.2f}，有效至 2026-03-")


def test_the_holdout_is_told_that_nothing_was_sent(lived: House) -> None:
    person = person_with(lived, "m.ghost AND m.wording_id IS NOT NULL AND m.state = 'delivered'")
    told = story(person)
    episode, message = won(told)
    assert episode.verdict == "ghost"
    assert episode.decision.startswith("对照组：本来会发，没有发送")
    assert message.heading == "本来的文案"
    assert message.events[-1].text.endswith("视同已送达（与同一文案的其他客户一样计）")
    assert message.delivery is not None
    assert message.delivery.startswith("视同已送达")
    assert fact(told, "arm").text.startswith("对照组：")
    assert fact(told, "touches").text.startswith("什么也没有发送")
    assert not {c["address"] for c in fact(told, "contacts").value} & {
        one.external_userid for one in lived.control.received()
    }


def test_a_ghosts_delivery_counts_in_the_budget(lived: House) -> None:
    person = person_with(lived, "m.ghost AND m.state = 'delivered'")
    used = {cap.window: cap.used for cap in story(person).budget.caps}
    assert (used["calendar_week"], used["rolling_168h"]) == (1, 1)


def test_the_budget_is_told_on_the_rehearsals_own_clock(lived: House) -> None:
    person = person_with(lived, "NOT m.ghost AND m.state = 'delivered'")
    budget = story(person).budget
    assert budget.at.startswith("2026-03-05 07:3")
    assert "按演练的时间" in budget.title
    assert (budget.caps[0].label, budget.caps[0].max) == ("同一天", 1)
    assert budget.notes[0] == "两条消息至少相隔 48 小时。"


def test_days_come_newest_first_and_one_may_be_asked_for(lived: House) -> None:
    refused = lived.rows(
        "SELECT c.person_id FROM candidate c JOIN decision d ON d.candidate_id = c.id"
        " WHERE d.verdict = 'suppressed' GROUP BY 1 HAVING count(DISTINCT run_id) > 1 LIMIT 1"
    )[0].person_id
    days = [day.date for day in story(refused).days]
    assert len(days) > 1
    assert days == sorted(days, reverse=True)
    assert [day.date for day in story(refused, 2).days] == [date(2026, 3, 2)]


def test_who_somebody_is_comes_from_members_contacts_consent_and_facts(lived: House) -> None:
    person = person_with(lived, "NOT m.ghost AND m.state = 'delivered'")
    (member,) = lived.rows("SELECT * FROM member WHERE person_id = :id", id=person)
    (facts,) = lived.rows("SELECT * FROM person_facts WHERE person_id = :id", id=person)
    told = story(person)
    assert fact(told, "members").text == f"shop:{member.key}（{member.city}）"
    assert fact(told, "orders").value["orders"] == facts.orders
    assert fact(told, "touches").text.startswith("共 1 条，上次 2026-03-02")
    assert fact(told, "consent").text.startswith("同意（")
    assert fact(told, "segment").value["segment"] in {"active", "new", "due", "at_risk"}


def test_a_reader_waits_for_nobody(lived: House) -> None:
    person = person_with(lived, "NOT m.ghost")
    with transaction(lived.database) as connection:
        lock_persons(connection, [person])
        assert story(person).person == person


def test_a_story_changes_nothing(lived: House) -> None:
    tables = ("message", "message_event", "ledger", "decision", "stale_person", "run")
    before = [lived.rows(f"SELECT count(*) FROM {table}") for table in tables]
    story(person_with(lived, "NOT m.ghost"))
    assert [lived.rows(f"SELECT count(*) FROM {table}") for table in tables] == before
