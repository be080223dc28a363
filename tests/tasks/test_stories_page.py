"""Whoever decides on a batch can read why these persons, in the words of `runwu explain`."""

import asyncio
import logging
from datetime import date
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import event

from prompts.page import Page
from schemas.enums import Decision
from store import reviews
from store.database import transaction
from tasks import pages
from tasks.decisions import apply_review
from tasks.forms import Answer, Choice, review_form, text_field
from tasks.stories_page import SHOWN, look, stories_page
from tasks.wiring import wiring
from tests import builders
from tests.house import ZONE, House, at
from tests.tasks.shown import HOSTILE, shown
from tests.tasks.told import fact, story


def newest_batch(house: House) -> int:
    with transaction(house.database) as connection:
        return reviews.undecided(connection)[-1].id


def page_of(house: House, batch: int) -> Page | None:
    with transaction(house.database) as connection:
        found = look(connection, wiring(), batch)
    return stories_page(found, ZONE) if found else None


def told(house: House) -> str:
    """Return what the page of the newest batch says."""
    page = page_of(house, newest_batch(house))
    assert page is not None
    return shown(page.markdown)


def behind(house: House) -> list[Any]:
    """Return the messages of the newest batch, in the order of their wordings and values."""
    return house.rows(
        "SELECT i.ordinal, m.id, m.person_id, c.inputs->'evidence' AS evidence FROM review_item i"
        " JOIN draft d ON d.id = i.draft_id JOIN message m ON m.wording_id = d.wording_id"
        " JOIN candidate c ON c.id = m.id"
        " WHERE i.batch_id = :batch AND m.state = 'in_review' AND NOT m.ghost"
        " ORDER BY i.ordinal, c.value DESC, m.id",
        batch=newest_batch(house),
    )


def another_reason(house: House, message: int, scene: str, verdict: str, *why: Any) -> None:
    """Have found, and decided, another reason for whom a message is for."""
    (row,) = house.rows(
        "INSERT INTO candidate (run_id, person_id, scene, wording_key, value, window_until, inputs)"
        " SELECT run_id, person_id, :scene, 'key', 0.25, window_until,"
        ' \'{"evidence": {"last_order": "2026-01-05"}}\' FROM candidate WHERE id = :id'
        " RETURNING id",
        scene=scene,
        id=message,
    )
    house.change(
        "INSERT INTO decision (candidate_id, verdict, arm, reasons, frees_at, winner_id, inputs,"
        " policy_version) VALUES (:id, :verdict, 'treated', :why, :frees, :winner, '{}', 'older')",
        id=row.id,
        verdict=verdict,
        why=Jsonb(list(why)),
        frees=at(4, 9) if verdict == "suppressed" else None,
        winner=message if verdict == "outcompeted" else None,
    )


def part(said: str, person: int) -> list[str]:
    """Return the lines about a person."""
    _, _, about = said.partition(f"客户 {person}\n")
    return about.partition("客户 ")[0].splitlines()


@pytest.fixture
def week_after(approved: House) -> House:
    """The Monday after an approved day, in review; some would hear from us for the second time."""
    approved.push(at(2, 9, 5))
    for hour in (12, 16, 20):
        approved.collect(at(2, hour, 31))
    approved.pull(at(9, 7, 30))
    approved.collect(at(9, 7, 30))
    approved.grow(at(9, 7, 30))
    return approved


def test_every_wording_stands_under_the_name_it_has_in_the_form(planned: House) -> None:
    batch = newest_batch(planned)
    form = review_form(batch)
    page = page_of(planned, batch)
    assert form is not None
    assert page is not None
    fields = form.model.model_json_schema()["properties"]
    titles = [fields[text_field(content)]["title"] for content in form.texts]
    lines = shown(page.markdown).splitlines()
    assert [line for line in lines if line in titles] == titles
    assert (
        page.about == f"2026-03-02，第 {batch} 批：{len(titles)} 条文案，{len(behind(planned))} 人"
    )


def test_whom_a_wording_would_reach_is_told_with_the_reason_found_that_day(planned: House) -> None:
    said = told(planned)
    for row in behind(planned):
        lines = part(said, row.person_id)
        (reason,) = [line for line in lines if line.startswith("理由 ")]
        for value in row.evidence.values():
            assert str(value) in reason
    assert f"规则版本 {wiring().policy.version}。" in said


