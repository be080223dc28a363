"""The pages hang on the runs they tell of, and say a thing once."""

from typing import Any

import httpx
import pytest

from tests.flows.conftest import Installation

pytestmark = [pytest.mark.engine, pytest.mark.soak]

MORNING = "2026-03-02T07:30+08:00"
NINE = "2026-03-02T09:05+08:00"
KEYS = {"data-verdict", "segments", "funnel", "why-not", "drafts"}


def pages(installation: Installation) -> list[dict[str, Any]]:
    """Return every page, the oldest first."""
    found: list[dict[str, Any]] = httpx.post(
        f"{installation.prefect}/api/artifacts/filter",
        json={"sort": "CREATED_DESC", "artifacts": {"key": {"any_": sorted(KEYS)}}},
        timeout=30,
    ).json()
    return found[::-1]


def flow_of(installation: Installation, page: dict[str, Any]) -> str:
    """Return the name of the flow whose run a page hangs on."""
    flow = installation.flow_run(page["flow_run_id"])["flow_id"]
    answer = httpx.get(f"{installation.prefect}/api/flows/{flow}", timeout=30)
    return str(answer.raise_for_status().json()["name"])


@pytest.fixture(scope="module")
def first(installation: Installation) -> dict[str, Any]:
    """The result of the morning's run, its first review suspended."""
    result = installation.run(MORNING)
    installation.wait_for(result["reviews"][0], "Suspended")
    return result


def test_a_run_leaves_one_page_of_each_kind_where_it_was_done(
    installation: Installation, first: dict[str, Any]
) -> None:
    shown = pages(installation)
    assert {(page["key"], flow_of(installation, page)) for page in shown} == {
        ("data-verdict", "pull-data"),
        ("segments", "daily-growth"),
        ("funnel", "daily-growth"),
        ("why-not", "daily-growth"),
        ("drafts", "daily-growth"),
    }
    assert len(shown) == len(KEYS)
    (drafts,) = [page for page in shown if page["key"] == "drafts"]
    assert f"(/v2/runs/flow-run/{first['reviews'][0]})" in drafts["data"]
    assert drafts["description"].startswith("2026-03-02：")


def test_the_same_run_again_says_nothing_twice(
    installation: Installation, first: dict[str, Any]
) -> None:
    before = pages(installation)
    assert installation.run(MORNING)["reviews"] == first["reviews"]
    assert pages(installation) == before


def stories_on(installation: Installation, review: str) -> list[dict[str, Any]]:
    """Return the pages that hang on a review, in all their versions."""
    found: list[dict[str, Any]] = httpx.post(
        f"{installation.prefect}/api/artifacts/filter",
        json={"artifacts": {"flow_run_id": {"any_": [review]}}},
        timeout=30,
    ).json()
    return found


@pytest.fixture(scope="module")
def decided(installation: Installation, first: dict[str, Any]) -> str:
    """The first review, all of it approved."""
    review = str(first["reviews"][0])
    fields = [name for name in installation.form(review)["properties"] if name.startswith("w")]
    answer = {"reviewer": "王店长", **dict.fromkeys(fields, "approve")}
    assert installation.resume(review, answer) == "ACCEPT"
    installation.wait_for(review, "Completed")
    return review


def test_a_review_tells_why_these_persons_once_although_its_body_ran_again(
    installation: Installation, decided: str
) -> None:
    (page,) = stories_on(installation, decided)
    assert page["key"].startswith("stories-batch-")
    assert "客户 " in page["data"]


def test_the_funnel_is_shown_again_once_something_was_sent(
    installation: Installation, decided: str
) -> None:
    del decided
    installation.run(NINE)
    newest = [page for page in pages(installation) if page["key"] == "funnel"][-1]
    assert flow_of(installation, newest) == "push-approved"
    assert "| 建任务 | 0 |" not in newest["data"]


def test_a_pull_that_fails_shows_why_before_it_does(
    installation: Installation, first: dict[str, Any]
) -> None:
    del first
    installation.house.control.fault("/members", "errcode", code=400, times=20)
    done = installation.runwu("run", "--as-of", "2026-03-02T09:20+08:00")
    assert done.returncode == 1
    newest = [page for page in pages(installation) if page["key"] == "data-verdict"][-1]
    assert installation.flow_run(newest["flow_run_id"])["state_name"] == "Failed"
    assert "**这次拉取没有成功**" in newest["data"]
    assert "shop 订单" in newest["data"]
    assert "shop 会员" not in newest["data"]
