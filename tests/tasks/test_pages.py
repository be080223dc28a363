"""What a run leaves in Prefect to read: true, in words, in full, and harmless."""

import asyncio
import base64
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from markdown_it import MarkdownIt
from prefect.context import TaskRunContext
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from rules.books import Equation
from schemas.enums import Decision
from store import pages as store_pages
from store import runs
from store.database import transaction
from store.funnel import Funnel
from store.pages import Drafts, WhyNot
from store.row_rules import ROW_RULES
from tasks import expectations, pages
from tasks.drafts_page import drafts_page
from tasks.funnel_page import funnel_page
from tasks.funnels import count_funnel, equations
from tasks.growth import FLOW, GrowthRun
from tasks.pull import PullRun
from tasks.verdict_page import check_name, verdict_page
from tasks.why_not_page import why_not_page
from tests.house import ZONE, House, at

TODAY = date(2026, 3, 2)
HOSTILE = "<img onerror> | a | b | ](javascript:alert(1))\n# 标题"
_OURS = {"<br>"}


def tables(markdown: str) -> list[list[list[str]]]:
    """Return what a page's tables say, row by row, their heads first."""
    found: list[list[list[str]]] = []
    within = False
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        match token.type:
            case "table_open":
                found.append([])
                within = True
            case "table_close":
                within = False
            case "tr_open":
                found[-1].append([])
            case "inline" if within:
                found[-1][-1].append("".join(part.content for part in token.children or []))
    return found


def shown(markdown: str) -> str:
    """Return what a page says, its lines one below the other; only our own markup may be in it."""
    said = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        assert token.type != "html_block"
        for part in token.children or ():
            if part.type == "html_inline":
                assert part.content in _OURS
                said.append("\n")
            elif part.type == "link_open":
                assert str(part.attrs["href"]).startswith("/v2/runs/flow-run/")
            elif part.type == "image":
                assert str(part.attrs["src"]).startswith("data:image/svg+xml;base64,")
            said.append(
                part.content if part.type in {"text", "text_special", "code_inline"} else ""
            )
        said.append("\n")
    return "".join(said)


def run_of(house: House, day: date = TODAY) -> GrowthRun:
    with transaction(house.database) as connection:
        run_id = runs.find_run(connection, FLOW, day)
    assert run_id is not None
    return GrowthRun(run_id, day, at(day.day, 7, 30), done=True)


def written(house: House, limit: int = 100) -> Drafts:
    with transaction(house.database) as connection:
        return store_pages.drafts(connection, run_of(house).id, limit)


def reasons_of(house: House) -> WhyNot:
    with transaction(house.database) as connection:
        return store_pages.why_not(connection, run_of(house).id, 3)


def window(**changed: Any) -> Any:
    values = {
        "source": "shop",
        "entity": "order_line",
        "window_from": at(1, 7, 30),
        "window_until": at(2, 7, 30),
        "passed": True,
        "pulled": 10,
        "published": 5,
        "unchanged": 2,
        "quarantined": 1,
        "dropped": {"repeated_row": 2},
        "checks": [],
    }
    return SimpleNamespace(**{**values, **changed})


def check(rule: str, unexpected: int | None, predicate: int) -> dict[str, Any]:
    return {"rule": rule, "unexpected": unexpected, "predicate": predicate}


# data-verdict


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
    assert "缺少会员号（key_present）：Great Expectations 数出 3 行，自查 2 行，两边不符" in said
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
        spent = store_pages.spent(connection, run_of(planned).id)
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


def test_every_text_is_shown_in_full_with_what_an_approval_is_bound_to(planned: House) -> None:
    found = written(planned)
    said = shown(drafts_page(TODAY, found, ZONE).markdown)
    drafts = planned.rows("SELECT * FROM draft")
    assert len(drafts) == found.drafts == len(found.shown)
    for draft in drafts:
        assert draft.text.strip() in said
        assert draft.content_hash[:16] in said
        assert draft.link["title"] in said
        assert draft.expires_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") in said
    for row in found.shown:
        assert f" · {row.persons} 人 / {row.employees} 位员工" in said


def test_texts_lead_to_the_reviews_that_decide_on_them(planned: House) -> None:
    planned.change("UPDATE review_batch SET flow_run_id = 'run-' || id")
    markdown = drafts_page(TODAY, written(planned), ZONE).markdown
    for batch in planned.rows("SELECT id FROM review_batch"):
        assert f"[第 {batch.id} 批](/v2/runs/flow-run/run-{batch.id})" in markdown
    (item,) = planned.rows("SELECT * FROM review_item ORDER BY batch_id, ordinal LIMIT 1")
    assert f"第 {item.batch_id} 批 · 第 {item.ordinal} 条]" in markdown


