"""What a run leaves behind can be read in the browser: nothing cut, nothing raw."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MORNING, shot
from tests.flows.conftest import Installation

PAGES = {
    "data-verdict": ["数据检查", "shop", "通过"],
    "segments": ["分群", "生命周期", "怎样回应"],
    "funnel": ["漏斗", "账目", "平"],
    "why-not": ["为什么没有发", "对照组"],
    "drafts": ["直接回复我说一声就停", "模型 stand-in"],
}


@pytest.fixture(scope="module")
def newest(desk: Installation) -> dict[str, str]:
    """The ids of the newest page of each kind, once a day has been run."""
    desk.run(MORNING)
    found = httpx.post(f"{desk.prefect}/api/artifacts/latest/filter", json={}, timeout=30)
    return {one["key"]: one["latest_id"] for one in found.raise_for_status().json()}


@pytest.mark.parametrize("key", PAGES)
def test_a_page_of_the_run_is_shown_as_it_is_meant(
    desk: Installation, newest: dict[str, str], page: Page, key: str
) -> None:
    page.goto(f"{desk.prefect}/v2/artifacts/artifact/{newest[key]}")
    for words in PAGES[key]:
        expect(page.locator("main, #root").first).to_contain_text(words)
    raw = page.get_by_text("{{").or_(page.get_by_text("| ---"))
    expect(raw).to_have_count(0)
    overflowing = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not overflowing
    shot(page, f"run-{key}")
