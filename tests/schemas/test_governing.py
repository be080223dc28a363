"""Contradictions in the rules of the governor are refused in one sentence that says what to do."""

import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.enums import Category
from schemas.errors import ConfigurationError
from schemas.governing import (
    Arbitration,
    Cap,
    Categories,
    CategoryTerms,
    Dates,
    OpenHours,
    PersonalBudget,
    SharedBudgets,
)
from schemas.policy import Policy
from schemas.settings import Settings, load
from tests.structure.repository import ROOT

ONE_WINDOW = "a cap has exactly one of window, rolling_hours and rolling_days"
KNOWN = "there are transactional, service, care, benefit, marketing"


@pytest.mark.parametrize(
    ("written", "key", "told"),
    [
        ("caps = [{max = 1}]", "caps.0", ONE_WINDOW),
        ("caps = [{window = 'day', rolling_hours = 24, max = 1}]", "caps.0", ONE_WINDOW),
        ("caps = [{rolling_days = 1, rolling_hours = 24, max = 1}]", "caps.0", ONE_WINDOW),
        ("caps = [{rolling_hours = 0, max = 1}]", "caps.0.rolling_hours", "equal to 1"),
        ("caps = [{rolling_days = 0, max = 1}]", "caps.0.rolling_days", "equal to 1"),
        ("caps = [{rolling_days = 367, max = 1}]", "caps.0.rolling_days", "equal to 366"),
        ("caps = [{window = 'year', max = 1}]", "caps.0.window", "'day', 'week' or 'month'"),
        ("caps = [{window = 'day'}]", "caps.0.max", "Field required"),
        ("caps = [{window = 'day', max = -1}]", "caps.0.max", "equal to 0"),
        (
            "caps = [{window = 'week', max = 'days'}]",
            "caps.0",
            'only a cap with window = "month" can have max = "days"',
        ),
        (
            "caps = [{rolling_days = 30, max = 'days'}]",
            "caps.0",
            'only a cap with window = "month" can have max = "days"',
        ),
        (
            "caps = [{window = 'day', max = 1, only = ['wecom']}]",
            "caps.0",
            'a cap with scope = "person" counts everything: leave `only` out',
        ),
        (
            "caps = [{scope = 'category', only = ['promo'], window = 'day', max = 1}]",
            "caps.0",
            f"there is no category 'promo'; {KNOWN}",
        ),
        (
            "caps = [{scope = 'channel', only = [' '], window = 'day', max = 1}]",
            "caps.0.only.0",
            "at least 1 character",
        ),
        ("caps = [{scope = 'shop', window = 'day', max = 1}]", "caps.0.scope", "'person'"),
        ("[policy.categories.promo]\ncapped = true", "categories", "no category 'promo'"),
        ("[policy.categories.care]\ncaped = true", "categories.care.caped", "not permitted"),
        ("categories = 3", "categories", "valid dictionary"),
        ("categories = {care = 3}", "categories.care", "valid dictionary"),
        (
            "open_hours = [{start = 17:00:00, end = 09:00:00}]",
            "open_hours.0",
            "17:00 is not before 09:00 of the same day",
        ),
        (
            "open_hours = [{start = 09:00:00, end = 09:00:00}]",
            "open_hours.0",
            "09:00 is not before 09:00 of the same day",
        ),
        (
            "open_hours = [{days = [], start = 09:00:00, end = 17:00:00}]",
            "open_hours.0.days",
            "at least 1 item",
        ),
        (
            "open_hours = [{days = ['monday'], start = 09:00:00, end = 17:00:00}]",
            "open_hours.0.days.0",
            "'mon'",
        ),
        ("open_hours = [{start = 9, end = 17:00:00}]", "open_hours.0.start", "time of day as"),
        (
            "holidays = [{why = 'a feast', first = 2026-02-22, last = 2026-02-16}]",
            "holidays.0",
            "2026-02-22 is after 2026-02-16: swap `first` and `last`",
        ),
        (
            "blackouts = [{why = 'a flood', first = 2026-02-22, last = 2026-02-16}]",
            "blackouts.0",
            "2026-02-22 is after 2026-02-16: swap `first` and `last`",
        ),
        ("holidays = [{first = 2026-02-16, last = 2026-02-22}]", "holidays.0.why", "required"),
        ("personal = {least = 4}", "personal", "let `least` <= `start` <= `most`"),
        ("personal = {most = 2}", "personal", "let `least` <= `start` <= `most`"),
        ("personal = {days = 0}", "personal.days", "equal to 1"),
        ("personal = {least = -1}", "personal.least", "equal to 0"),
        (
            "arbitration = {weights = {replenish = inf}}",
            "arbitration.weights",
            "the weight of 'replenish' is no number to multiply by",
        ),
        ("arbitration = {weights = {replenish = nan}}", "arbitration.weights.replenish", "to 0"),
        ("arbitration = {weights = {replenish = -1}}", "arbitration.weights.replenish", "to 0"),
        ("arbitration = {in_a_row = 0}", "arbitration.in_a_row", "equal to 1"),
        ("shared = {texts_per_sender = -1}", "shared.texts_per_sender", "equal to 0"),
        (
            "shared = {texts_per_sender = 'many'}",
            "shared.texts_per_sender",
            'write a number, or "any" for no bound, not "many"',
        ),
        ("shared = {messages_per_run = 'all'}", "shared.messages_per_run", 'or "any" for no bound'),
        ("shared = {scenes = {replenish = -1}}", "shared.scenes.replenish", "equal to 0"),
        ("holdout = {share = 0.6}", "holdout.share", "equal to 0.5"),
        ("holdout = {scenes = {replenish = 0.6}}", "holdout.scenes.replenish", "equal to 0.5"),
        ("backoff = 0.9", "backoff", "equal to 1"),
        ("gap_hours = -1", "gap_hours", "equal to 0"),
        ("silence_limit = 0", "silence_limit", "equal to 1"),
    ],
)
def test_a_bad_policy_is_one_sentence_that_names_its_key(
    tmp_path: Path, written: str, key: str, told: str
) -> None:
    file = tmp_path / "runwu.toml"
    file.write_text(written if written.startswith("[") else f"[policy]\n{written}")
    with pytest.raises(ConfigurationError) as refused:
        load(file)
    sentence = str(refused.value)
    assert sentence.startswith(f"{file}: policy.{key}")
    assert told in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "values", [{"window": "day"}, {"rolling_hours": 24}, {"rolling_days": 7}, {"window": "month"}]
)
def test_a_cap_of_zero_is_allowed_and_is_not_the_same_as_none(values: dict[str, Any]) -> None:
    """Zero blocked silently (mautic#10416); here it is a cap like any other, and a policy's own."""
    zero = Cap(max=0, **values)
    assert zero.max == 0
    assert Policy(caps=(zero,)).version != Policy(caps=()).version


