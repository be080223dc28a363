"""What is odd in a policy is told; what is as it should be is not."""

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.caps import Ask, Limits
from rules.policy_warnings import Known, PolicyWarning, never_binds, policy_warnings
from schemas.enums import Category
from schemas.governing import (
    Arbitration,
    Cap,
    Categories,
    CategoryTerms,
    Dates,
    Holdout,
    OpenHours,
    PersonalBudget,
    QuietHours,
    Scope,
    SharedBudgets,
)
from schemas.planning import Slot, Span
from schemas.policy import Policy
from tests.rules.builders import LONDON, SHANGHAI, broken_by, local, thoroughly

KNOWN = Known(scenes=("replenish",), channels=("wecom",))
DAILY, WEEKLY, MONTHLY = (Cap(window=window, max=1) for window in ("day", "week", "month"))
BOUNDED = SharedBudgets(messages_per_scene=100, messages_per_run=1000)


def wecom(**told: Any) -> Cap:
    return Cap(scope=Scope.CHANNEL, only=("wecom",), **told)


def odd(policy: Policy, quota: Cap | None = None) -> list[PolicyWarning]:
    """Return the warnings over a policy but those of what is not set."""
    told = policy_warnings(policy, quota, KNOWN)
    return [one for one in told if one.key not in {"quota_unset", "budget_unset"}]


def test_our_own_policy_has_nothing_odd_but_what_only_the_business_can_set() -> None:
    told = policy_warnings(Policy(), None, KNOWN)
    assert [(one.key, one.numbers.get("budget")) for one in told] == [
        ("quota_unset", None),
        ("budget_unset", "messages_per_scene"),
        ("budget_unset", "messages_per_run"),
    ]


@pytest.mark.parametrize(
    "quota",
    [wecom(window="day", max=1), wecom(window="week", max=7), wecom(window="month", max="days")],
)
def test_a_platform_that_allows_more_than_we_do_is_no_warning(quota: Cap) -> None:
    assert policy_warnings(Policy(shared=BOUNDED), quota, KNOWN) == ()


def test_a_budget_of_zero_is_not_unset() -> None:
    budgets = SharedBudgets(texts_per_sender=0, messages_per_run=None, scenes={"replenish": 0})
    told = policy_warnings(Policy(shared=budgets), None, KNOWN)
    assert [(one.key, dict(one.numbers)) for one in told] == [
        ("budget_of_zero", {"budget": "texts_per_sender"}),
        ("scene_of_zero", {"scene": "replenish"}),
        ("quota_unset", {}),
        ("budget_unset", {"budget": "messages_per_scene"}),
        ("budget_unset", {"budget": "messages_per_run"}),
    ]


@pytest.mark.parametrize(
    ("cap", "by", "never"),
    [
        (Cap(window="day", max=2), DAILY, True),
        (DAILY, Cap(window="day", max=2), False),
        (DAILY, DAILY, True),
        (DAILY, WEEKLY, True),
        (WEEKLY, DAILY, False),
        (WEEKLY, MONTHLY, False),  # a week may lie in two months
        (Cap(window="week", max=2), MONTHLY, True),
        (Cap(window="week", max=7), DAILY, True),
        (Cap(window="week", max=6), DAILY, False),
        (Cap(window="month", max=31), DAILY, True),
        (Cap(window="month", max=30), DAILY, False),
        (Cap(window="month", max=6), WEEKLY, True),
        (Cap(window="month", max=5), WEEKLY, False),  # 31 days may lie in six weeks
        (Cap(window="month", max="days"), DAILY, True),
        (Cap(window="month", max="days"), Cap(window="day", max=2), False),
        (Cap(window="month", max="days"), Cap(window="month", max=28), True),
        (Cap(window="month", max="days"), Cap(window="month", max=29), False),
        (Cap(window="month", max="days"), Cap(window="month", max="days"), True),
        (Cap(window="month", max=31), Cap(window="month", max="days"), True),
        (Cap(window="month", max=30), Cap(window="month", max="days"), False),
        (DAILY, Cap(rolling_hours=24, max=1), False),  # some days have 25 hours
        (DAILY, Cap(rolling_hours=25, max=1), True),
        (WEEKLY, Cap(rolling_days=7, max=1), False),
        (WEEKLY, Cap(rolling_hours=169, max=1), True),
        (MONTHLY, Cap(rolling_hours=31 * 24, max=1), False),
        (MONTHLY, Cap(rolling_hours=31 * 24 + 1, max=1), True),
        (Cap(rolling_hours=24, max=1), Cap(rolling_days=1, max=1), True),
        (Cap(rolling_hours=24, max=1), Cap(rolling_hours=48, max=2), False),
        (Cap(rolling_hours=48, max=2), Cap(rolling_hours=24, max=1), True),
        (Cap(rolling_hours=49, max=2), Cap(rolling_hours=24, max=1), False),
        (Cap(rolling_hours=24, max=2), DAILY, False),  # of a day of 23 hours both nights
        (Cap(rolling_hours=24, max=3), DAILY, True),
        (Cap(rolling_hours=24, max=1), Cap(window="month", max=0), True),
        (DAILY, Cap(rolling_hours=1, max=0), True),
    ],
)
def test_a_cap_never_binds_where_another_allows_no_more(cap: Cap, by: Cap, never: bool) -> None:
    assert never_binds(cap, by) is never


