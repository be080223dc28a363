"""Facts of odd lives, case by case."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.facts import facts
from schemas.policy import Policy
from tests.rules.builders import LONDON, NEW_YORK, local, shanghai
from tests.rules.facts_held import LATTE, NOON, SHOP, known, order, part
from tests.rules.lives import Benefit, Event, Life, Line, Touch, histories


def test_of_whom_nothing_is_told_nothing_is_known() -> None:
    row = known()
    assert part(row, "orders", "spent", "worth", "regularity") == (0, 0, 0, 0)
    assert part(row, "basket", "store_key", "daypart", "last_on") == (None, None, None, None)
    assert row["families"] == row["tags"] == []


def test_one_order_has_no_gap() -> None:
    row = known(order(1, NOON))
    assert part(row, "orders", "order_days", "spent", "worth") == (1, 1, 120_000, 12)
    assert part(row, "last_gap", "gap_median", "prior_median") == (None, None, None)
    assert part(row, "repeats_told", "regularity") == (0, 0)
    assert row["families"] == row["tags"] == []


def test_a_thousand_orders_on_one_day_are_one_visit() -> None:
    morning = shanghai("2026-05-31 00:00")
    row = known(*(order(n, morning + timedelta(seconds=86 * n)) for n in range(1_000)))
    assert part(row, "orders", "order_days", "units") == (1_000, 1, 1_000)
    assert part(row, "last_gap", "staple_days", "families") == (None, 1, [])


def test_orders_in_the_future_are_only_awaited() -> None:
    tomorrow = order(1, NOON + timedelta(days=1))
    assert known(tomorrow) == {**known(), "ahead_on": date(2026, 6, 2)}
    cancelled = replace(tomorrow, status="refunded")
    assert known(cancelled) == {**known(), "ahead_on": date(2026, 6, 2)}


def test_orders_of_one_second_are_told_apart_by_their_number() -> None:
    orders = [order(n, NOON, discount=n, paid=10 * n, store=f"s{n}") for n in (3, 1, 2)]
    row = known(*orders)
    assert part(row, "orders", "order_days", "basket", "largest") == (3, 1, 20, 30)
    assert part(row, "repeats_told", "repeats_discounted", "store_key") == (2, 2, "s1")


def test_who_only_returned_has_bought_nothing() -> None:
    orders = [order(n, NOON - timedelta(days=n), status="refunded") for n in range(5)]
    assert known(*orders) == {**known(), "refunds": 5}


def test_a_refunded_order_is_no_repeat_and_no_answer_to_a_cart() -> None:
    first = order(1, NOON - timedelta(days=9), discount=5, status="refunded")
    second = order(2, NOON - timedelta(days=5), discount=5)
    third = order(3, NOON - timedelta(days=1), discount=0, status="refunded")
    cart = Event("cart", NOON - timedelta(days=2), None, "shop", "e1")
    row = known(first, second, third, events=(cart,))
    assert part(row, "discount_told", "discounted", "repeats_told", "refunds") == (1, 1, 0, 2)
    assert part(row, "open_cart_at", "carts_left", "cart_orders") == (cart.at, 0, 0)


def test_a_clock_set_back_takes_back_what_has_not_happened_yet() -> None:
    orders = [order(n, NOON - timedelta(days=7 * n)) for n in range(6)]
    then = NOON - timedelta(days=20)
    row = known(*orders, as_of=then)
    assert row == {**known(*orders[3:], as_of=then), "ahead_on": date(2026, 5, 18)}
    assert row["orders"] == 3


def test_a_leap_day_is_a_day() -> None:
    days = ["2028-02-28 23:59", "2028-02-29 00:00", "2028-03-01 00:00"]
    row = known(*(order(n, shanghai(day)) for n, day in enumerate(days)), as_of=after_leap_day())
    assert part(row, "order_days", "gap_median", "gap_spread", "last_gap") == (3, 1, 0, 1)
    assert row["first_on"] == date(2028, 2, 28)
    year = known(
        order(1, shanghai("2027-02-28 12:00")),
        order(2, shanghai("2028-02-29 12:00")),
        as_of=after_leap_day(),
    )
    assert year["last_gap"] == 366


def after_leap_day() -> datetime:
    return shanghai("2028-03-01 12:00")


@pytest.mark.parametrize(
    ("zone", "before", "after", "fold", "gap", "daypart"),
    [
        (LONDON, "2026-03-28 23:59", "2026-03-29 02:00", 0, 1, 0),
        (LONDON, "2026-10-25 01:30", "2026-10-25 01:30", 1, None, 0),
        (NEW_YORK, "2026-03-08 01:59", "2026-03-08 03:00", 0, None, 0),
        (NEW_YORK, "2026-10-31 23:59", "2026-11-01 01:00", 1, 1, 0),
    ],
)
def test_days_and_hours_are_those_of_local_clocks_in_a_night_they_change(
    zone: ZoneInfo, before: str, after: str, fold: int, gap: int | None, daypart: int
) -> None:
    as_of = local(zone, after, fold=fold)
    orders = order(1, local(zone, before)), order(2, as_of)
    row = known(*orders, as_of=as_of, zone=zone.key)
    assert part(row, "orders", "last_gap", "daypart") == (2, gap, daypart)


def test_midnight_is_where_the_business_is() -> None:
    before, after = shanghai("2026-05-31 23:59:59"), shanghai("2026-06-01 00:00")
    there = known(order(1, before), order(2, after))
    assert part(there, "order_days", "last_gap", "weekday") == (2, 1, 1)
    elsewhere = known(order(1, before), order(2, after), zone="Pacific/Kiritimati")
    assert part(elsewhere, "order_days", "last_gap") == (1, None)


def test_merged_persons_are_one_and_unmerged_ones_as_before() -> None:
    mine = tuple(order(n, NOON - timedelta(days=14 * n)) for n in range(3))
    yours = tuple(order(10 + n, NOON - timedelta(days=14 * n + 7)) for n in range(3))
    lives = [Life(1, orders=mine), Life(2, orders=yours)]
    apart = facts(histories(lives), NOON, SHOP, Policy())
    merged = [Life(1, orders=mine + yours), Life(2)]
    one, nobody = facts(histories(merged), NOON, SHOP, Policy()).to_dicts()
    assert part(one, "orders", "gap_median", "gap_spread") == (6, 7, 0)
    assert nobody == {**known(), "person_id": 2}
    assert one == known(*mine, *yours)
    assert apart.to_dicts() == [known(*mine), {**known(*yours), "person_id": 2}]


def test_five_families_are_favourites_the_first_by_name_among_equals() -> None:
    lines = tuple(Line(key, key, key, 1, 5) for key in ("茶", "é", "a", "b", "Z", "𝒙", "ﬀ"))
    row = known(*(order(n, NOON - timedelta(days=n), lines=lines[:: 1 - 2 * n]) for n in (0, 1)))
    assert [family["family"] for family in row["families"]] == ["Z", "a", "b", "é", "茶"]
    assert part(row, "staple_key", "staple_days") == ("Z", 2)


def test_money_decides_between_families_bought_on_as_many_days() -> None:
    lines = tuple(Line(key, key, key, 1, n) for n, key in enumerate("abcdefg"))
    row = known(*(order(n, NOON - timedelta(days=n), lines=lines) for n in range(2)))
    assert [family["family"] for family in row["families"]] == ["g", "f", "e", "d", "c"]
    assert row["staple_key"] == "g"


def test_the_last_of_two_orders_of_one_second_is_the_evidence() -> None:
    orders = [order(n, NOON, lines=(LATTE,)) for n in (12, 9, 10)]
    (family,) = known(order(1, NOON - timedelta(days=1)), *orders)["families"]
    assert family["event"] == "shop:o12"


def test_an_order_without_lines_is_an_order() -> None:
    row = known(order(1, NOON, lines=()))
    assert part(row, "orders", "units", "spent", "unit_price") == (1, 0, 120_000, None)
    assert part(row, "basket_units", "staple_key", "staple_days") == (0, None, 0)


def test_money_of_any_size_is_exact() -> None:
    most = 10**16 + 1
    row = known(order(1, NOON, paid=most), order(2, NOON, paid=most), order(3, NOON, paid=1))
    assert part(row, "spent", "basket", "largest") == (2 * most + 1, most, most)


def test_a_cart_counts_as_left_when_its_order_comes_on_a_day_after_those_given() -> None:
    cart = Event("cart", shanghai("2026-05-20 00:01"), None, "shop", "e1")
    for came, left in (("2026-05-23 23:59", 0), ("2026-05-24 00:00", 1)):
        row = known(order(1, shanghai(came)), events=(cart,))
        assert part(row, "carts_left", "open_cart_at", "cart_orders") == (left, None, 1)


def test_what_is_used_up_or_over_is_nothing_to_redeem() -> None:
    benefits = (
        Benefit("coupon", 0, None, None),
        Benefit("coupon", 1, None, NOON),
        Benefit("coupon", 1, NOON, NOON + timedelta(hours=12)),
        Benefit("coupon", None, None, None),
        Benefit("points", 70, None, None),
        Benefit("points", 9, NOON + timedelta(days=2), None),
    )
    row = known(benefits=benefits)
    assert part(row, "coupons", "points", "benefits_change_on") == (2, 70, date(2026, 6, 2))


def test_silence_is_counted_from_the_last_answer() -> None:
    told = [False, True, None, False, False, True]
    touches = tuple(Touch(NOON + timedelta(days=n - 4), one) for n, one in enumerate(told))
    row = known(touches=touches)
    assert part(row, "touches", "answered", "unanswered") == (5, 1, 2)
    assert row["last_touch_at"] == NOON
    together = Touch(NOON, answered=True), Touch(NOON, answered=False)
    assert known(touches=together)["unanswered"] == 0


def test_a_complaint_is_answered_by_whoever_spoke_to_the_member_after_the_last() -> None:
    kinds = ["staff_contact", "complaint", "staff_contact", "complaint"]
    events = [Event(kind, NOON + timedelta(n), None, "s", f"{n}") for n, kind in enumerate(kinds)]
    later = NOON + timedelta(days=9)
    events.append(Event("staff_contact", events[3].at, None, "s", "who took it down"))
    answer = Event("staff_contact", later, None, "s", "9")
    names = "complaint_at", "complaint_answered_at"
    unanswered = known(events=tuple(events), as_of=later)
    assert part(unanswered, *names) == (events[3].at, None)
    answered = known(events=(*events, answer), as_of=later)
    assert part(answered, *names) == (events[3].at, later)
