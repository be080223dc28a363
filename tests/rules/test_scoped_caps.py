"""Caps of a sender, a channel, a category, of a whole month, and of nothing at all."""

from typing import Any

import pytest

from schemas.enums import Category
from schemas.governing import Cap, Scope
from tests.rules.builders import ask, broken_by, limits, shanghai, slot

MORNING = shanghai("2026-03-02T10:00")
DAILY = Cap(window="day", max=1)
MANY = Cap(window="month", max="days")

OTHERS = [
    (Scope.SENDER, {"sender": "LinXia"}),
    (Scope.CHANNEL, {"channel": "mail"}),
    (Scope.CATEGORY, {"category": Category.CARE}),
]
MINE = {Scope.SENDER: "ChenYu", Scope.CHANNEL: "wecom", Scope.CATEGORY: "marketing"}


@pytest.mark.parametrize(("scope", "other"), OTHERS)
def test_a_scoped_cap_counts_its_own_kind_only(scope: Scope, other: dict[str, Any]) -> None:
    own = limits(Cap(scope=scope, window="day", max=1))
    assert not broken_by(ask(MORNING), [slot(MORNING, **other)], own)
    (told,) = broken_by(ask(MORNING), [slot(MORNING), slot(MORNING, **other)], own)
    assert told.rule == "cap"
    assert told.numbers == {
        "scope": scope.value,
        "of": MINE[scope],
        "window": "calendar_day",
        "used": 1,
        "max": 1,
    }


@pytest.mark.parametrize(("scope", "other"), OTHERS)
def test_a_cap_that_names_its_kind_is_for_that_one_only(
    scope: Scope, other: dict[str, Any]
) -> None:
    named = limits(Cap(scope=scope, only=(MINE[scope],), window="day", max=1))
    assert broken_by(ask(MORNING), [slot(MORNING)], named)
    assert not broken_by(ask(MORNING, **other), [slot(MORNING, **other)] * 5, named)


def test_the_cap_of_all_counts_every_kind() -> None:
    """An SMS-only rule lifted the cap of e-mail (peers.md, section 4); here both hold."""
    mail = slot(MORNING, channel="mail", category=Category.CARE, sender="LinXia")
    both = limits(DAILY, Cap(scope=Scope.CHANNEL, only=("wecom",), window="day", max=5))
    (told,) = broken_by(ask(MORNING), [mail], both)
    assert told.numbers == {"window": "calendar_day", "used": 1, "max": 1}


@pytest.mark.parametrize(
    ("month", "days"), [("2026-02", 28), ("2028-02", 29), ("2026-04", 30), ("2026-03", 31)]
)
def test_a_month_has_as_many_as_it_has_days(month: str, days: int) -> None:
    """WeCom: each customer receives as many mass messages as the month has days."""
    taken = [slot(shanghai(f"{month}-{day:02}T10:00")) for day in range(1, days)]
    last = shanghai(f"{month}-{days:02}T12:00")
    assert not broken_by(ask(last), taken, limits(MANY))
    (told,) = broken_by(ask(last), [*taken, slot(last)], limits(MANY))
    assert told.numbers == {"window": "calendar_month", "used": days, "max": days}


def test_of_two_months_the_fuller_one_is_told() -> None:
    """28 are all that February has, while the 29 of March leave room for two."""
    february = [slot(shanghai(f"2026-02-{day:02}T10:00")) for day in range(1, 29)]
    march = [slot(shanghai(f"2026-03-{day:02}T10:00")) for day in range(1, 30)]
    over_midnight = ask(shanghai("2026-02-28T20:00"), 24)
    (told,) = broken_by(over_midnight, [*february, *march], limits(MANY))
    assert (told.numbers["used"], told.numbers["max"]) == (28, 28)
    assert not broken_by(over_midnight, [*february[1:], *march], limits(MANY))


def test_a_cap_of_zero_lets_nothing_pass_and_says_so() -> None:
    """mautic#10416: a cap of 0 silently blocked sends; a cap that is not set blocks none."""
    for zero in (Cap(window="day", max=0), Cap(rolling_hours=24, max=0)):
        (told,) = broken_by(ask(MORNING), [], limits(zero))
        assert (told.rule, told.numbers["used"], told.numbers["max"]) == ("cap", 0, 0)
    assert not broken_by(ask(MORNING), [], limits())


def test_a_cap_of_zero_for_one_channel_stops_that_one() -> None:
    no_mail = limits(Cap(scope=Scope.CHANNEL, only=("mail",), window="day", max=0))
    assert broken_by(ask(MORNING, channel="mail"), [], no_mail)
    assert not broken_by(ask(MORNING), [], no_mail)
