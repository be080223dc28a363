"""What a run leaves in Prefect to read: true, in words, in full, and harmless."""

import asyncio
import base64
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from prefect.context import TaskRunContext
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from rules.books import Equation
from store import funnel
from store import pages as store_pages
from store.database import transaction
from store.funnel import Funnel
from store.pages import WhyNot
from store.row_rules import ROW_RULES
from tasks import expectations, pages
from tasks.funnel_page import funnel_page
from tasks.funnels import count_funnel, equations
from tasks.pull import PullRun
from tasks.verdict_page import check_name, verdict_page
from tasks.why_not_page import why_not_page
from tests.house import ZONE, House, at
from tests.tasks.shown import (
    TODAY,
    check,
    reasons_of,
    run_of,
    shown,
    tables,
    window,
    written,
)


def test_every_window_of_a_pull_is_a_row_with_its_books(planned: House) -> None:
    (pull,) = planned.rows("SELECT id FROM run WHERE flow = 'pull-data'")
    with transaction(planned.database) as connection:
        rows = store_pages.verdicts(connection, pull.id)
    page = verdict_page(at(2, 7, 30), rows, [], ZONE)
    (table,) = tables(page.markdown)
    assert [row[0] for row in table[1:]] == ["shop 会员", "shop 订单", "wecom 联系人"]
    assert {row[1] for row in table[1:]} == {"最早 → 03-02 07:30"}
    for _, _, verdict, pulled, *parts in table[1:]:
        assert verdict == "通过"
        assert int(pulled) == sum(map(int, parts)) > 0
    assert page.about == "2026-03-02 07:30 拉取：3 个窗口通过，0 个被拒"


def test_a_refused_window_says_what_broke_and_what_the_run_fails_with() -> None:
    checks = [
        check("quantity_range", 7, 7),
        check("key_present", 3, 2),
        check("status_known", None, 0),
        check("row_count", 1, 0),
        check("unit_price_range", 0, 0),
    ]
    trouble = "shop order_line: quantity_range: 7 of 10 rows are bad"
    page = verdict_page(at(2, 7, 30), [window(passed=False, checks=checks)], [trouble], ZONE)
    said = shown(page.markdown)
    assert page.about.endswith("0 个窗口通过，1 个被拒")
    assert tables(page.markdown)[0][1][2] == "被拒"
    assert trouble in said
    assert "数量不在合理范围（quantity_range）：7 行\n" in said
    assert "缺少编号（key_present）：Great Expectations 数出 3 行，自查 2 行，两边不符" in said
    assert "订单状态不认识（status_known）：没能检查" in said
    assert "首次拉取没有一行（row_count）" in said
    assert "整行重复：2 行丢弃" in said
    assert "unit_price_range" not in said


def test_a_source_that_could_not_be_read_is_named_although_it_has_no_window() -> None:
    page = verdict_page(at(2, 7, 30), [], ["shop: HTTP 500"], ZONE)
    assert "shop: HTTP 500" in shown(page.markdown)
    assert "没有需要拉取的窗口" in shown(page.markdown)


def test_every_rule_of_the_contract_has_its_words() -> None:
    rules = {rule.name for entity in ROW_RULES.values() for rule in entity}
    for rule in {*rules, expectations.ROW_COUNT}:
        assert check_name(rule).endswith(f"（{rule}）")
    assert check_name("a_rule_to_come") == "a_rule_to_come"


# funnel


def test_the_funnel_tells_its_books_in_words_and_that_they_balance(planned: House) -> None:
    found = count_funnel.fn(run_of(planned).id)
    with transaction(planned.database) as connection:
        spent = funnel.spent(connection, run_of(planned).id)
    page = funnel_page(TODAY, found, spent)
    steps, authors = tables(page.markdown)
    assert steps[1] == ["候选", str(found.candidates), "100%"]
    assert steps[2][:2] == ["胜出", str(found.winners)]
    said = shown(page.markdown)
    assert f"{found.candidates} 候选 = {found.winners} 胜出 + " in said
    assert re.search(
        r"\d+ 拦下（没有营销授权） \+ \d+ 拦下（没有企业微信联系人） \+ \d+ 让位", said
    )
    assert said.count("平\n") == len(equations(found))
    assert f"{found.would_have_won} 条本来会发，没有发送" in said
    assert authors[1] == ["模板", str(len(written(planned).shown))]
    assert "没有问过模型" in said


