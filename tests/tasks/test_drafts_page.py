"""Every text of a run can be read in full before anybody decides on it."""

from types import SimpleNamespace

from schemas.enums import Decision
from store.pages import Drafts
from tasks.drafts_page import drafts_page
from tasks.verdict_page import verdict_page
from tasks.why_not_page import why_not_page
from tests.house import ZONE, House, at
from tests.tasks.shown import HOSTILE, TODAY, check, reasons_of, shown, tables, window, written


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
