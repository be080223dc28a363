"""Whom nobody may write to, and what is owed to a buyer and to whoever complains."""

from datetime import date, timedelta
from typing import Any

import pytest

from rules.standing import guarded_until, left_unanswered, open_complaint, person_reasons
from schemas.enums import Category
from schemas.governing import Blackout
from schemas.policy import Policy
from tests.rules.builders import NEW_YORK, case, local, shanghai

MORNING = shanghai("2026-03-02T10:00")
POLICY = Policy()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"suppressed": "deleted"}, [("suppressed", {"because": "deleted"})]),
        ({"suppressed": "deleted", "contact": None}, [("suppressed", {"because": "deleted"})]),
        ({"contact": None}, [("no_contact", {})]),
        ({"consent": False}, [("no_consent", {"said": False})]),
        ({"consent": None}, [("no_consent", {"said": None})]),  # never asked is not a yes
        ({"personalised": False}, [("not_personalised", {})]),
        ({"personalised": None}, []),
        ({"personalised": True}, []),
        ({"minor": True}, [("minor", {})]),
        ({"minor": False}, []),
        ({"unanswered": 3}, [("silence", {"unanswered": 3, "limit": 3})]),
        ({"unanswered": 2}, []),
        ({"complained_at": MORNING}, [("complaint", {"since": MORNING.isoformat()})]),
    ],
)
def test_a_person_is_left_alone(
    changed: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]
) -> None:
    told = person_reasons(case(**changed), Category.MARKETING, POLICY, MORNING)
    assert [(one.rule, one.numbers) for one in told] == expected


def test_a_zone_that_is_none_blocks_and_is_counted_by_its_reason() -> None:
    """parcelvoy#610: a few bad zones left 600,000 rows pending, and no error."""
    for category in Category:
        (told,) = person_reasons(case(zone=None), category, POLICY, MORNING)
        assert (told.rule, told.numbers) == ("unknown_zone", {"zone": "Mars/Base"})


def test_all_that_forbids_a_person_is_told_at_once() -> None:
    person = case(
        zone=None,
        contact=None,
        consent=False,
        personalised=False,
        minor=True,
        unanswered=9,
        complained_at=MORNING,
    )
    told = person_reasons(person, Category.MARKETING, POLICY, MORNING)
    assert [one.rule for one in told] == [
        "no_contact",
        "unknown_zone",
        "no_consent",
        "not_personalised",
        "minor",
        "silence",
        "complaint",
    ]


def test_what_somebody_bought_is_told_whatever_they_think_of_offers() -> None:
    """mautic#6729: transactional mail is not held back where it is declared free."""
    person = case(
        consent=False, personalised=False, minor=True, unanswered=99, complained_at=MORNING
    )
    assert not person_reasons(person, Category.TRANSACTIONAL, POLICY, MORNING)


def test_whoever_cannot_be_reached_hears_of_no_order_either() -> None:
    told = person_reasons(case(suppressed="deleted"), Category.TRANSACTIONAL, POLICY, MORNING)
    assert [one.rule for one in told] == ["suppressed"]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"capped": True}, ["silence"]),
        ({"agreed": True}, ["no_consent"]),
        ({"guarded": True}, ["complaint"]),
    ],
)
def test_each_term_of_a_category_is_declared_by_itself(
    terms: dict[str, bool], expected: list[str]
) -> None:
    """mautic#6729, the other way: the fix held transactional mail back; here it is declared."""
    policy = Policy.model_validate({"categories": {"transactional": terms}})
    person = case(consent=None, unanswered=3, complained_at=MORNING)
    told = person_reasons(person, Category.TRANSACTIONAL, policy, MORNING)
    assert [one.rule for one in told] == expected


@pytest.mark.parametrize(
    ("category", "guarded"),
    [
        (Category.TRANSACTIONAL, False),
        (Category.SERVICE, False),
        (Category.CARE, False),
        (Category.BENEFIT, True),
        (Category.MARKETING, True),
    ],
)
def test_nothing_is_sold_to_whoever_bought_or_complains(category: Category, guarded: bool) -> None:
    person = case(complained_at=MORNING, ordered_at=MORNING)
    told = person_reasons(person, category, POLICY, MORNING)
    assert ("complaint" in {one.rule for one in told}) is guarded
    until = guarded_until(person, category, POLICY)
    assert until == (MORNING + timedelta(hours=48) if guarded else None)