def test_what_it_beat_and_what_was_held_back_is_told_with_rules_and_numbers(planned: House) -> None:
    message = behind(planned)[0]
    sunday = builders.run(planned.database, day=date(2026, 3, 1))
    (earlier,) = builders.candidates(planned.database, sunday, [message.person_id])
    lost = {"rule": "outcompeted", "expected": 0.25, "needed": 0.5}
    another_reason(planned, message.id, "lapsing_care", "outcompeted", lost)
    near = {"rule": "gap", "hours": 48, "beside": [earlier]}
    full = {"rule": "cap", "window": "calendar_week", "used": 2, "max": 2}
    another_reason(planned, message.id, "first_order_thanks", "suppressed", near, full)
    lines = part(told(planned), message.person_id)
    assert [line.split()[0] for line in lines if line] == [
        *("理由", "让位", "没有发", "次数", "上次联系")
    ]
    (beaten,) = [line for line in lines if line.startswith("让位 ")]
    assert beaten.startswith("让位 久未来访的问候：分值 0.25，有效至 2026-03-")
    assert beaten.endswith("；分值 0.25，要高于 0.5 才会胜出")
    (held_back,) = [line for line in lines if line.startswith("没有发 ")]
    assert held_back.endswith(
        "；与另一条消息相隔不到 48 小时：复购提醒（2026-03-01）"
        "；同一周最多 2 条，已占 2 条；最早 2026-03-04 09:00 可以再排"
    )
    assert f"规则版本 {'、'.join(sorted((wiring().policy.version, 'older')))}。" in told(planned)


def test_how_full_caps_are_is_told_as_explain_tells_it(planned: House) -> None:
    said = told(planned)
    for row in behind(planned):
        budget = story(row.person_id).budget
        caps = " · ".join(f"{cap.label} {cap.used}/{cap.max}" for cap in budget.caps)
        assert "次数 同一天 1/1 · " in f"次数 {caps}"
        assert f"次数 {caps}。{''.join(budget.notes)}" in part(said, row.person_id)


def test_whose_clock_is_another_is_told_by_which_one(planned: House) -> None:
    assert "时间按客户所在的" not in told(planned)
    planned.change("UPDATE member SET timezone = 'Pacific/Honolulu'")
    assert told(planned).count("（时间按客户所在的 Pacific/Honolulu。）") == sum(
        min(SHOWN, len([row for row in behind(planned) if row.ordinal == ordinal]))
        for ordinal in {row.ordinal for row in behind(planned)}
    )


def test_who_never_heard_from_us_is_told_to_be_new(planned: House) -> None:
    for row in behind(planned):
        assert "上次联系 还没有联系过" in part(told(planned), row.person_id)


def test_when_they_last_heard_from_us_and_what_followed_is_told(week_after: House) -> None:
    said = told(week_after)
    heard = 0
    for row in behind(week_after):
        (last,) = week_after.rows(
            "SELECT v.at, v.answered, count(o.id) AS orders, sum(o.amount) AS amount"
            " FROM (SELECT :person AS id) p LEFT JOIN delivery v ON v.person_id = p.id"
            " AND v.status = 'delivered' LEFT JOIN outcome o ON o.message_id = v.message_id"
            " GROUP BY v.at, v.answered",
            person=row.person_id,
        )
        (line,) = [one for one in part(said, row.person_id) if one.startswith("上次联系 ")]
        if last.at is None:
            assert line == "上次联系 还没有联系过"
            continue
        heard += 1
        touches = fact(story(row.person_id), "touches").value
        answered = "有回应" if last.answered or last.orders else "没有回应"
        if last.answered is None and not last.orders:
            answered = "等待回应，到 "
        assert f"已送达，{last.at.astimezone(ZONE):%Y-%m-%d %H:%M}，{answered}" in line
        orders = f"；之后下单 {last.orders} 单，金额 {last.amount or 0:.2f}"
        assert (orders in line) == bool(last.orders)
        assert line.endswith(f"；共 1 条，最近连续 {touches['unanswered']} 条没有回应")
    assert heard


def test_what_an_employee_sent_by_themselves_is_what_was_heard_last(planned: House) -> None:
    message = behind(planned)[0]
    planned.change(
        "INSERT INTO own_send (channel, msgid, sender, address, sent_at)"
        " SELECT channel, 'm', sender, contact, :at FROM message WHERE id = :id",
        id=message.id,
        at=at(1, 18),
    )
    assert "上次联系 员工自己群发：2026-03-01 18:00" in part(told(planned), message.person_id)


