"""Who a scene finds and who not, from orders to candidates on a real database."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine

from prompts.catalogue import scenes
from tests import builders
from tests.house import ZONE, at
from tests.tasks.shop import Shop


@pytest.fixture
def shop(database: Engine) -> Shop:
    """A shop with four persons who have not ordered yet."""
    return Shop(database, builders.persons(database, 4), count(1))


def test_whoever_has_never_ordered_is_found_by_no_scene(shop: Shop) -> None:
    """Of such a person nearly every column is null."""
    assert {scene: shop.found(scene) for scene in scenes()} == {name: {} for name in scenes()}


@pytest.mark.parametrize(
    ("gaps", "last", "found"),
    [
        ((10, 40), 89, False),  # not regular: slips after 90 days
        ((10, 40), 90, True),
        ((10, 40), 96, True),
        ((10, 40), 97, False),  # slipped a week ago
        ((40,), 90, False),  # two order days make no regular
        ((0, 40), 90, False),  # nor does a second order on the same day
        ((14, 14, 14), 20, False),  # slips after 19 days, which nobody calls an absence
        ((14, 14, 14), 21, True),
        ((14, 14, 14), 25, True),
        ((14, 14, 14), 26, False),
        ((7, 7, 7, 7), 12, False),  # whoever comes every week is left alone
    ],
)
def test_care_is_for_whoever_was_a_regular_and_slipped_within_the_week(
    shop: Shop, gaps: tuple[int, ...], last: int, found: bool
) -> None:
    shop.habit(shop.people[0], *gaps, last=last)
    assert (shop.people[0] in shop.found("lapsing_care")) is found


@pytest.mark.parametrize(
    ("gaps", "last", "away"),
    [
        ((14, 14, 14), 21, "三周"),
        ((20, 20, 20), 27, "一个月"),
        ((30, 30, 30), 40, "一个半月"),
        ((45, 45, 45), 59, "两个月"),
        ((10, 40), 90, "三个月"),
        ((90, 90, 90), 118, "好几个月"),
    ],
)
def test_an_absence_is_told_as_people_do(
    shop: Shop, gaps: tuple[int, ...], last: int, away: str
) -> None:
    shop.habit(shop.people[0], *gaps, last=last)
    row = shop.found("lapsing_care")[shop.people[0]]
    assert row.slots == {"away": away}
    assert row.evidence["days_away"] == last


def test_days_of_absence_are_the_business_zones(shop: Shop) -> None:
    late, next_day = datetime(2025, 12, 2, 23, 59, tzinfo=ZONE), timedelta(minutes=1)
    for person, last in zip(shop.people, (late, late + next_day), strict=False):
        shop.order(person, last - timedelta(days=50), last - timedelta(days=20), last)
    assert set(shop.found("lapsing_care", at(2, 0, 5))) == {shop.people[0]}
    assert set(shop.found("lapsing_care", at(3, 0))) == set(shop.people[:2])


def test_the_window_of_care_ends_a_week_after_the_day_of_slipping(shop: Shop) -> None:
    shop.habit(shop.people[0], 10, 40, last=92)
    (row,) = shop.found("lapsing_care").values()
    assert row.window_until == at(7, 0)
    assert set(shop.found("lapsing_care", at(6, 23, 59))) == {shop.people[0]}
    assert shop.found("lapsing_care", row.window_until) == {}


def test_care_is_spoken_once_after_somebody_slipped(shop: Shop) -> None:
    slipped = at(1, 0)
    moments = (slipped - timedelta(seconds=1), slipped, slipped + timedelta(hours=20))
    for person, moment in zip(shop.people, moments, strict=False):
        shop.habit(person, 10, 40, last=91)
        shop.touch(person, moment)
    assert set(shop.found("lapsing_care")) == {shop.people[0]}


def test_whoever_has_come_back_is_not_asked_why_they_stayed_away(shop: Shop) -> None:
    shop.habit(shop.people[0], 10, 40, last=90)
    assert shop.found("lapsing_care")
    shop.order(shop.people[0], at(2, 7))
    assert shop.found("lapsing_care") == {}


def test_the_more_of_a_regular_the_more_they_are_missed_but_less_than_a_need(shop: Shop) -> None:
    few, many, due, new = shop.people
    shop.habit(few, 10, 40, last=90)
    shop.habit(many, *[40, 10] * 12, last=90)
    shop.habit(due, 14, 20, 14, 8, 14, last=14)  # as irregular as a rhythm may be
    shop.order(new, at(1, 12))
    missed = shop.found("lapsing_care")
    (thanked,) = shop.found("first_order_thanks").values()
    (needed,) = shop.found("replenish").values()
    worth = {name: scene.rules.value for name, scene in scenes().items()}
    missing = [float(missed[person].need) * worth["lapsing_care"] for person in (few, many)]
    thanks = float(thanked.need) * worth["first_order_thanks"]
    need = float(needed.need) * worth["replenish"]
    assert missing[0] < missing[1] < thanks < need


@pytest.mark.parametrize(
    ("ordered_at", "found"),
    [
        (datetime(2026, 2, 27, 23, 59, 59, tzinfo=ZONE), False),
        (datetime(2026, 2, 28, tzinfo=ZONE), True),
        (at(1, 12), True),
        (at(2, 0, 10), True),
        (at(2, 7, 31), False),  # not yet
    ],
)
def test_thanks_are_for_the_first_order_of_three_days(
    shop: Shop, ordered_at: datetime, found: bool
) -> None:
    shop.order(shop.people[0], ordered_at)
    assert (shop.people[0] in shop.found("first_order_thanks")) is found


def test_the_window_of_thanks_ends_three_days_after_the_day_of_the_order(shop: Shop) -> None:
    shop.order(shop.people[0], at(1, 0, 10))
    (row,) = shop.found("first_order_thanks").values()
    assert row.window_until == at(4, 0)
    assert set(shop.found("first_order_thanks", at(3, 23, 59))) == {shop.people[0]}
    assert shop.found("first_order_thanks", row.window_until) == {}


def test_everybody_is_thanked_in_one_wording(shop: Shop) -> None:
    for person, hour in zip(shop.people, (0, 9, 15, 23), strict=True):
        shop.order(person, at(1, hour))
    found = shop.found("first_order_thanks")
    assert set(found) == set(shop.people)
    assert {str(row.slots) for row in found.values()} == {"{'visit': '第一次'}"}


def test_a_refunded_first_order_is_none(shop: Shop) -> None:
    refunded, again = shop.people[:2]
    for person in (refunded, again):
        shop.order(person, at(1, 9), status="refunded")
    shop.order(again, at(1, 18))
    assert set(shop.found("first_order_thanks")) == {again}


def test_only_the_first_order_is_thanked_for(shop: Shop) -> None:
    same_day, another_day, long_ago = shop.people[:3]
    shop.order(same_day, at(1, 9), at(1, 18))
    shop.order(another_day, at(1, 9), at(2, 6))
    shop.order(long_ago, at(1, 9) - timedelta(days=300), at(1, 9))
    assert shop.found("first_order_thanks") == {}


def test_whoever_was_ever_written_to_is_not_greeted_as_new(shop: Shop) -> None:
    shop.order(shop.people[0], at(1, 9))
    shop.touch(shop.people[0], at(1, 9) - timedelta(days=40))
    assert shop.found("first_order_thanks") == {}


def test_a_reminder_names_no_product_where_there_is_no_habit(shop: Shop) -> None:
    shop.habit(shop.people[0], 14, 14, 14, last=14)
    (row,) = shop.found("replenish").values()
    assert row.slots == {"rhythm": "两周", "product": None}
