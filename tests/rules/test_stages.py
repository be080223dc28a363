"""Where persons stand, and when time alone moves them on."""

from datetime import date, timedelta
from itertools import accumulate, pairwise
from math import ceil, floor
from random import Random
from statistics import median

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.bgnbd import FARTHEST, BgNbd
from rules.cadence import cadences
from rules.stages import stages
from schemas.policy import Policy

FIRST = date(2025, 1, 6)
POLICY = Policy()
MODEL = BgNbd(0.27, 38.0, 0.6, 2.2)
GROCER = BgNbd(2.0, 14.0, 0.2, 5.0)
JEWELLER = BgNbd(0.5, 400.0, 0.5, 2.0)
RANK = ["prospect", "new", "returned", "active", "due", "at_risk", "lapsed"]

Told = tuple[str, date, date | None]

GAP = st.one_of(
    st.integers(min_value=1, max_value=60), st.sampled_from([7, 7, 7, 30, 200, 400, 900])
)
HISTORIES = st.lists(GAP, max_size=7).map(
    lambda gaps: [FIRST + timedelta(days=days) for days in accumulate(gaps)]
)
POLICIES = st.builds(
    Policy,
    new_days=st.integers(min_value=1, max_value=120),
    at_risk_days=st.integers(min_value=1, max_value=120),
    lapsed_days=st.integers(min_value=1, max_value=120),
    returned_days=st.integers(min_value=1, max_value=120),
    outlook_days=st.integers(min_value=1, max_value=365),
    at_risk_share=st.floats(min_value=0.5, max_value=0.99),
    lapsed_share=st.floats(min_value=0.1, max_value=0.49),
    due_lead_days=st.integers(min_value=0, max_value=20),
    due_overrun=st.floats(min_value=1, max_value=3),
)
TIGHT = st.builds(
    Policy, at_risk_share=st.just(0.5), lapsed_share=st.floats(min_value=0.49, max_value=0.4999)
)
MODELS = st.sampled_from([None, MODEL, GROCER, JEWELLER])
LATER = st.integers(min_value=0, max_value=700).map(lambda days: FIRST + timedelta(days=days))


def _frame(histories: list[list[date]]) -> pl.DataFrame:
    schema = {"person_id": pl.Int64, "on": pl.Date}
    rows = [(person, day) for person, days in enumerate(histories) for day in days]
    people = pl.DataFrame({"person_id": range(len(histories))}, {"person_id": pl.Int64})
    told = cadences(pl.DataFrame(rows, schema, orient="row"), ["person_id"])
    return people.join(told, on="person_id", how="left", maintain_order="left")


def _told(
    histories: list[list[date]], today: date, policy: Policy, model: BgNbd | None
) -> list[Told]:
    known = [[day for day in days if day <= today] for days in histories]
    told = stages(_frame(known), today, policy, model)
    return told.select("stage", "stage_since", "stage_until").rows()


def _one(days: list[date], today: date, policy: Policy, model: BgNbd | None) -> Told:
    return _told([days], today, policy, model)[0]


def _fallen(days: list[date], share: float, policy: Policy, model: BgNbd) -> int:
    x, t_x = len(days) - 1, (days[-1] - days[0]).days
    hope = model.p_order(x, t_x, t_x + np.arange(FARTHEST + 1), policy.outlook_days)
    fallen = np.flatnonzero(hope <= share * hope[0])
    return int(fallen[0]) if len(fallen) else FARTHEST