def test_of_many_behind_one_wording_the_most_valued_are_told_and_the_others_counted(
    planned: House,
) -> None:
    planned.change(
        "UPDATE message SET wording_id = (SELECT d.wording_id FROM review_item i"
        " JOIN draft d ON d.id = i.draft_id ORDER BY i.batch_id DESC, i.ordinal LIMIT 1)"
        " WHERE NOT ghost"
    )
    everybody = behind(planned)
    said = told(planned)
    shown_ids = [
        int(line.removeprefix("客户 ")) for line in said.splitlines() if line.startswith("客户 ")
    ]
    assert shown_ids == [row.person_id for row in everybody[:SHOWN]]
    assert f"这条文案另有 {len(everybody) - SHOWN} 位客户没有列出。" in said
    assert "runwu explain" in said


def test_no_more_is_asked_of_the_database_for_many_persons_than_for_few(planned: House) -> None:
    asked: list[str] = []

    def count(*about: Any) -> None:
        asked.append(about[2])

    batch = newest_batch(planned)
    event.listen(planned.database, "before_cursor_execute", count)
    try:
        page_of(planned, batch)
        many = len(asked)
        kept = behind(planned)[0]
        planned.change("UPDATE message SET state = 'rejected' WHERE id <> :id", id=kept.id)
        asked.clear()
        page_of(planned, batch)
    finally:
        event.remove(planned.database, "before_cursor_execute", count)
    assert len(asked) == many


def test_the_page_says_the_same_again_while_nothing_happens(planned: House) -> None:
    batch = newest_batch(planned)
    before = page_of(planned, batch)
    planned.change(
        "UPDATE run SET opened_at = opened_at - CAST(:later AS interval)", later="7 hours"
    )
    assert page_of(planned, batch) == before is not None


def test_after_an_edit_was_sent_back_only_its_own_wording_is_told_of(planned: House) -> None:
    batch = newest_batch(planned)
    form = review_form(batch)
    assert form is not None
    first, *others = form.texts
    assert others
    choices = {content: Choice(Decision.APPROVE) for content in others}
    choices[first] = Choice(Decision.APPROVE, "全网第一")
    apply_review.fn(batch, Answer("王店长", form.round, choices))
    page = page_of(planned, batch)
    assert page is not None
    assert page.about.startswith(f"2026-03-02，第 {batch} 批：1 条文案，")
    assert {row.ordinal for row in behind(planned)} == {1}
    assert told(planned).count("客户 ") == min(SHOWN, len(behind(planned)))


def test_what_is_decided_has_no_page(planned: House) -> None:
    batch = newest_batch(planned)
    planned.decide()
    assert page_of(planned, batch) is None
    assert asyncio.run(pages.show_stories.fn(batch)) is None


def test_hostile_words_stay_words(planned: House) -> None:
    message = behind(planned)[0]
    another_reason(planned, message.id, HOSTILE, "suppressed", {"rule": HOSTILE})
    planned.change(
        "UPDATE candidate SET inputs = jsonb_set(inputs, '{evidence}', jsonb_build_object("
        " CAST(:text AS text), CAST(:text AS text)))",
        text=HOSTILE,
    )
    planned.change("UPDATE member SET timezone = :text", text=HOSTILE)
    lines = "\n".join(part(told(planned), message.person_id))
    assert lines.count(HOSTILE) == 7


def test_the_form_leads_to_the_page_where_there_is_one(planned: House) -> None:
    batch = newest_batch(planned)
    with_page, without = review_form(batch, "5f0c"), review_form(batch)
    assert with_page is not None
    assert without is not None
    link = "[为什么是这些客户](/v2/artifacts/artifact/5f0c)"
    assert (link in with_page.intro, link in without.intro) == (True, False)
    beside = [
        form.model.model_json_schema()["properties"]["reviewer"]["description"]
        for form in (with_page, without)
    ]
    assert ["Artifacts" in one for one in beside] == [True, False]


def test_a_page_that_cannot_be_made_never_costs_the_review(
    planned: House, caplog: pytest.LogCaptureFixture
) -> None:
    batch = newest_batch(planned)
    planned.change("ALTER TABLE own_send RENAME TO gone")
    with caplog.at_level(logging.WARNING, "runwu.pages"):
        stories = asyncio.run(pages.show_stories.fn(batch))
    assert stories is None
    assert [record.message for record in caplog.records] == [
        f"page_not_shown key=stories-batch-{batch} kind=ProgrammingError"
    ]
    assert review_form(batch, stories) is not None
