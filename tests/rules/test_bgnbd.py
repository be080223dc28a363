"""How likely a person is still with us and orders again."""

from datetime import date, timedelta
from math import exp, lgamma, log
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.special import hyp2f1

from rules import bgnbd
from rules.bgnbd import (
    FARTHEST,
    BgNbd,
    Floats,
    Groups,
    NothingToFit,
    _Likelihood,
    expected_after,
    fit,
)

CUT_OFF = date(2026, 1, 1)
CDNOW = BgNbd(0.2656, 38.08, 0.599, 2.229)
SHOP = BgNbd(0.8, 20.0, 1.2, 4.0)

MODELS = st.builds(
    BgNbd,
    r=st.floats(min_value=0.01, max_value=20),
    alpha=st.floats(min_value=0.1, max_value=500),
    a=st.floats(min_value=0.01, max_value=10),
    b=st.floats(min_value=0.01, max_value=50),
)


@st.composite
def members(draw: st.DrawFn) -> tuple[int, int, int]:
    """Return (x, t_x, age) as a history can have them."""
    x = draw(st.integers(min_value=0, max_value=200))
    t_x = draw(st.integers(min_value=x, max_value=1_000)) if x else 0
    return x, t_x, t_x + draw(st.integers(min_value=0, max_value=1_000))


MEMBERS = st.lists(members(), min_size=1, max_size=8)


def log_likelihood(groups: Groups, model: BgNbd) -> float:
    """Return what `fit` looks for the most of."""
    return _Likelihood(groups).of(np.array([model.r, model.alpha, model.a, model.b]))[0]


def _groups(rows: list[tuple[int, int, int]]) -> Groups:
    x, t_x, age = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Groups(x, t_x, age, np.ones(len(rows)))