def test_books_that_are_off_are_called_so() -> None:
    said = shown(funnel_page(TODAY, Funnel(candidates=3, winners=1), []).markdown)
    assert "3 候选 ≠ 1 胜出" in said
    assert "不平" in said


def test_what_texts_cost_is_summed_over_all_authors() -> None:
    model = {"calls": 30, "prompt_tokens": 900, "completion_tokens": 70}
    stood_in = {"calls": 4, "prompt_tokens": 100, "completion_tokens": 7}
    spent = [
        SimpleNamespace(author="model", texts=25, instead=0, **model),
        SimpleNamespace(author="template", texts=3, instead=2, **stood_in),
    ]
    page = funnel_page(TODAY, Funnel(), spent)
    assert tables(page.markdown)[1][1:] == [
        ["模型", "25"],
        ["模板（其中 2 条问过模型，没有采用）", "3"],
    ]
    said = shown(page.markdown)
    assert "共问模型 34 次，读入 1000 个 token，写出 77 个 token。" in said


def test_the_picture_is_drawn_to_scale_and_needs_no_network() -> None:
    found = Funnel(candidates=40, winners=20, drafted_states={"delivered": 10}, orders=4)
    page = funnel_page(TODAY, found, [])
    (data,) = re.findall(r"base64,([\w+/=]+)", page.markdown)
    root = ET.fromstring(base64.b64decode(data))  # noqa: S314 - of our own making
    space = "{http://www.w3.org/2000/svg}"
    widths = [int(bar.attrib["width"]) for bar in root.findall(f"{space}rect")[1:]]
    assert widths == [460, 230, 115, 0, 0, 0, 115, 46]
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", base64.b64decode(data).decode())


def test_every_name_in_the_books_has_its_word() -> None:
    odd = Funnel(
        candidates=9,
        suppressed={"no_consent": 1},
        undrafted_states={"planned": 1},
        drafted_states={"delivered": 1, "unknown_settled": 1},
        ghosts={"expired": 1},
    )
    for book in equations(odd):
        assert isinstance(book, Equation)
    said = shown(funnel_page(TODAY, odd, []).markdown)
    books = said[said.index("账目") : said.index("对照组\n")]
    assert not re.search(r"[a-z]", books)


# why-not


def test_every_reason_is_counted_as_in_the_books_with_examples(planned: House) -> None:
    found = count_funnel.fn(run_of(planned).id)
    page = why_not_page(TODAY, reasons_of(planned))
    rules, scenes = tables(page.markdown)[:2]
    assert sum(int(row[1]) for row in rules[1:]) == sum(found.suppressed.values()) > 0
    for name, first, also, examples in rules[1:]:
        barred = planned.rows(
            "SELECT DISTINCT c.person_id FROM candidate c JOIN decision d ON d.candidate_id = c.id"
            " WHERE d.reasons @> jsonb_build_array(jsonb_build_object('rule', :rule))",
            rule="no_contact" if "联系人" in name else "no_consent",
        )
        persons = {int(person) for person in examples.split("、")}
        assert persons <= {row.person_id for row in barred}
        assert len(persons) == min(3, int(first) + int(also))
    assert [sum(int(row[place]) for row in scenes[1:]) for place in (1, 2, 5)] == [
        found.candidates,
        found.winners,
        found.would_have_won,
    ]
    example = rules[1][3].split("、")[0]
    assert f"runwu explain {example}" in shown(page.markdown)