@pytest.mark.parametrize(
    ("cap", "by", "never"),
    [
        ({"scope": "sender"}, {}, True),
        ({}, {"scope": "sender"}, False),  # another sender comes on top
        ({"scope": "category"}, {"scope": "channel"}, False),
        ({"scope": "category", "only": ("care",)}, {"scope": "category"}, True),
        ({"scope": "category"}, {"scope": "category", "only": ("care",)}, False),
        (
            {"scope": "category", "only": ("care",)},
            {"scope": "category", "only": ("service", "care")},
            True,
        ),
        (
            {"scope": "category", "only": ("service", "care")},
            {"scope": "category", "only": ("care",)},
            False,
        ),
    ],
)
def test_a_cap_never_binds_only_beside_one_that_counts_all_that_it_counts(
    cap: dict[str, Any], by: dict[str, Any], never: bool
) -> None:
    assert never_binds(Cap(window="day", max=1, **cap), Cap(window="day", max=1, **by)) is never


def test_of_contradictory_caps_those_that_never_matter_are_named_and_by_which() -> None:
    loose, strict, again = Cap(window="day", max=3), DAILY, Cap(window="day", max=1)
    told = odd(Policy(caps=(loose, strict, again)))
    assert [(one.key, one.cap, one.by) for one in told] == [
        ("never_binds", loose, strict),
        ("never_binds", again, strict),
    ]
    assert told[1].cap is again


def test_a_platform_that_is_stricter_than_a_cap_of_ours_is_named() -> None:
    ours, quota = wecom(window="month", max="days"), wecom(window="day", max=1)
    told = odd(Policy(caps=(Cap(window="week", max=7), ours)), quota)
    assert [(one.key, one.cap, one.by) for one in told] == [("never_binds", ours, quota)]


HOURS = st.integers(min_value=1, max_value=80)
MOST = st.integers(min_value=0, max_value=6)
CAPS = st.one_of(
    st.builds(Cap, rolling_hours=HOURS, max=MOST),
    st.builds(Cap, window=st.sampled_from(["day", "week", "month"]), max=MOST),
    st.just(Cap(window="month", max="days")),
)
PAIRS = st.tuples(CAPS, CAPS).filter(lambda pair: never_binds(*pair))
LIVES = st.lists(
    st.tuples(st.integers(min_value=0, max_value=45 * 48), st.integers(min_value=0, max_value=60)),
    max_size=40,
)


@thoroughly
@given(PAIRS, LIVES, st.sampled_from([LONDON, SHANGHAI]))
def test_what_the_stricter_cap_lets_pass_is_never_held_back_by_the_other(
    pair: tuple[Cap, Cap], life: list[tuple[int, int]], zone: ZoneInfo
) -> None:
    """Against the caps as they count, over days on which clocks in London are put back."""
    cap, by = pair
    slots: list[Slot] = []
    for start, hours in life:
        at = local(zone, "2026-10-10T00:00") + timedelta(minutes=30 * start)
        span = Span(at, at + timedelta(hours=hours))
        ask = Ask(span, zone, Category.CARE, "wecom", "lin")
        if broken_by(ask, slots, Limits((by,))):
            continue
        assert not broken_by(ask, slots, Limits((cap,)))
        slots.append(Slot(len(slots), span, zone, Category.CARE, "wecom", "lin"))


def test_a_cap_of_zero_says_what_it_silences() -> None:
    nobody, marketing = (
        Cap(window="day", max=0),
        Cap(scope=Scope.CATEGORY, only=("marketing",), window="day", max=0),
    )
    assert [
        (one.cap, one.numbers)
        for one in odd(Policy(caps=(marketing, nobody)))
        if one.key == "cap_of_zero"
    ] == [
        (marketing, {"categories": ["marketing"]}),
        (nobody, {"categories": ["service", "care", "benefit", "marketing"]}),
    ]


@pytest.mark.parametrize(
    ("channels", "silent"), [((), True), (("wecom", "fax"), True), (("fax",), False)]
)
def test_a_cap_of_zero_on_a_channel_that_is_not_there_silences_nothing(
    channels: tuple[str, ...], silent: bool
) -> None:
    cap = Cap(scope=Scope.CHANNEL, only=channels, rolling_days=60, max=0)
    told = {one.key for one in odd(Policy(caps=(DAILY, cap)))}
    assert ("cap_of_zero" in told) is silent
    assert ("unknown_channel" in told) is ("fax" in channels)