def _simulated(
    model: BgNbd, size: int, seed: int, after: int = 0
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x, t_x and age of made-up members, and their orders within `after` days."""
    rng = np.random.default_rng(seed)
    rate, drop = rng.gamma(model.r, 1 / model.alpha, size), rng.beta(model.a, model.b, size)
    age = rng.integers(1, 700, size).astype(float)
    x, t_x, later, at = (np.zeros(size) for _ in range(4))
    left = np.arange(size)
    while len(left):
        at[left] += rng.exponential(1 / rate[left])
        left = left[at[left] <= age[left] + after]
        known = left[at[left] <= age[left]]
        x[known] += 1
        t_x[known] = at[known]
        later[left[at[left] > age[left]]] += 1
        left = left[rng.random(len(left)) > drop[left]]
    return x, np.round(t_x), age, later


def _frame(x: Floats, t_x: Floats, age: Floats) -> pl.DataFrame:
    first = np.datetime64(CUT_OFF) - age.astype(int)
    return pl.DataFrame(
        {
            "order_days": (x + 1).astype(np.int32),
            "first_on": pl.Series(first).cast(pl.Date),
            "last_on": pl.Series(first + t_x.astype(int)).cast(pl.Date),
        }
    )


def _literal(model: BgNbd, x: int, t_x: float, age: float) -> float:
    """Return the paper's equation 6, for one member, word by word."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    one = lgamma(r + x) - lgamma(r) + r * log(alpha)
    two = lgamma(a + b) + lgamma(b + x) - lgamma(b) - lgamma(a + b + x)
    three = -(r + x) * log(alpha + age)
    if not x:
        return one + two + three
    four = log(a) - log(b + x - 1) - (r + x) * log(alpha + t_x)
    return one + two + max(three, four) + log(1 + exp(-abs(three - four)))


@given(MODELS, MEMBERS)
def test_the_likelihood_is_that_of_the_paper(
    model: BgNbd, rows: list[tuple[int, int, int]]
) -> None:
    expected = sum(_literal(model, *row) for row in rows)
    assert log_likelihood(_groups(rows), model) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(MODELS, MEMBERS)
def test_members_alike_count_as_often_as_there_are(
    model: BgNbd, rows: list[tuple[int, int, int]]
) -> None:
    one = _groups(rows)
    thrice = Groups(one.x, one.t_x, one.age, one.n * 3)
    assert log_likelihood(thrice, model) == pytest.approx(log_likelihood(_groups(rows * 3), model))


@given(MODELS, MEMBERS)
def test_the_slope_is_that_of_the_loss(model: BgNbd, rows: list[tuple[int, int, int]]) -> None:
    likelihood = bgnbd._Likelihood(_groups(rows))
    logs = np.log([model.r, model.alpha, model.a, model.b])
    _, slope = likelihood.loss(logs, np.zeros(4))
    for at in range(4):
        step = np.zeros(4)
        step[at] = 1e-5
        ahead, behind = (likelihood.loss(logs + way * step, np.zeros(4))[0] for way in (1, -1))
        assert slope[at] == pytest.approx((ahead - behind) / 2e-5, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("model", [CDNOW, SHOP])
def test_a_fit_finds_the_parameters_that_made_the_members(model: BgNbd) -> None:
    x, t_x, age, _ = _simulated(model, 40_000, seed=1)
    groups = Groups.of(_frame(x, t_x, age), CUT_OFF)
    found = fit(groups)
    assert found.r == pytest.approx(model.r, rel=0.05)
    assert found.alpha == pytest.approx(model.alpha, rel=0.08)
    assert found.a == pytest.approx(model.a, rel=0.15)
    assert found.b == pytest.approx(model.b, rel=0.15)
    assert log_likelihood(groups, found) > log_likelihood(groups, model)


def test_binning_hardly_moves_the_parameters() -> None:
    x, t_x, age, _ = _simulated(CDNOW, 60_000, seed=2)
    frame = _frame(x, t_x, age)
    exact, binned = Groups.of(frame, CUT_OFF), Groups.of(frame, CUT_OFF, rows=15_000)
    assert len(exact.n) > 20_000
    assert len(binned.n) <= 15_000
    assert binned.n.sum() == exact.n.sum() == 60_000
    one, other = fit(exact), fit(binned)
    for name in ("r", "alpha", "a", "b"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=0.01)


def test_a_span_that_cannot_be_binned_further_is_taken_as_it_is() -> None:
    frame = _frame(np.arange(5.0), np.arange(5.0), np.full(5, 9.0))
    assert len(Groups.of(frame, CUT_OFF, rows=1).n) == 5


def test_groups_hold_members_who_have_ordered_by_the_cut_off() -> None:
    day = timedelta(days=1)
    rows = [
        (3, CUT_OFF - 30 * day, CUT_OFF - 10 * day),
        (3, CUT_OFF - 30 * day, CUT_OFF - 10 * day),
        (1, CUT_OFF, CUT_OFF),
        (2, CUT_OFF - day, CUT_OFF + day),
        (0, None, None),
        (None, None, None),
    ]
    frame = pl.DataFrame(rows, ["order_days", "first_on", "last_on"], orient="row")
    groups = Groups.of(frame, CUT_OFF)
    told = list(zip(groups.x, groups.t_x, groups.age, groups.n, strict=True))
    assert told == [(0, 0, 0, 1), (2, 20, 30, 2)]


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, 0)],
        [(0, 0, 100)] * 50,
        [(50, 350, 357)] * 50,  # weekly, and nobody ever stops
        [(1, 1, 1_000)] * 50,  # everybody stops at once
        [(1_000, 1_000, 1_000), (0, 0, 1_000)],
    ],
)
def test_an_odd_shop_has_a_model_of_sane_parameters(rows: list[tuple[int, int, int]]) -> None:
    found = fit(_groups(rows))
    assert 1e-3 <= found.r <= 1e3
    assert 1e-2 <= found.alpha <= 1e5
    assert 1e-3 <= found.a <= 1e3
    assert 1e-3 <= found.b <= 1e4
    groups = _groups(rows)
    assert np.isfinite(expected_after(groups, found, 30))


def test_nobody_makes_no_model() -> None:
    with pytest.raises(NothingToFit):
        fit(Groups(*(np.array([]) for _ in range(4))))