def test_numbers_of_one_person_do_not_part_a_rule(planned: House) -> None:
    planned.change(
        "UPDATE decision SET verdict = 'suppressed', reasons = jsonb_build_array("
        " jsonb_build_object('rule', 'cap', 'window', 'calendar_week', 'used', candidate_id,"
        "  'max', 2), jsonb_build_object('rule', 'gap', 'hours', 48, 'beside',"
        "  jsonb_build_array(candidate_id)), jsonb_build_object('rule', 'silence', 'limit', 3,"
        "  'unanswered', candidate_id))"
    )
    (candidates,) = planned.rows("SELECT count(*) AS n FROM candidate")
    (rules, *_) = tables(why_not_page(TODAY, reasons_of(planned)).markdown)
    assert [row[:3] for row in rules[1:]] == [
        ["次数已满（同一周最多 2 条）", str(candidates.n), "0"],
        ["连续没有回应（3 条）", "0", str(candidates.n)],
        ["间隔太短（48 小时）", "0", str(candidates.n)],
    ]
    assert all(len(row[3].split("、")) == 3 for row in rules[1:])


def test_who_was_outcompeted_by_whom_is_counted() -> None:
    contest = SimpleNamespace(scene="lapsing_care", winner="replenish", n=4)
    scene = SimpleNamespace(
        scene="replenish", candidates=5, won=1, suppressed=0, outcompeted=4, ghosts=0
    )
    page = why_not_page(TODAY, WhyNot([], [scene], [contest], [17, 18]))
    assert tables(page.markdown)[-1][1] == ["久未来访的问候", "复购提醒", "4"]
    assert "本来会发，没有发送：17、18" in shown(page.markdown)
    assert "runwu explain 17" in shown(page.markdown)


def test_a_day_without_a_reason_says_that_nobody_is_disturbed() -> None:
    page = why_not_page(TODAY, WhyNot([], [], [], []))
    assert "谁也不打扰" in page.markdown


# drafts


@pytest.fixture
def in_a_run() -> Iterator[None]:
    """As the engine has it, with a Prefect server that does not answer."""
    nowhere = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(nowhere), TaskRunContext.model_construct():
        yield


@pytest.mark.usefixtures("in_a_run")
def test_a_server_that_does_not_answer_costs_the_page_and_never_the_run(
    planned: House, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_of(planned)
    with caplog.at_level(logging.WARNING, "runwu.pages"):
        for shown_ in (pages.show_why_not.fn(run), pages.show_drafts.fn(run)):
            assert asyncio.run(shown_) is False
        assert asyncio.run(pages.show_funnel.fn()) is False
        pull = PullRun(1, at(2, 7, 30), [("shop", "member")])  # type: ignore[list-item]
        assert asyncio.run(pages.show_verdicts.fn(pull, [])) is False
    told = [record.message for record in caplog.records]
    assert [line.split()[:2] for line in told] == [
        ["page_not_shown", f"key={key}"] for key in ("why-not", "drafts", "funnel", "data-verdict")
    ]


@pytest.mark.usefixtures("in_a_run")
def test_a_pull_that_had_nothing_left_to_do_shows_nothing(
    planned: House, caplog: pytest.LogCaptureFixture
) -> None:
    del planned
    assert asyncio.run(pages.show_verdicts.fn(PullRun(1, at(2, 7, 30), []), [])) is False
    assert not caplog.records


def test_a_page_that_cannot_be_made_costs_the_page_and_never_the_run(
    planned: House, caplog: pytest.LogCaptureFixture
) -> None:
    run = run_of(planned)
    planned.change("ALTER TABLE draft RENAME COLUMN claims TO claimed")
    with caplog.at_level(logging.WARNING, "runwu.pages"):
        assert asyncio.run(pages.show_drafts.fn(run)) is False
    assert [record.message for record in caplog.records] == [
        "page_not_shown key=drafts kind=ProgrammingError"
    ]


def test_called_plainly_a_page_is_made_but_hung_nowhere(
    planned: House, caplog: pytest.LogCaptureFixture
) -> None:
    assert asyncio.run(pages.show_drafts.fn(replace(run_of(planned), done=False))) is False
    assert not caplog.records
