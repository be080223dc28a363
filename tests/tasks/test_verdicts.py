"""The verdict over a window: Great Expectations counts, the predicates count, both agree."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.limits import MAX_PRICE, MAX_QUANTITY
from schemas.policy import Policy
from store import staging
from store.database import transaction
from store.row_rules import ROW_RULES
from tasks.expectations import ROW_COUNT, suite
from tasks.verdicts import Check, expectations_say, judge
from tests import builders
from tests.builders import MORNING, change, staged
from tests.house import at

PAST, FUTURE = at(1, 9), at(2, 7, 31)
POLICY = Policy()  # lets the greater of 10 rows and 5 % of all pass into quarantine

# Every combination of these is staged, so that nulls meet every rule in every company.
VALUES: Mapping[Entity, Mapping[str, tuple[Any, ...]]] = {
    Entity.MEMBER: {
        "key": (None, "", "m1", "m2"),
        "unionid": (None, "u1"),
        "joined_at": (None, PAST, MORNING, FUTURE),
        "consent": (None, True, False),
        "consent_at": (None, PAST, FUTURE),
        "defects": (None, "consent: perhaps"),
    },
    Entity.ORDER_LINE: {
        "order_key": (None, "o1"),
        "ordinal": (None, 1, 2),
        "member_key": (None, "m1", "o'stranger"),
        "ordered_at": (None, MORNING, FUTURE),
        "status": (None, "paid", "PAID "),
        "currency": (None, "CNY", "CNYX", "cny"),
        "product_key": (None, "p1"),
        "quantity": (None, 0, 1, MAX_QUANTITY + 1),
        "unit_price": (None, 0, Decimal("0.01"), MAX_PRICE + 1, Decimal("NaN")),
        "defects": (None, "quantity: 1 or 2"),
    },
    Entity.CONTACT: {
        "channel": (None, "wecom"),
        "address": (None, "a", "b"),
        "employee_id": (None, "yi", "er"),
        "unionid": (None, "u1"),
        "since": (None, PAST, FUTURE),
        "defects": (None, "since: ?"),
    },
}
TAKEN = {Entity.MEMBER: (1, 4), Entity.ORDER_LINE: (7, 2), Entity.CONTACT: (1, 8)}
"""Every how-manieth combination, and how often. 7 divides no column's number of values."""


def _rows(entity: Entity) -> Iterator[dict[str, Any]]:
    """Yield the combinations several times, so that keys repeat, and some with a key of its own."""
    values = VALUES[entity]
    every, times = TAKEN[entity]
    for place, row in enumerate([*product(*values.values())][::every] * times):
        told = dict(zip(values, row, strict=True))
        yield told
        if place % 3 == 0:
            alone = {"key": f"k{place}", "order_key": f"o{place}", "address": f"a{place}"}
            yield told | {name: value for name, value in alone.items() if name in told}


def _predicates(database: Engine, entity: Entity) -> Mapping[str, int]:
    with transaction(database) as connection:
        return staging.bad_counts(connection, entity, source="o'shop", as_of=MORNING)


def _expectations(url: str, entity: Entity, *, first_load: bool = True) -> list[Check]:
    return expectations_say(url, entity, source="o'shop", as_of=MORNING, first_load=first_load)


@pytest.mark.parametrize("entity", Entity)
def test_every_rule_has_an_expectation_of_its_name_and_none_has_no_rule(entity: Entity) -> None:
    expected = suite(entity, source="shop", as_of=MORNING, first_load=True)
    assert expected.keys() - {ROW_COUNT} == {rule.name for rule in ROW_RULES[entity]}


@pytest.mark.parametrize("entity", Entity)
def test_both_count_the_same_bad_rows_for_every_rule_whatever_is_null(
    database: Engine, database_url: str, entity: Entity
) -> None:
    builders.persons(database, 1)
    change(database, "UPDATE member SET source = 'o''shop'")
    staged(database, entity, _rows(entity))
    ours = _predicates(database, entity)
    theirs = {check.rule: check.unexpected for check in _expectations(database_url, entity)}
    assert theirs == {**ours, ROW_COUNT: 0}
    assert min(ours.values()) > 200  # beyond where Great Expectations cuts its lists


