"""The verdict over a window: Great Expectations counts, the predicates count, both agree."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.contract import Contract, Terms
from schemas.enums import Entity
from store.row_rules import ROW_RULES, row_rules
from tasks.expectations import ROW_COUNT, suite
from tasks.validation import Check
from tasks.verdicts import expectations_say, judge
from tests.builders import change, staged
from tests.house import at
from tests.tasks.contract_counts import PLAIN, STRICT, known, predicates, told, unexpected
from tests.tasks.contract_rows import drawn_rows, fit_rows


@pytest.mark.parametrize("entity", Entity)
def test_every_rule_has_an_expectation_of_its_name_and_none_has_no_rule(entity: Entity) -> None:
    assert suite(told(entity)).keys() - {ROW_COUNT} == {rule.name for rule in ROW_RULES[entity]}
    assert [rule.name for rule in row_rules(entity, STRICT)] == [
        rule.name for rule in ROW_RULES[entity]
    ]


@pytest.mark.parametrize(
    ("entity", "terms"),
    [(Entity.ORDER_LINE, PLAIN), (Entity.BENEFIT, PLAIN), *((one, STRICT) for one in Entity)],
)
def test_both_count_the_same_bad_rows_for_every_rule_whatever_the_rows_say(
    database: Engine, database_url: str, entity: Entity, terms: Terms
) -> None:
    known(database)
    stage = staged(database, entity, drawn_rows(entity, seed=4, count=1200))
    ours = predicates(database, stage, terms)
    assert unexpected(database_url, stage, terms) == {**ours, ROW_COUNT: 0}
    inert = {rule.name for rule in row_rules(entity, terms) if rule.bad == "false"}
    assert min(count for rule, count in ours.items() if rule not in inert) > 20
    assert max(ours.values()) < 1200


@pytest.mark.parametrize("entity", Entity)
def test_rows_that_are_fit_break_no_rule(database: Engine, entity: Entity) -> None:
    known(database)
    stage = staged(database, entity, fit_rows(entity, 3))
    assert set(predicates(database, stage, STRICT).values()) == {0}


@pytest.mark.parametrize("entity", Entity)
def test_both_count_alike_where_every_value_is_null(
    database: Engine, database_url: str, entity: Entity
) -> None:
    stage = staged(database, entity, [{}] * 2)
    assert unexpected(database_url, stage) == {**predicates(database, stage), ROW_COUNT: 0}


def _contacts(bad: int, good: int) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(fit_rows(Entity.CONTACT, bad + good)):
        yield {**row, "address": None if place < bad else f"a{place}"}


@pytest.mark.parametrize(
    ("bad", "good", "passed"),
    [(10, 0, True), (11, 0, False), (10, 190, True), (11, 209, True), (11, 208, False)],
)
def test_as_many_bad_rows_pass_into_quarantine_as_the_contract_bears(
    bad: int, good: int, passed: bool
) -> None:
    judged = judge(
        [Check("address_present", bad)],
        {"address_present": bad},
        bad + good,
        told(Entity.CONTACT),
    )
    reason = "" if passed else f"address_present: {bad} of {bad + good} rows are bad"
    assert (judged.passed, judged.reason) == (passed, reason)
    assert judged.broken == ({} if passed else {"address_present": bad})


@pytest.mark.parametrize(
    ("terms", "bad", "passed"),
    [
        ({"mostly": 0.9}, 100, True),
        ({"mostly": 0.9}, 101, False),
        ({"severity": "set"}, 0, True),
        ({"severity": "set"}, 1, False),
        ({"severity": "set", "mostly": 0.9}, 100, True),
    ],
)
def test_a_rule_may_be_held_to_terms_of_its_own(
    terms: dict[str, Any], bad: int, passed: bool
) -> None:
    contract = Contract.model_validate({"rules": {"order_line": {"member_known": terms}}})
    given = told(Entity.ORDER_LINE, contract=contract)
    judged = judge([Check("member_known", bad)], {"member_known": bad}, 1000, given)
    (check,) = judged.checks
    assert judged.passed is check["passed"] is passed
    assert check["severity"] == terms.get("severity", "row")


def _judged(checks: list[Check], predicates: dict[str, int]) -> Any:
    return judge(checks, predicates, 100, told(Entity.CONTACT))


def test_differing_counts_fail_the_window_by_both_numbers() -> None:
    judged = _judged([Check("since_present", 0)], {"since_present": 1})
    assert not judged.passed
    assert judged.reason == "since_present: Great Expectations counts 0 rows, the predicate 1"


def test_an_expectation_without_a_predicate_that_finds_rows_fails_the_window() -> None:
    assert not _judged([Check("new_rule", 1)], {}).passed


def test_a_rule_without_an_expectation_fails_the_window() -> None:
    judged = _judged([Check("readable", 0)], {"readable": 0, "since_present": 0})
    assert (judged.passed, judged.reason) == (False, "since_present has no expectation")


def test_every_trouble_is_told_and_every_check_is_kept() -> None:
    checks = [Check("b", None), Check("a", 2), Check("c", 0)]
    judged = _judged(checks, {"a": 1, "b": 0, "c": 0, "d": 0})
    assert judged.reason.count(";") == 2
    assert [check["rule"] for check in judged.checks] == ["a", "b", "c"]


def test_an_expectation_that_cannot_be_evaluated_fails_the_window(
    database: Engine, database_url: str
) -> None:
    stage = staged(database, Entity.CONTACT, _contacts(bad=0, good=50))
    ours = predicates(database, stage)
    change(database, f"ALTER TABLE {stage.table} DROP COLUMN since")
    checks, report = expectations_say(database_url, stage, told(Entity.CONTACT))
    judged = judge(checks, ours, 50, told(Entity.CONTACT))
    assert not judged.passed
    assert "since_past could not be evaluated; since_present could not be" in judged.reason
    assert report["since_past"]["raised"]


def test_a_view_that_cannot_be_made_leaves_no_count_behind(
    database: Engine, database_url: str
) -> None:
    stage = staged(database, Entity.CONTACT, _contacts(bad=0, good=1))
    change(database, f"ALTER TABLE {stage.table} DROP COLUMN unionid")
    with pytest.raises(Exception, match="unionid"):
        expectations_say(database_url, stage, told(Entity.CONTACT))


@pytest.mark.parametrize(
    ("entity", "first_load", "reason"),
    [
        (Entity.CONTACT, True, "the first load brought no rows"),
        (Entity.CONTACT, False, ""),
        (Entity.MEMBER_EVENT, True, ""),
        (Entity.BENEFIT, True, ""),
    ],
)
def test_an_empty_window_is_broken_only_as_the_first_load_of_what_there_must_be(
    database: Engine, database_url: str, entity: Entity, first_load: bool, reason: str
) -> None:
    stage = staged(database, entity, [])
    given = replace(told(entity), first_load=first_load)
    checks, _ = expectations_say(database_url, stage, given)
    judged = judge(checks, predicates(database, stage), 0, given)
    assert (judged.passed, judged.reason) == (not reason, reason)


def test_the_report_has_terms_and_counts_and_no_value_of_any_row(
    database: Engine, database_url: str
) -> None:
    rows = [{**row, "address": "13800138000", "since": at(9, 9)} for row in _contacts(0, 30)]
    stage = staged(database, Entity.CONTACT, rows)
    _, report = expectations_say(database_url, stage, told(Entity.CONTACT))
    assert report["since_past"]["result"]["unexpected_count"] == 30
    assert report["since_past"]["severity"] == "warning"
    assert report["row_count"]["severity"] == "critical"
    assert "13800138000" not in str(report)
    assert "2026-03-09" not in str(report)


def test_signs_of_a_template_in_the_url_are_taken_as_they_are(
    database: Engine, database_url: str
) -> None:
    stage = staged(database, Entity.CONTACT, _contacts(bad=1, good=1))
    odd = f"{database_url}{'&' if '?' in database_url else '?'}application_name=$odd${{x}}"
    assert unexpected(odd, stage)["address_present"] == 1
