"""The tables of a pull, and the alarm of one that broke the contract."""

import asyncio
import logging
from typing import Any

import pytest

from schemas.contract import Contract, Terms
from schemas.enums import Entity
from store import pages as store_pages
from store.database import transaction
from store.staging import Stage
from tasks import alarms
from tasks.alarms import BROKEN, raise_alarm
from tasks.expectations import Suite
from tasks.pull import PullRun
from tasks.validation import Check
from tasks.verdict_page import verdict_page
from tasks.verdict_tables import (
    contract_table,
    show_contract_tables,
    table_about,
    table_key,
)
from tasks.verdicts import judge
from tests.house import ZONE, House, at
from tests.tasks.shown import shown, window

STAGE = Stage("shop_two", Entity.ORDER_LINE)
CHECKS = [Check("total_sums", 30), Check("member_known", 3), Check("readable", None)]
JUDGED = judge(
    CHECKS,
    {"total_sums": 30, "member_known": 3, "readable": 0},
    100,
    Suite(Entity.ORDER_LINE, at(2, 7, 30), Terms(), Contract()),
)


def test_every_check_is_a_row_and_the_broken_ones_come_first() -> None:
    table = contract_table(window(checks=JUDGED.checks))
    assert [list(row.values()) for row in table] == [
        ["有读不懂的值（readable）", "行：隔离坏行", "", "0.95", "没能检查"],
        ["总额与明细对不上（total_sums）", "行：隔离坏行", 30, "0.95", "不通过"],
        ["会员不存在（member_known）", "行：隔离坏行", 3, "0.95", "通过（坏行已隔离）"],
    ]


def test_a_table_of_a_window_judged_before_there_were_terms_is_shown_all_the_same() -> None:
    old = [{"rule": "readable", "unexpected": 0, "predicate": 0}]
    assert [*contract_table(window(checks=old))[0].values()][-1] == "通过"


def test_a_table_is_kept_under_a_key_that_prefect_takes() -> None:
    assert table_key("shop_two", "order_line") == "data-contract-shop-two-order-line"
    assert table_about(window(), ZONE) == "shop 订单的数据检查，窗口 03-01 07:30 → 03-02 07:30"


def test_called_plainly_tables_are_hung_nowhere(planned: House) -> None:
    (run,) = planned.rows("SELECT id FROM run WHERE flow = 'pull-data'")
    pull = PullRun(run.id, at(2, 7, 30), [("shop", Entity.MEMBER)])
    assert asyncio.run(show_contract_tables.fn(pull)) == 0


def test_every_window_of_a_pull_has_a_table_of_all_its_rules(planned: House) -> None:
    (run,) = planned.rows("SELECT id FROM run WHERE flow = 'pull-data'")
    with transaction(planned.database) as connection:
        rows = store_pages.verdicts(connection, run.id)
    assert rows
    for row in rows:
        table = contract_table(row)
        assert len(table) == len(row.checks) > 5
        assert {[*line.values()][-1] for line in table} <= {"通过", "通过（坏行已隔离）"}


def test_the_page_of_a_pull_leads_to_the_documents() -> None:
    page = verdict_page(at(2, 7, 30), [window()], [], ZONE)
    assert "data_docs/index.html" in shown(page.markdown)


def test_the_alarm_names_the_window_and_counts_by_rule_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: dict[str, Any] = {}
    monkeypatch.setattr(alarms, "emit_event", lambda **event: said.update(event))
    raise_alarm(STAGE, JUDGED, 100)
    assert said["event"] == BROKEN
    assert said["resource"]["prefect.resource.id"] == "runwu.contract.shop_two.order_line"
    assert said["payload"] == {
        "source": "shop_two",
        "entity": "order_line",
        "rows": 100,
        "rules": {"total_sums": 30, "readable": 0},
    }


def test_an_alarm_that_cannot_be_raised_costs_the_alarm_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unheard(**_: Any) -> None:
        raise RuntimeError("no server")

    monkeypatch.setattr(alarms, "emit_event", unheard)
    with caplog.at_level(logging.WARNING, "runwu.alarms"):
        raise_alarm(STAGE, JUDGED, 100)
    assert [record.message for record in caplog.records] == [
        "alarm_not_raised stage=shop_two__order_line kind=RuntimeError"
    ]