def _line(days: list[date], policy: Policy, model: BgNbd | None) -> list[tuple[date, str]]:
    """Return from which day on each stage holds, one person at a time and step by step."""
    if not days:
        return [(date(1900, 1, 1), "prospect")]
    last = days[-1]
    gaps = [(later - sooner).days for sooner, later in pairwise(days)]
    middle = median(gaps) if gaps else 0.0
    spread = median(abs(gap - middle) for gap in gaps) if gaps else 0.0
    regular = len(gaps) >= policy.regular_gaps and spread <= policy.regular_spread * middle
    at_risk, lapsed = policy.at_risk_days, policy.lapsed_days
    if model is not None:
        at_risk = _fallen(days, policy.at_risk_share, policy, model)
        lapsed = _fallen(days, policy.lapsed_share, policy, model)
    ebb = []
    if regular:
        opens = max(1, ceil(middle) - policy.due_lead_days)
        ebb = [(opens, "due")]
        at_risk = max(opens, floor(middle * policy.due_overrun)) + 1
        lapsed = max(lapsed, ceil(3 * middle))
    ebb += [(at_risk, "at_risk"), (max(lapsed, at_risk + 1), "lapsed")]
    line = [(0, "active")]
    if len(days) == 1:
        line = [(0, "new"), (policy.new_days, "active")]
    elif _line(days[:-1], policy, model)[-1][0] <= last:
        line = [(0, "returned"), (policy.returned_days + 1, "active")]
    line = [step for step in line if step[0] < ebb[0][0]] + ebb
    return [(last + timedelta(days=after), stage) for after, stage in line]


def _regular(gap: int, orders: int = 4) -> list[date]:
    return [FIRST + timedelta(days=gap * number) for number in range(orders)]


def _two(gap: int) -> list[date]:
    return _regular(gap, 2)


@pytest.mark.parametrize(
    ("days", "after", "stage", "until"),
    [
        ([FIRST], 0, "new", 30),
        ([FIRST], 29, "new", 30),
        ([FIRST], 30, "active", 90),
        ([FIRST], 90, "at_risk", 180),
        ([FIRST], 180, "lapsed", None),
        (_two(14), 0, "active", 90),  # two orders are not yet a rhythm
        (_regular(14), 11, "active", 12),
        (_regular(14), 12, "due", 19),
        (_regular(14), 18, "due", 19),
        (_regular(14), 19, "at_risk", 180),
        (_regular(14), 180, "lapsed", None),
        (_regular(90), 269, "at_risk", 270),  # whoever buys quarterly lapses later
        (_regular(90), 270, "lapsed", None),
        (_two(179), 0, "active", 90),
        (_two(180), 0, "returned", 31),
        (_two(180), 30, "returned", 31),
        (_two(180), 31, "active", 90),
        ([*_regular(90, 3), FIRST + timedelta(days=380)], 0, "returned", 31),  # two gaps: no rhythm
        ([*_regular(90, 4), FIRST + timedelta(days=470)], 0, "active", 88),  # a rhythm: patience
        ([*_two(400), FIRST + timedelta(days=401)], 0, "active", 90),  # stays when ordering on
    ],
)
def test_a_person_moves_on_with_time_alone(
    days: list[date], after: int, stage: str, until: int | None
) -> None:
    told = _one(days, days[-1] + timedelta(days=after), POLICY, None)
    expected = None if until is None else days[-1] + timedelta(days=until)
    assert (told[0], told[2]) == (stage, expected)


def test_whoever_never_ordered_is_a_prospect_until_they_do() -> None:
    told = stages(
        _frame([[], []]).with_columns(order_days=pl.Series([0, None], dtype=pl.Int32)),
        FIRST,
        POLICY,
        MODEL,
    )
    assert (
        told.select("stage", "stage_since", "stage_until").rows()
        == [("prospect", date(1900, 1, 1), None)] * 2
    )


def test_whoever_returns_to_a_rhythm_is_due_when_it_says_so() -> None:
    days = [*_regular(7, 8), FIRST + timedelta(days=400)]
    assert _one(days, days[-1], POLICY, None)[0] == "returned"
    assert _one(days, days[-1] + timedelta(days=5), POLICY, None)[0] == "due"


def test_a_policy_that_settles_late_skips_the_active_stage() -> None:
    policy = Policy(new_days=120, at_risk_days=90)
    told = _one([FIRST], FIRST, policy, None)
    assert told == ("new", FIRST, FIRST + timedelta(days=90))