def test_a_review_that_is_not_open_yet_is_no_link(planned: House) -> None:
    markdown = drafts_page(TODAY, written(planned), ZONE).markdown
    assert "（还没有打开）" in markdown
    assert "/v2/runs" not in markdown


def test_an_operators_text_takes_the_place_of_the_one_before(planned: House) -> None:
    edit = "您好，新豆子到了。\n不想再收到这类消息，直接回复我说一声就停。"
    planned.decide(Decision.APPROVE, edit)
    said = shown(drafts_page(TODAY, written(planned), ZONE).markdown)
    assert edit in said
    assert "撰写 审核人修改" in said


def test_a_text_says_what_it_rests_on_and_what_is_wrong_with_it(planned: House) -> None:
    row = written(planned).shown[0]
    values = dict(row._mapping) | {
        "scene": "replenish",
        "author": "model",
        "model": "qwen",
        "claims": [{"span": "一周", "evidence_key": "rhythm"}],
        "violations": ["forbidden word: 全网第一"],
        "warnings": ["long: 300"],
    }
    found = Drafts([SimpleNamespace(**values)], [], 1, 3, 1)
    page = drafts_page(TODAY, found, ZONE)
    said = shown(page.markdown)
    assert "「一周」← 平时大约隔多久" in said
    assert "没有写成 不得使用的词「全网第一」" in said
    assert "注意 偏长（300）" in said
    assert "撰写 模型 qwen" in said
    assert page.about.endswith("1 条没有写成")


def test_a_template_says_why_it_stood_in(planned: House) -> None:
    planned.change("UPDATE draft SET note = 'empty', calls = 2")
    said = shown(drafts_page(TODAY, written(planned), ZONE).markdown)
    assert "撰写 模板（模型未被采用：内容为空）" in said


def test_what_does_not_fit_on_the_page_is_counted_and_failures_come_first(planned: House) -> None:
    (worst,) = planned.rows(
        "UPDATE draft SET violations = '[\"empty\"]' WHERE id = (SELECT max(id) FROM draft)"
        " RETURNING wording_id"
    )
    del worst
    everything, found = written(planned), written(planned, limit=2)
    page = drafts_page(TODAY, found, ZONE)
    said = shown(page.markdown)
    assert found.shown[0].violations == ["empty"]
    assert len(found.shown) == 2 < everything.drafts
    assert f"还有 {everything.drafts - 2} 条没有列出（本页最多 2 条）" in said
    assert "runwu explain" in said
    assert page.about == (
        f"2026-03-02：{everything.drafts} 条文案，{everything.persons} 人；1 条没有写成"
    )


def test_a_page_that_shows_all_says_nothing_of_leaving_out(planned: House) -> None:
    assert "没有列出" not in drafts_page(TODAY, written(planned), ZONE).markdown


def test_hostile_names_and_texts_stay_text_on_every_page(planned: House) -> None:
    planned.change("UPDATE draft SET text = :text", text=HOSTILE)
    planned.change(
        "UPDATE draft SET model = :text, author = 'model', note = :text, link = link ||"
        " jsonb_build_object('title', CAST(:text AS text)), warnings = jsonb_build_array("
        " CAST(:text AS text)), claims = jsonb_build_array(jsonb_build_object('span',"
        " CAST(:text AS text), 'evidence_key', CAST(:text AS text)))",
        text=HOSTILE,
    )
    said = shown(drafts_page(TODAY, written(planned), ZONE).markdown)
    assert said.count(HOSTILE) >= 5 * len(written(planned).shown)
    planned.change("UPDATE candidate SET scene = scene || :text", text=HOSTILE)
    assert HOSTILE in shown(why_not_page(TODAY, reasons_of(planned)).markdown)
    verdict = window(
        source=HOSTILE, entity=HOSTILE, dropped={HOSTILE: 1}, checks=[check(HOSTILE, 1, 1)]
    )
    page = verdict_page(at(2, 7, 30), [verdict], [HOSTILE], ZONE)
    assert shown(page.markdown).count(HOSTILE) >= 5
    assert len(tables(page.markdown)[0]) == 2


# how they are shown


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
