"""Who orders next: the combined score, and what stands in for it."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import scores
from rules.past import Past, ordered
from rules.scores import Forecast, Method, forecast
from schemas.policy import PopulationTerms
from tests.rules.order_days import OPENED, days, shop

CUT_OFF = OPENED + timedelta(days=240)
STEADY = shop(shape=6.0)


def _separated(found: Forecast, log: pl.DataFrame, horizon: int) -> float:
    came = ordered(log, found.past, horizon) > 0
    p = found.expected["p_order"].to_numpy()
    return float((p[came][:, None] > p[~came]).mean())


def test_a_shop_of_some_months_is_scored_by_what_it_taught() -> None:
    found = forecast(STEADY, CUT_OFF, 14)
    assert found.method is Method.COMBINED
    assert found.why is None
    assert found.expected["member"].to_list() == found.past.members["member"].to_list()


def test_where_buying_is_regular_rhythm_tells_more_than_bg_nbd() -> None:
    found = forecast(STEADY, CUT_OFF, 7)
    past, model = found.past, found.model
    assert model is not None
    plain = model.p_order(past.x, past.t_x, past.age, 7)
    alone = Forecast(pl.DataFrame({"p_order": plain}), past, Method.BG_NBD, None, model, 0.0)
    assert _separated(found, STEADY, 7) > _separated(alone, STEADY, 7) + 0.02


@pytest.mark.parametrize("horizon", [1, 7, 30, 90, 3_650])
def test_orders_expected_are_no_fewer_than_their_probability(horizon: int) -> None:
    told = forecast(STEADY, CUT_OFF, horizon).expected
    assert told["p_order"].is_between(0, 1).all()
    assert told["p_alive"].is_between(0, 1).all()
    assert (told["expected_orders"] >= told["p_order"] * (1 - 1e-12)).all()


def test_nothing_on_or_after_the_cut_off_is_used() -> None:
    before = STEADY.filter(pl.col("on") < CUT_OFF)
    whole, cut = (forecast(log, CUT_OFF, 30).expected for log in (STEADY, before))
    assert whole.equals(cut)


def test_as_many_are_expected_as_came_in_the_last_closed_window() -> None:
    found = forecast(STEADY, CUT_OFF, 30)
    window = CUT_OFF - timedelta(days=30)
    lately = ordered(STEADY, Past.of(STEADY, window), 30).mean()
    assert found.expected["p_order"].mean() == pytest.approx(lately, abs=0.08)


def test_a_season_a_year_ago_lifts_what_is_expected_now() -> None:
    rng = np.random.default_rng(1)
    usual = 0.02 * np.ones(430)
    usual[365:395] = usual[:30] = 0.1
    plain = [np.flatnonzero(rng.random(430) < 0.02) for _ in range(1_500)]
    festive = [np.flatnonzero(rng.random(430) < usual) for _ in range(1_500)]
    at = OPENED + timedelta(days=430)
    shifts = [forecast(days(*log), at, 30).shift for log in (plain, festive)]
    assert shifts[1] != pytest.approx(shifts[0], abs=0.02)


def test_few_labels_leave_bg_nbd_alone_and_it_is_said() -> None:
    log = shop(members=900, length=120, gap=8.0)
    found = forecast(log, OPENED + timedelta(days=110), 90)
    assert found.method is Method.BG_NBD
    assert found.why is not None
    assert "0 orders" in found.why
    assert found.shift == 0


def test_bg_nbd_alone_follows_the_last_closed_window_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scores, "LEAST_LABELS", 10**9)
    found = forecast(STEADY, CUT_OFF, 30)
    assert found.method is Method.BG_NBD
    assert found.shift != 0


def test_too_few_repeat_buyers_are_scored_by_recency_and_frequency() -> None:
    found = forecast(days([0, 30, 60], [55], [0], [1, 2]), OPENED + timedelta(days=100), 30)
    assert found.method is Method.RECENCY_FREQUENCY
    assert found.why == "2 members ordered again; BG/NBD takes 200"
    assert found.model is None
    often, recent, gone, hasty = found.expected["p_order"]
    assert often > gone
    assert recent > gone
    assert hasty > gone
    assert (found.expected["expected_orders"] >= found.expected["p_order"]).all()


def test_too_short_a_log_is_scored_by_recency_and_frequency() -> None:
    found = forecast(shop(2_000, gap=5.0), OPENED + timedelta(days=80), 30)
    assert found.method is Method.RECENCY_FREQUENCY
    assert found.why == "the log begins 80 days before; BG/NBD takes 90"


def test_what_is_too_short_can_be_chosen() -> None:
    terms = PopulationTerms(repeat_buyers=2, history_days=50)
    found = forecast(shop(members=60), OPENED + timedelta(days=100), 30, terms)
    assert found.method is Method.BG_NBD


def test_of_many_members_a_sample_teaches_and_all_are_scored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = forecast(STEADY, CUT_OFF, 14).expected
    monkeypatch.setattr(scores, "_SAMPLE", 300)
    monkeypatch.setattr(scores, "_SLICE", 100)
    sampled = forecast(STEADY, CUT_OFF, 14).expected
    assert sampled["member"].equals(whole["member"])
    assert np.corrcoef(sampled["p_order"], whole["p_order"])[0, 1] > 0.95


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 400), min_size=1, max_size=8), min_size=1, max_size=12))
def test_any_histories_have_sane_expectations(histories: list[list[int]]) -> None:
    terms = PopulationTerms(repeat_buyers=1, history_days=1)
    told = forecast(days(*histories), OPENED + timedelta(days=401), 30, terms).expected
    assert told.height == len(histories)
    assert told.select(pl.all_horizontal(pl.all().is_not_null())).to_series().all()
    assert told["p_order"].is_between(0, 1).all()
    assert (told["expected_orders"] >= told["p_order"] * (1 - 1e-12)).all()
