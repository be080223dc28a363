"""Facts are what a slow reference tells of arbitrary lives, however they are told."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import facts
from schemas.facts_frame import FACTS
from schemas.histories import Histories
from schemas.policy import Policy
from schemas.segments import LIKES
from tests.rules.facts_held import NOON, SHOP, order, same
from tests.rules.histories_builder import World, worlds
from tests.rules.lives import Life, histories
from tests.rules.slow_facts import slow_facts

often = settings(max_examples=50)
sometimes = settings(max_examples=15)
AHEAD = ("ahead_on", "benefits_change_on")


def rows_of(world: World, told: Histories) -> list[dict[str, Any]]:
    frame = facts(told, world.as_of, world.zone, world.policy)
    assert dict(frame.schema) == FACTS
    return frame.sort("person_id").to_dicts()


def known_of(world: World) -> list[dict[str, Any]]:
    return rows_of(world, histories(world.lives))


@often
@given(worlds())
def test_facts_are_what_a_slow_reference_tells(world: World) -> None:
    known = known_of(world)
    assert [row["person_id"] for row in known] == [life.person_id for life in world.lives]
    for row, life in zip(known, world.lives, strict=True):
        same(row, slow_facts(life, world.as_of, world.zone, world.policy.segments))


@sometimes
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world: World, chance: Random) -> None:
    shuffled = histories(world.lives, chance)
    assert rows_of(world, shuffled) == known_of(world)


@sometimes
@given(worlds())
def test_who_else_is_told_of_does_not_matter(world: World) -> None:
    for life, row in zip(world.lives, known_of(world), strict=True):
        assert rows_of(world, histories([life])) == [row]


def test_ratios_are_the_same_alone_as_in_company() -> None:
    """A library that multiplies many values by 1/c, but divides a single one by c, differs."""
    lives = [
        Life(n, orders=tuple(order(9 * n + k, NOON - timedelta(k * n + k * k)) for k in range(9)))
        for n in range(1, 30)
    ]
    together = facts(histories(lives), NOON, SHOP, Policy()).to_dicts()
    apart = [facts(histories([life]), NOON, SHOP, Policy()).to_dicts() for life in lives]
    assert [[row] for row in together] == apart
    assert {row["regularity"] > 0 for row in together} == {True}


@sometimes
@given(worlds(most=1), st.randoms(use_true_random=False))
def test_whether_things_are_told_at_once_or_bit_by_bit_does_not_matter(
    world: World, chance: Random
) -> None:
    """Each thing may have been told first or last."""
    (life,) = world.lives
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    for name in ("orders", "events", "benefits", "touches"):
        things = getattr(life, name)
        early = {number for number in range(len(things)) if chance.random() < 1 / 2}
        first[name] = tuple(one for number, one in enumerate(things) if number in early)
        last[name] = tuple(one for number, one in enumerate(things) if number not in early)
    one, other = histories([replace(life, **first)]), histories([replace(life, **last)])
    assert rows_of(world, together(one, other)) == rows_of(world, together(other, one))
    assert rows_of(world, together(one, other)) == known_of(world)


def together(one: Histories, other: Histories) -> Histories:
    """Return the histories of the same persons, told in two parts."""
    frames = {
        kind.name: pl.concat([getattr(one, kind.name), getattr(other, kind.name)])
        for kind in fields(Histories)
    }
    return Histories(**{**frames, "persons": one.persons})


@sometimes
@given(worlds())
def test_what_lies_ahead_changes_only_what_is_said_of_it(world: World) -> None:
    past = replace(world, lives=tuple(_past(life, world.as_of) for life in world.lives))
    for now, then in zip(known_of(world), known_of(past), strict=True):
        assert then["ahead_on"] is then["benefits_change_on"] is None
        assert now | dict.fromkeys(AHEAD) == then


def _past(life: Life, as_of: datetime) -> Life:
    return replace(
        life,
        orders=tuple(one for one in life.orders if one.at <= as_of),
        events=tuple(one for one in life.events if one.at <= as_of),
        touches=tuple(one for one in life.touches if one.at <= as_of),
        benefits=tuple(
            replace(one, valid_until=_unless_ahead(one.valid_until, as_of))
            for one in life.benefits
            if one.valid_from is None or one.valid_from <= as_of
        ),
    )


def _unless_ahead(at: datetime | None, as_of: datetime) -> datetime | None:
    return None if at is None or at > as_of else at


@sometimes
@given(worlds())
def test_a_tag_rests_on_the_last_order_of_its_kind_and_expires_after_it(world: World) -> None:
    policy = world.policy.segments
    for row, life in zip(known_of(world), world.lives, strict=True):
        days = {
            f"{one.source}:{one.key}": one.at.astimezone(ZoneInfo(world.zone)).date()
            for one in life.orders
            if one.status == "paid" and one.at <= world.as_of
        }
        families = {family["family"]: family for family in row["families"]}
        for tag in row["tags"]:
            assert tag["expires_on"] == days[tag["event"]] + timedelta(days=policy.trait_days)
            assert 1 / 2 <= tag["confidence"] < 1
            if tag["trait"] == LIKES:
                family = families[tag["value"]]
                assert family["days"] >= policy.taste_days
                assert tag["event"] == family["event"]