def test_a_personal_budget_that_begins_with_nothing_silences_whoever_never_answered() -> None:
    (told,) = odd(Policy(personal=PersonalBudget(start=0, least=0)))
    assert (told.key, told.numbers) == ("personal_of_zero", {"most": 4})


@pytest.mark.parametrize(
    ("terms", "most", "idle"),
    [
        ({"capped": False}, 1, True),
        ({"capped": False}, 0, True),
        ({"counted": False}, 1, True),
        ({"counted": False}, 0, False),  # nothing counted is already too much
        ({}, 1, False),
    ],
)
def test_a_cap_on_what_is_neither_held_nor_counted_is_told(
    terms: dict[str, bool], most: int, idle: bool
) -> None:
    cap = Cap(scope=Scope.CATEGORY, only=("care",), rolling_days=60, max=most)
    policy = Policy(caps=(DAILY, cap), categories=Categories(care=CategoryTerms(**terms)))
    found = [one for one in odd(policy) if one.key == "without_effect"]
    expected = [PolicyWarning("without_effect", cap, numbers={"categories": ["care"]})]
    assert found == (expected if idle else [])


def test_a_cap_of_every_category_matters_as_long_as_one_is_held() -> None:
    assert odd(Policy(caps=(DAILY, Cap(scope=Scope.CATEGORY, rolling_days=60, max=1)))) == []


@pytest.mark.parametrize("caps", [(), (wecom(window="day", max=1),)])
def test_a_person_without_any_cap_is_told(caps: tuple[Cap, ...]) -> None:
    (told,) = odd(Policy(caps=caps))
    assert (told.key, told.numbers) == ("no_person_cap", {"caps": len(caps)})


@pytest.mark.parametrize(
    ("caps", "most", "allowed"),
    [
        ((Cap(rolling_days=30, max=3),), 4, 3),
        ((Cap(rolling_days=30, max=4),), 4, None),
        ((Cap(rolling_days=10, max=1), Cap(rolling_days=30, max=9)), 4, 3),
        ((MONTHLY,), 4, 3),  # thirty days may touch three months
        ((MONTHLY,), 3, None),
        ((DAILY,), 33, 32),  # and 32 dates
        ((DAILY,), 32, None),
    ],
)
def test_a_personal_budget_that_no_cap_lets_anyone_spend_is_told(
    caps: tuple[Cap, ...], most: int, allowed: int | None
) -> None:
    told = odd(Policy(caps=caps, personal=PersonalBudget(most=most)))
    found = [one for one in told if one.key == "personal_out_of_reach"]
    expected = PolicyWarning(
        "personal_out_of_reach",
        by=caps[0],
        numbers={"most": most, "allowed": allowed, "days": 30},
    )
    assert found == ([] if allowed is None else [expected])


LUNCH = OpenHours(start=time(12), end=time(13))
SUNDAY_LUNCH = OpenHours(days=("sun",), start=time(12), end=time(13))


@pytest.mark.parametrize(
    ("quiet", "open_hours", "closed"),
    [
        (QuietHours(start=time(11), end=time(13)), (LUNCH,), True),
        (QuietHours(start=time(11), end=time(12, 59)), (LUNCH,), False),
        (QuietHours(start=time(13), end=time(12)), (SUNDAY_LUNCH,), False),
        (QuietHours(start=time(13), end=time(12)), (), False),
        (QuietHours(start=time(12), end=time(12)), (LUNCH,), False),
    ],
)
def test_quiet_hours_that_leave_no_open_hour_in_a_week_are_told(
    quiet: QuietHours, open_hours: tuple[OpenHours, ...], closed: bool
) -> None:
    told = odd(Policy(quiet_hours=quiet, open_hours=open_hours))
    assert [one.key for one in told] == (["closed"] if closed else [])


def test_holidays_close_their_own_days_only() -> None:
    year = Dates(why="renovation", first=date(2026, 1, 1), last=date(2026, 12, 31))
    assert odd(Policy(holidays=(year,))) == []


def test_names_that_are_no_scene_and_no_channel_are_told() -> None:
    typo = Cap(scope=Scope.CHANNEL, only=("wecom", "wechat"), rolling_days=60, max=1)
    policy = Policy(
        caps=(*Policy().caps, typo),
        arbitration=Arbitration(weights={"replenish": 2.0, "replenishment": 2.0}),
        holdout=Holdout(scenes={"brithday": 0.1}),
        shared=SharedBudgets(scenes={"birthday": 7}),
    )
    assert [(one.key, one.cap, dict(one.numbers)) for one in odd(policy)] == [
        ("unknown_scene", None, {"where": "arbitration.weights", "name": "replenishment"}),
        ("unknown_scene", None, {"where": "holdout.scenes", "name": "brithday"}),
        ("unknown_scene", None, {"where": "shared.scenes", "name": "birthday"}),
        ("unknown_channel", typo, {"name": "wechat"}),
    ]