def test_without_an_order_nothing_waits_for_it() -> None:
    assert guarded_until(case(), Category.MARKETING, POLICY) is None


@pytest.mark.parametrize(
    ("complained_at", "taken_up_at", "as_of", "is_open"),
    [
        (None, None, MORNING, False),
        (None, MORNING, MORNING, False),
        (MORNING, None, MORNING, True),
        (MORNING, MORNING - DAY, MORNING, True),  # taken up was an earlier one
        (MORNING, MORNING, MORNING, True),
        (MORNING, MORNING + DAY, MORNING + 2 * DAY, False),
        (MORNING, None, MORNING + POLICY.segments.complaint_days * DAY, True),
        (MORNING, None, MORNING + (POLICY.segments.complaint_days + 1) * DAY, False),
    ],
)
def test_a_complaint_is_open_until_somebody_takes_it_up_or_it_is_old(
    complained_at: Any, taken_up_at: Any, as_of: Any, is_open: bool
) -> None:
    told = open_complaint(complained_at, taken_up_at, POLICY, as_of)
    assert told == (complained_at if is_open else None)


@pytest.mark.parametrize(
    ("touched", "ordered", "expected"),
    [
        (MORNING, MORNING + DAY, 0),
        (MORNING, MORNING - DAY, 3),
        (MORNING, MORNING, 3),
        (MORNING, None, 3),
        (None, MORNING, 3),
        (None, None, 3),
    ],
)
def test_whoever_comes_back_by_themselves_begins_anew(
    touched: Any, ordered: Any, expected: int
) -> None:
    assert left_unanswered(3, touched, ordered) == expected


FLOOD = Blackout(
    why="a flood", first=date(2026, 3, 2), last=date(2026, 3, 3), cities=("Guilin", "Liuzhou")
)


@pytest.mark.parametrize(
    ("city", "clock", "silent"),
    [
        ("Guilin", "2026-03-01T23:59", False),
        ("Guilin", "2026-03-02T00:00", True),
        ("Guilin", "2026-03-03T23:59", True),
        ("Guilin", "2026-03-04T00:00", False),
        ("Shanghai", "2026-03-02T10:00", False),
        (None, "2026-03-02T10:00", True),  # they may be there
    ],
)
def test_nobody_sells_into_a_disaster(city: str | None, clock: str, silent: bool) -> None:
    policy = Policy(blackouts=(FLOOD,))
    told = person_reasons(case(city=city), Category.CARE, policy, shanghai(clock))
    numbers = {"why": "a flood", "last": "2026-03-03"}
    assert [(one.rule, one.numbers) for one in told] == [("blackout", numbers)] * silent
    assert not person_reasons(case(city=city), Category.TRANSACTIONAL, policy, shanghai(clock))


def test_a_blackout_without_cities_is_everywhere() -> None:
    policy = Policy(blackouts=(FLOOD.model_copy(update={"cities": ()}),))
    told = person_reasons(case(city="Shanghai"), Category.SERVICE, policy, MORNING)
    assert [one.rule for one in told] == ["blackout"]


def test_a_blackout_is_a_date_of_the_persons_own() -> None:
    policy, person = Policy(blackouts=(FLOOD,)), case(zone=NEW_YORK, city="Guilin")
    eve, first = (local(NEW_YORK, f"2026-03-0{day}T12:00") for day in (1, 2))
    assert not person_reasons(person, Category.CARE, policy, eve)
    assert person_reasons(person, Category.CARE, policy, first)


def test_where_there_is_no_zone_there_is_no_date_to_black_out() -> None:
    policy = Policy(blackouts=(FLOOD,))
    told = person_reasons(case(zone=None, city="Guilin"), Category.CARE, policy, MORNING)
    assert [one.rule for one in told] == ["unknown_zone"]