@pytest.mark.parametrize("entity", Entity)
def test_both_find_nothing_where_every_value_is_null_or_nothing_is_staged(
    database: Engine, database_url: str, entity: Entity
) -> None:
    for count in (2, 0):
        staged(database, entity, [{}] * count)
        ours = _predicates(database, entity)
        theirs = {one.rule: one.unexpected for one in _expectations(database_url, entity)}
        assert theirs == {**ours, ROW_COUNT: int(not count)}


def _contacts(bad: int, good: int) -> Iterator[dict[str, Any]]:
    for place in range(bad + good):
        name = None if place < bad else f"a{place}"
        yield {"channel": "wecom", "address": name, "employee_id": "yi", "since": PAST}


@pytest.mark.parametrize(
    ("bad", "good", "passed"),
    [(10, 0, True), (11, 0, False), (10, 190, True), (11, 209, True), (11, 208, False)],
)
def test_as_many_bad_rows_pass_into_quarantine_as_the_policy_bears(
    bad: int, good: int, passed: bool
) -> None:
    judged = judge([Check("key_present", bad)], {"key_present": bad}, bad + good, POLICY)
    reason = "" if passed else f"key_present: {bad} of {bad + good} rows are bad"
    assert (judged.passed, judged.reason) == (passed, reason)


def test_differing_counts_fail_the_window_by_both_numbers() -> None:
    judged = judge([Check("key_present", 0)], {"key_present": 1}, 100, POLICY)
    assert not judged.passed
    assert judged.reason == "key_present: Great Expectations counts 0 rows, the predicate 1"


def test_an_expectation_without_a_predicate_that_finds_rows_fails_the_window() -> None:
    assert not judge([Check("new_rule", 1)], {}, 100, POLICY).passed


def test_a_rule_without_an_expectation_fails_the_window() -> None:
    judged = judge([Check("readable", 0)], {"readable": 0, "key_present": 0}, 100, POLICY)
    assert (judged.passed, judged.reason) == (False, "key_present has no expectation")


def test_every_trouble_is_told_and_every_check_is_kept() -> None:
    checks = [Check("b", None), Check("a", 2), Check("c", 0)]
    judged = judge(checks, {"a": 1, "b": 0, "c": 0, "d": 0}, 100, POLICY)
    assert judged.reason.count(";") == 2
    assert [check["rule"] for check in judged.checks] == ["a", "b", "c"]


def test_an_expectation_that_cannot_be_evaluated_fails_the_window(
    database: Engine, database_url: str
) -> None:
    staged(database, Entity.CONTACT, _contacts(bad=0, good=50))
    ours = _predicates(database, Entity.CONTACT)
    change(database, "ALTER TABLE staged_contact DROP COLUMN since")
    judged = judge(_expectations(database_url, Entity.CONTACT), ours, 50, POLICY)
    told = "since_past could not be evaluated; since_present could not be evaluated"
    assert (judged.passed, judged.reason) == (False, told)


@pytest.mark.parametrize(
    ("first_load", "reason"), [(True, "the first load brought no rows"), (False, "")]
)
def test_an_empty_window_is_broken_only_as_the_first_load(
    database: Engine, database_url: str, first_load: bool, reason: str
) -> None:
    checks = _expectations(database_url, Entity.CONTACT, first_load=first_load)
    judged = judge(checks, _predicates(database, Entity.CONTACT), 0, POLICY)
    assert (judged.passed, judged.reason) == (not reason, reason)


def test_signs_of_a_template_in_the_url_are_taken_as_they_are(
    database: Engine, database_url: str
) -> None:
    staged(database, Entity.CONTACT, _contacts(bad=1, good=1))
    odd = f"{database_url}{'&' if '?' in database_url else '?'}application_name=$odd${{x}}"
    counts = {one.rule: one.unexpected for one in _expectations(odd, Entity.CONTACT)}
    assert counts["address_present"] == 1