@given(MODELS, MEMBERS, st.integers(min_value=1, max_value=365))
def test_probabilities_are_what_the_formulas_say(
    model: BgNbd, rows: list[tuple[int, int, int]], horizon: int
) -> None:
    x, t_x, age = np.array(rows).T
    alive = model.p_alive(x, t_x, age)
    order = model.p_order(x, t_x, age, horizon)
    for at, (repeats, last, now) in enumerate(rows):
        odds = 0.0
        if repeats:
            power = (model.r + repeats) * log((model.alpha + now) / (model.alpha + last))
            odds = model.a / (model.b + repeats - 1) * exp(min(power, 600))
        silent = ((model.alpha + now) / (model.alpha + now + horizon)) ** (model.r + repeats)
        assert alive[at] == pytest.approx(1 / (1 + odds), rel=1e-6, abs=1e-200)
        assert order[at] == pytest.approx((1 - silent) / (1 + odds), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("model", [CDNOW, SHOP, BgNbd(5, 30, 0.3, 0.2), BgNbd(0.3, 4, 2.5, 9)])
@pytest.mark.parametrize(
    ("x", "t_x", "age"), [(0, 0, 10), (1, 3, 3), (2, 30, 40), (8, 100, 300), (60, 400, 420)]
)
def test_expected_orders_are_those_of_the_closed_form(
    model: BgNbd, x: int, t_x: int, age: int
) -> None:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    none = ((alpha + age) / (alpha + age + 90)) ** (r + x)
    tail = hyp2f1(r + x, b + x, a + b + x - 1, 90 / (alpha + age + 90))
    expected = (a + b + x - 1) / (a - 1) * (1 - none * tail) * model.p_alive(x, t_x, age)
    assert model.expected_orders(x, t_x, age, 90) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("x", [0, 1, 30])
@pytest.mark.parametrize("shape", [(1.0, 2.0), (1.0, 1.0), (2.0, 300.0), (1.5, 1.0)])
def test_expected_orders_are_the_mean_over_who_may_drop_out(
    shape: tuple[float, float], x: int
) -> None:
    a, b = shape
    model = BgNbd(0.7, 15.0, a, b)

    def orders(p: float) -> float:
        density = p ** (a - 1) * (1 - p) ** (b + x - 1) / beta_function(a, b + x)
        return float(density * (1 - (1 + p * 60 / 65) ** -(0.7 + x)) / p)

    mean, _ = quad(orders, 0, 1, points=[0.001, 0.01, 0.1], limit=200)
    expected = mean * model.p_alive(x, 2 * x, 50)
    assert model.expected_orders(x, 2 * x, 50, 60) == pytest.approx(expected, rel=1e-7)


@given(MODELS, MEMBERS)
def test_whoever_is_expected_to_order_more_than_once_may_order_once(
    model: BgNbd, rows: list[tuple[int, int, int]]
) -> None:
    x, t_x, age = np.array(rows).T
    expected = model.expected_orders(x, t_x, age, 30)
    assert np.isfinite(expected).all()
    assert (expected >= model.p_order(x, t_x, age, 30) * (1 - 1e-9)).all()
    assert (expected <= (model.r + x) / (model.alpha + age) * 30 * (1 + 1e-9)).all()


def test_members_order_as_often_as_expected_of_them() -> None:
    x, t_x, age, later = _simulated(SHOP, 40_000, seed=3, after=60)
    groups = Groups.of(_frame(x, t_x, age), CUT_OFF)
    assert expected_after(groups, SHOP, 60) == pytest.approx(later.sum(), rel=0.03)
    assert expected_after(groups, SHOP, 60) == pytest.approx(
        SHOP.expected_orders(x, t_x, age, 60).sum()
    )
    assert SHOP.p_order(x, t_x, age, 60).mean() == pytest.approx((later > 0).mean(), rel=0.03)


SHARES = st.floats(min_value=0.01, max_value=0.99)


@given(MODELS, members(), SHARES, st.integers(min_value=1, max_value=365))
def test_the_share_is_reached_on_that_day_and_not_before(
    model: BgNbd, member: tuple[int, int, int], share: float, horizon: int
) -> None:
    x, t_x, _ = member
    days = int(model.days_until_share(x, t_x, share, horizon)[0])
    target = share * model.p_order(x, t_x, t_x, horizon)[0]
    assert 1 <= days <= FARTHEST
    assert model.p_order(x, t_x, t_x + days - 1, horizon)[0] > target
    if days < FARTHEST:
        assert model.p_order(x, t_x, t_x + days, horizon)[0] <= target


@given(MODELS, members(), SHARES, st.integers(min_value=1, max_value=365))
def test_the_bound_is_kept_from_that_day_and_not_before(
    model: BgNbd, member: tuple[int, int, int], bound: float, horizon: int
) -> None:
    x, t_x, _ = member
    days = int(model.days_until_below(x, t_x, bound, horizon)[0])
    assert 0 <= days <= FARTHEST
    if days < FARTHEST:
        assert model.p_order(x, t_x, t_x + days, horizon)[0] <= bound
    if days:
        assert model.p_order(x, t_x, t_x + days - 1, horizon)[0] > bound


@given(MODELS, MEMBERS, SHARES, st.randoms(use_true_random=False))
def test_a_person_s_day_depends_on_nobody_else(
    model: BgNbd, rows: list[tuple[int, int, int]], share: float, random: Random
) -> None:
    alone = {row: int(model.days_until_share(row[0], row[1], share, 90)[0]) for row in rows}
    crowd = rows * 40
    random.shuffle(crowd)
    x, t_x, _ = np.array(crowd).T
    assert list(model.days_until_share(x, t_x, share, 90)) == [alone[row] for row in crowd]


def test_hope_that_hardly_fades_is_given_up_after_ten_years() -> None:
    steady = BgNbd(0.5, 1e5, 1e-3, 1e4)
    assert list(steady.days_until_share(0, 0, 0.2, 90)) == [FARTHEST]


def test_of_nobody_nothing_is_expected() -> None:
    nobody = np.array([])
    assert not len(CDNOW.days_until_share(nobody, nobody, 0.5, 90))
    assert not len(CDNOW.expected_orders(nobody, nobody, nobody, 90))
