"""The shop: windows, pages, refusals, and the habits of its members."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from sandbox.world import Options
from tests.sandbox.conftest import MORNING, Answer, Stand, Start


def at(row: Answer) -> datetime:
    return datetime.fromisoformat(row["updated_at"])


def test_without_the_token_the_shop_says_401(stand: Stand) -> None:
    answer = stand.http.get("/shop/orders", headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"updated_from": "yesterday"}, "updated_from"),
        ({"updated_until": "2026-03-02T00:00:00"}, "updated_until"),
        ({"cursor": "x"}, "cursor"),
        (
            {"updated_from": "2026-03-02T00:00:00Z", "updated_until": "2026-03-01T00:00:00Z"},
            "updated_from",
        ),
    ],
)
def test_a_bad_parameter_is_named_in_one_sentence(
    stand: Stand, params: dict[str, str], named: str
) -> None:
    answer = stand.http.get("/shop/orders", params=params)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"{named} must")


@pytest.mark.parametrize("entity", ["members", "orders"])
def test_pages_are_complete_and_do_not_overlap(stand: Stand, entity: str) -> None:
    small, large = stand.all_rows(entity, limit=7), stand.all_rows(entity, limit=1000)
    assert small == large
    assert len({row["id"] for row in small}) == len(small)
    assert [at(row) for row in small] == sorted(at(row) for row in small)


def test_a_page_holds_a_hundred_rows_unless_told(stand: Stand) -> None:
    assert len(stand.shop("orders")["orders"]) == 100


def test_windows_that_touch_neither_miss_nor_repeat_a_row(stand: Stand) -> None:
    everything = stand.all_rows("orders", limit=1000)
    edge = everything[len(everything) // 2]["updated_at"]
    before = stand.all_rows("orders", updated_until=edge)
    since = stand.all_rows("orders", updated_from=edge)
    assert before + since == everything
    assert since[0]["updated_at"] == edge


def test_nothing_later_than_the_clock_is_shown(stand: Stand) -> None:
    far = (MORNING + timedelta(days=9)).isoformat()
    assert max(at(row) for row in stand.all_rows("orders", updated_until=far)) <= MORNING
    stand.control.set_clock(MORNING + timedelta(days=3))
    new = stand.all_rows("orders", updated_from=MORNING.isoformat(), updated_until=far)
    assert new
    assert max(at(row) for row in new) <= MORNING + timedelta(days=3, minutes=1)


def test_a_refund_is_a_later_update_of_the_same_order(start: Start) -> None:
    stand = start(Options(members=300))
    stand.control.set_clock(MORNING)
    orders = stand.all_rows("orders", limit=1000)
    refunded = [row for row in orders if row["status"] == "refunded"]
    assert 0.003 < len(refunded) / len(orders) < 0.03
    assert all(at(row) > datetime.fromisoformat(row["ordered_at"]) for row in refunded)


def test_there_is_a_little_dirt_for_the_quarantine(start: Start) -> None:
    stand = start(Options(members=500))
    stand.control.set_clock(MORNING)
    orders = stand.all_rows("orders", limit=1000)
    lines = [line for row in orders for line in row["lines"]]
    bad = [line for line in lines if line["quantity"] < 1 or Decimal(line["unit_price"]) < 0]
    assert 0 < len(bad) / len(lines) < 0.006
    assert 0 < sum(row["status"] == "test" for row in orders) / len(orders) < 0.004


def test_most_members_consent_and_a_few_hide_their_unionid(start: Start) -> None:
    stand = start(Options(members=300))
    stand.control.set_clock(MORNING)
    members = stand.all_rows("members", limit=1000)
    assert len(members) == 300
    assert 0.87 < sum(row["marketing_consent"] for row in members) / 300 < 0.97
    assert all((row["consent_at"] is not None) == row["marketing_consent"] for row in members)
    assert 0 < sum(row["unionid"] is None for row in members) < 15


def test_many_members_buy_in_a_steady_rhythm(start: Start) -> None:
    stand = start(Options(members=300))
    stand.control.set_clock(MORNING)
    days: dict[str, list[datetime]] = {}
    for row in stand.all_rows("orders", limit=1000):
        days.setdefault(row["member_id"], []).append(datetime.fromisoformat(row["ordered_at"]))
    gaps = [
        [(b - a).days for a, b in pairwise(sorted(each))] for each in days.values() if len(each) > 4
    ]
    steady = [each for each in gaps if max(each) - min(each) <= 0.8 * sum(each) / len(each)]
    assert 0.4 < len(steady) / len(gaps) < 0.8
