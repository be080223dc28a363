"""Price-bound or attached, candidates for KOC, silent buyers, open complaints."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.segments import SegmentPolicy
from tests.rules.facts_builder import TODAY, buyer, day, facts, noon
from tests.rules.segment_rows import POLICY, due, evidence, rows, segments

KOC = {"reviews": 1, "suggestions": 1, "referrals": 1}
SILENT = {"touches": 5, "unanswered": 3}


def _repeats(told: int, discounted: int) -> dict[str, int]:
    return {"repeats_told": told, "repeats_discounted": discounted}


@pytest.mark.parametrize(
    ("repeats", "stance"),
    [
        (_repeats(3, 3), {"price_bound"}),
        (_repeats(10, 9), {"price_bound"}),
        (_repeats(10, 8), set()),
        (_repeats(10, 3), set()),
        (_repeats(10, 2), {"attached"}),
        (_repeats(3, 0), {"attached"}),
        (_repeats(2, 2), set()),
        (_repeats(2, 0), set()),
        (_repeats(0, 0), set()),
    ],
)
def test_the_price_stance_is_the_share_of_discounted_repeats(
    repeats: dict[str, int], stance: set[str]
) -> None:
    assert segments(facts(buyer(**repeats))) == stance


def test_orders_of_unknown_discount_say_nothing() -> None:
    assert segments(facts(buyer(order_days=50, discount_told=2, **_repeats(1, 1)))) == set()


def test_the_evidence_of_a_stance_is_both_counts() -> None:
    assert evidence(facts(buyer(**_repeats(4, 4))), "price_bound") == _repeats(4, 4)
    assert evidence(facts(buyer(**_repeats(4, 0))), "attached") == _repeats(4, 0)


@pytest.mark.parametrize(
    ("known", "signs"),
    [
        (KOC, ["buys_again", "brings_others", "speaks_up"]),
        ({"reviews": 2, "staff_contacts": 2}, ["buys_again", "speaks_up", "knows_staff"]),
        (
            {**KOC, "staff_contacts": 9},
            ["buys_again", "brings_others", "speaks_up", "knows_staff"],
        ),
    ],
)
def test_three_signs_of_four_make_a_koc_candidate(known: dict[str, int], signs: list[str]) -> None:
    told = evidence(facts(buyer(**known)), "koc_candidate")
    assert told["signs"] == signs


def test_the_evidence_of_a_candidate_has_the_counts_behind_the_signs() -> None:
    assert evidence(facts(buyer(**KOC)), "koc_candidate") == {
        "signs": ["buys_again", "brings_others", "speaks_up"],
        "order_days": 5,
        "referrals": 1,
        "reviews": 1,
        "suggestions": 1,
        "staff_contacts": 0,
    }


@pytest.mark.parametrize(
    "known",
    [
        {**KOC, "referrals": 0},
        {**KOC, "suggestions": 0},
        {**KOC, "order_days": 2, "staff_contacts": 9},
    ],
)
def test_too_few_signs_or_no_repeat_make_none(known: dict[str, int]) -> None:
    assert segments(facts(buyer(**known))) == set()


def test_the_policy_says_which_signs_are_asked_for() -> None:
    policy = SegmentPolicy.model_validate({"koc_signs": 1, "koc_required": ["brings_others"]})
    assert segments(facts(buyer(order_days=1, referrals=1)), policy=policy) == {"koc_candidate"}
    assert segments(facts(buyer(order_days=9)), policy=policy) == set()


def test_the_policy_may_ask_for_no_sign_in_particular() -> None:
    policy = SegmentPolicy(koc_signs=1, koc_required=())
    assert segments(facts(buyer(order_days=9)), policy=policy) == {"koc_candidate"}


@pytest.mark.parametrize(
    "known",
    [
        {"touches": 5, "unanswered": 2},
        {**SILENT, "order_days": 1},
        {**SILENT, "last_ago": 61},
        {**SILENT, "every": 30, "last_ago": 61},
        {**SILENT, "gap_median": None, "last_ago": 61},
    ],
)
def test_who_answers_or_buys_no_more_is_no_silent_buyer(known: dict[str, Any]) -> None:
    assert segments(facts(buyer(**known))) == set()


@pytest.mark.parametrize(
    ("known", "last_day"),
    [
        ({"every": 20}, 60),
        ({"every": 45}, 90),
        ({"gap_median": 45.2}, 91),
        ({"gap_median": None}, 60),
    ],
)
def test_a_silent_buyer_buys_within_days_or_the_persons_own_cycles(
    known: dict[str, Any], last_day: int
) -> None:
    person = facts(buyer(**SILENT, **known, last_ago=0))
    assert segments(person, TODAY + timedelta(days=last_day)) == {"silent_buyer"}
    assert segments(person, TODAY + timedelta(days=last_day + 1)) == set()
    assert due(person) == {(1, "voice"): TODAY + timedelta(days=last_day + 1)}


def test_the_evidence_of_silence_is_the_streak_and_the_orders() -> None:
    assert evidence(facts(buyer(**SILENT)), "silent_buyer") == {
        "unanswered": 3,
        "touches": 5,
        "order_days": 5,
        "last_on": day(10).isoformat(),
    }


def test_a_complaint_is_open_for_the_days_of_the_policy() -> None:
    person = facts({"complaint_at": noon(day(2))})
    ends = day(2) + timedelta(days=POLICY.complaint_days + 1)
    assert due(person) == {(1, "complaint"): ends}
    assert segments(person, ends - timedelta(days=1)) == {"complaint_open"}
    assert segments(person, ends) == set()


def test_each_complaint_is_a_spell_of_its_own_since_its_local_day() -> None:
    late_in_london = noon(day(2)).replace(hour=20)
    person = facts({"complaint_at": late_in_london})
    told = '{"complained_on":"2026-03-01"}'
    assert rows(person) == [(1, "complaint", "complaint_open", date(2026, 3, 1), True, told)]
    assert rows(person, zone=ZoneInfo("UTC"))[0][3] == date(2026, 2, 28)


@pytest.mark.parametrize(("answered_ago", "open_"), [(3, True), (2, True), (1, False)])
def test_a_complaint_ends_when_staff_answer_after_it(answered_ago: int, open_: bool) -> None:
    person = facts({"complaint_at": noon(day(2)), "complaint_answered_at": noon(day(answered_ago))})
    assert segments(person) == ({"complaint_open"} if open_ else set())
    assert bool(due(person)) is open_