def test_a_jeweller_s_customers_are_at_risk_later_than_a_grocer_s() -> None:
    days = [FIRST, FIRST + timedelta(days=20)]
    waits = []
    for model in (GROCER, JEWELLER):
        _, _, until = _one(days, days[-1], POLICY, model)
        assert until is not None
        waits.append((until - days[-1]).days)
    assert waits[0] * 3 < waits[1]


@pytest.mark.parametrize("lapsed", [0.5, 0.6])
def test_a_policy_by_which_the_lapsed_were_never_at_risk_is_refused(lapsed: float) -> None:
    with pytest.raises(ValidationError, match="at_risk_share"):
        Policy(at_risk_share=0.5, lapsed_share=lapsed)


def test_an_order_after_today_makes_nobody_older() -> None:
    ahead = FIRST + timedelta(days=3)
    told = stages(_frame([[ahead]]), FIRST, POLICY, None)
    assert told["stage"].to_list() == ["new"]


@given(st.lists(HISTORIES, max_size=6), LATER, st.one_of(POLICIES, TIGHT), MODELS)
def test_stages_are_those_of_walking_through_every_history(
    histories: list[list[date]], today: date, policy: Policy, model: BgNbd | None
) -> None:
    for days, told in zip(histories, _told(histories, today, policy, model), strict=True):
        line = _line([day for day in days if day <= today], policy, model)
        past = [step for step in line if step[0] <= today]
        coming = [since for since, _ in line if since > today]
        assert told == (past[-1][1], past[-1][0], min(coming, default=None))


@given(HISTORIES, LATER, st.one_of(POLICIES, TIGHT), MODELS)
def test_nothing_changes_before_the_day_that_is_told_and_something_does_on_it(
    days: list[date], today: date, policy: Policy, model: BgNbd | None
) -> None:
    """Only whose wheel turns is looked at, so an early change would be missed."""
    frame = _frame([[day for day in days if day <= today]])

    def on(day: date) -> Told:
        told = stages(frame, day, policy, model)
        return told.select("stage", "stage_since", "stage_until").row(0)

    told = on(today)
    until = told[2]
    days_left = 30 if until is None else (until - today).days
    ahead = {1, 2, 3, days_left // 2, days_left - 2, days_left - 1}
    for days_on in sorted(ahead & set(range(days_left))):
        assert on(today + timedelta(days=days_on)) == told
    if until is not None:
        assert until > today
        following = on(until)
        assert following[1] == until
        assert RANK.index(following[0]) > RANK.index(told[0])


@pytest.mark.parametrize("model", [None, GROCER])
def test_every_person_has_one_stage_on_every_day_until_the_last(model: BgNbd | None) -> None:
    rng = np.random.default_rng(6)
    histories = [
        [FIRST - timedelta(days=sum(gaps[at:])) for at in range(len(gaps))]
        for gaps in (rng.choice([7, 7, 7, 30, 200, 400], size % 7).tolist() for size in range(80))
    ]
    frame = _frame(histories)
    before: list[Told] = []
    for ahead in range(300):
        day = FIRST + timedelta(days=ahead)
        told = stages(frame, day, POLICY, model)
        now: list[Told] = told.select("stage", "stage_since", "stage_until").rows()
        for was, is_now in zip(before, now, strict=bool(before)):
            assert (was == is_now) is (day != was[2])
        before = now


@given(st.lists(HISTORIES, min_size=1, max_size=6), LATER, MODELS, st.randoms())
def test_a_person_s_stage_depends_on_nobody_else(
    histories: list[list[date]], today: date, model: BgNbd | None, random: Random
) -> None:
    alone = [_one(days, today, POLICY, model) for days in histories]
    order = list(range(len(histories))) * 9
    random.shuffle(order)
    crowd = _told([histories[at] for at in order], today, POLICY, model)
    assert crowd == [alone[at] for at in order]


def test_other_columns_stay_as_they_are() -> None:
    frame = _frame([_regular(7), []])
    told = stages(frame, FIRST + timedelta(days=90), POLICY, MODEL)
    assert told.drop("stage", "stage_since", "stage_until").equals(frame)
    assert stages(frame.clear(), FIRST, POLICY, MODEL).is_empty()