@pytest.mark.parametrize(
    ("values", "hours"),
    [
        ({"rolling_hours": 30}, 30),
        ({"rolling_days": 7}, 168),
        ({"window": "day"}, None),
        ({"window": "month", "max": "days"}, None),
    ],
)
def test_the_length_of_a_rolling_span_is_told_in_hours(
    values: dict[str, Any], hours: int | None
) -> None:
    assert Cap.model_validate({"max": 1, **values}).span_hours == hours


def test_the_names_of_senders_and_channels_are_free_and_of_categories_are_not() -> None:
    for scope in ("sender", "channel"):
        values = {"scope": scope, "only": ["陈雨 "], "window": "day", "max": 1}
        assert Cap.model_validate(values).only == ("陈雨",)
    with pytest.raises(ValidationError, match="no category"):
        Cap.model_validate({"scope": "category", "only": ["陈雨"], "window": "day", "max": 1})


def test_the_usual_terms_let_orders_pass_and_guard_what_sells() -> None:
    usual = Categories()
    assert usual.of(Category.TRANSACTIONAL) == CategoryTerms(
        capped=False, counted=False, agreed=False
    )
    guarded = {category for category in Category if usual.of(category).guarded}
    assert guarded == {Category.BENEFIT, Category.MARKETING}


def test_a_category_of_which_one_term_is_declared_keeps_its_others(tmp_path: Path) -> None:
    file = tmp_path / "runwu.toml"
    file.write_text(
        "[policy.categories.transactional]\ncounted = true\n"
        "[policy.categories.marketing]\nagreed = false\n"
    )
    told = load(file).policy.categories
    assert told.transactional == CategoryTerms(capped=False, counted=True, agreed=False)
    assert told.marketing == CategoryTerms(guarded=True, agreed=False)
    assert told.care == Categories().care


def test_terms_may_be_told_as_terms() -> None:
    free = CategoryTerms(capped=False)
    assert Categories(care=free).of(Category.CARE) == free
    assert Categories.model_validate(Categories(care=free)) == Categories(care=free)


def test_single_days_and_equal_bounds_are_no_contradiction() -> None:
    day = date(2026, 2, 16)
    assert Dates(why="a feast", first=day, last=day).first == day
    assert PersonalBudget(start=0, least=0, most=0).most == 0
    assert (
        OpenHours(start=time(9), end=time(9, 1)).days
        == Policy.model_validate({"open_hours": [{"start": "09:00", "end": "09:01"}]})
        .open_hours[0]
        .days
    )


def test_a_weight_may_silence_a_scene() -> None:
    assert Arbitration(weights={"replenish": 0}).weights == {"replenish": 0}


def test_a_scene_has_its_own_budget_or_that_of_every_scene() -> None:
    """Zero and unset are told apart here too (mautic#10416)."""
    shared = SharedBudgets(messages_per_scene=5, scenes={"replenish": 0})
    assert (shared.of_scene("replenish"), shared.of_scene("birthday")) == (0, 5)
    assert SharedBudgets().of_scene("birthday") is None


def test_a_bound_that_has_a_default_can_be_taken_away() -> None:
    """Unset is not zero, and neither of them is the default; each has a version of its own."""
    told = [Policy.model_validate({"shared": {"texts_per_sender": n}}) for n in ("any", 0, 20)]
    assert [one.shared.texts_per_sender for one in told] == [None, 0, 20]
    assert len({one.version for one in told}) == len(told)


def test_the_example_of_the_manual_is_a_policy() -> None:
    """Whoever copies it gets no error, and another policy than the default."""
    manual = (ROOT / "docs" / "policy.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", manual, re.DOTALL)
    settings = Settings.model_validate(tomllib.loads(example))
    told = tomllib.loads(example)["policy"]
    assert told.keys() <= Policy.model_fields.keys()
    assert settings.effective_policy.version != Policy().version
