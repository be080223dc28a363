"""An operator's minutes in the Prefect UI: what they approved arrives, word for word, no more."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MORNING, shot
from tests.e2e.forms import DIALOG, NewDesk, OldDesk
from tests.flows.conftest import Installation

EDITED = "您好，店里到了新豆子，想着您可能会喜欢。\n不想再收到这类消息，直接回复我说一声就停。"
BROKEN = "您好，这是全网第一的豆子，最后一天。"


@pytest.fixture(scope="module")
def reviews(desk: Installation) -> list[str]:
    """The reviews of the morning, all of them suspended."""
    opened = [str(one) for one in desk.run(MORNING)["reviews"]]
    for one in opened:
        desk.wait_for(one, "Suspended")
    return opened


def name_of(desk: Installation, review: str) -> str:
    return str(desk.flow_run(review)["name"])


def tasks_at_wecom(desk: Installation) -> set[str]:
    return {task.text for task in desk.house.control.tasks()}


@pytest.mark.parametrize(("kind", "place", "hour"), [(NewDesk, 0, "09:05"), (OldDesk, 1, "09:15")])
def test_exactly_the_approved_and_the_edited_text_arrive(
    desk: Installation,
    reviews: list[str],
    page: Page,
    kind: type[NewDesk | OldDesk],
    place: int,
    hour: str,
) -> None:
    review = reviews[place]
    ui = kind(page, desk.prefect)
    before = tasks_at_wecom(desk)
    ui.open_list()
    page.get_by_role("link", name=name_of(desk, review)).first.click()
    ui.open_form()
    rejected, _, approved, held = (ui.text(ordinal).input_value() for ordinal in (1, 2, 3, 4))
    assert len({rejected, approved, held}) == 3
    ui.name("王店长")
    ui.decide(1, "reject")
    ui.text(2).fill(f"{EDITED}（{ui.generation}）")
    ui.decide(2, "approve")
    ui.decide(3, "approve")
    ui.text(0).scroll_into_view_if_needed()
    shot(page, f"review-form-{ui.generation}")
    ui.submit()
    desk.wait_for(review, "Completed")
    desk.run(f"2026-03-02T{hour}+08:00")
    assert tasks_at_wecom(desk) - before == {f"{EDITED}（{ui.generation}）", approved}
    (row,) = desk.house.rows(
        "SELECT reviewer FROM review_batch WHERE flow_run_id = :run", run=review
    )
    assert row.reviewer == "王店长"


def test_an_edit_that_breaks_a_rule_comes_back_as_a_new_form_with_the_reason(
    desk: Installation, reviews: list[str], page: Page
) -> None:
    review = reviews[2]
    ui = NewDesk(page, desk.prefect)
    page.goto(f"{desk.prefect}/v2/runs/flow-run/{review}")
    ui.open_form()
    ui.name("王店长")
    ui.text(1).fill(BROKEN)
    ui.decide(1, "approve")
    ui.submit()
    desk.wait_until(lambda: round_of(desk, review) == 2)
    desk.wait_for(review, "Suspended")
    page.reload()
    ui.open_form()
    expect(page.locator("[role=dialog]")).to_contain_text("不得使用的词「全网第一」")
    assert ui.text(1).input_value() == BROKEN
    shot(page, "review-form-sent-back")
    ui.name("王店长")
    ui.text(1).fill(EDITED)
    ui.decide(1, "approve")
    ui.submit()
    desk.wait_for(review, "Completed")
    desk.run("2026-03-02T09:25+08:00")
    assert EDITED in tasks_at_wecom(desk)
    assert BROKEN not in tasks_at_wecom(desk)


def test_the_form_leads_to_why_these_persons(
    desk: Installation, reviews: list[str], page: Page
) -> None:
    review = reviews[3]
    ui = NewDesk(page, desk.prefect)
    page.goto(f"{desk.prefect}/v2/runs/flow-run/{review}")
    ui.open_form()
    name = page.locator(DIALOG).get_by_text(re.compile(r"^1\. .+ · .+ 人 / .+ 位员工")).inner_text()
    page.get_by_role("link", name="为什么是这些客户").click()
    page.wait_for_url("**/v2/artifacts/artifact/*")
    story = page.locator("main, #root").first
    wording = name.removesuffix("(Optional)").strip()
    for words in (wording, "理由", "平时间隔（天）", "次数", "同一天 1/1", "上次联系"):
        expect(story).to_contain_text(words)
    expect(page.get_by_text("{{")).to_have_count(0)
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    shot(page, "review-stories")


def test_the_older_form_says_where_to_read_why_these_persons(
    desk: Installation, reviews: list[str], page: Page
) -> None:
    """Its own words above a long form are hidden there, and the link with them."""
    ui = OldDesk(page, desk.prefect)
    page.goto(f"{desk.prefect}/runs/flow-run/{reviews[3]}")
    ui.open_form()
    expect(page.locator(DIALOG)).to_contain_text("见本次运行的 Artifacts")
    page.get_by_role("button", name="Close").last.click()
    page.get_by_role("tab", name="Artifacts").or_(
        page.get_by_text("Artifacts", exact=True)
    ).first.click()
    expect(page.get_by_text("stories-batch-").first).to_be_visible()


def test_without_a_name_nothing_is_decided(
    desk: Installation, reviews: list[str], page: Page
) -> None:
    review = reviews[3]
    ui = NewDesk(page, desk.prefect)
    page.goto(f"{desk.prefect}/v2/runs/flow-run/{review}")
    ui.open_form()
    ui.decide(1, "approve")
    ui.submit()
    expect(page.locator("[data-sonner-toast]").first).to_be_visible()
    assert desk.flow_run(review)["state_name"] == "Suspended"
    assert round_of(desk, review) == 1


def round_of(desk: Installation, review: str) -> int:
    (row,) = desk.house.rows("SELECT round FROM review_batch WHERE flow_run_id = :run", run=review)
    return int(row.round)
