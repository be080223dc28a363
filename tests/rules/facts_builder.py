"""Facts frames for tests: every column is there, and what a test does not name says nothing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from schemas.facts_frame import FACTS

TODAY = date(2026, 3, 2)
"""A Monday."""

_COUNTS = (
    *("orders", "refunds", "order_days", "units", "spent", "discount_told", "discounted"),
    *("repeats_told", "repeats_discounted", "over_threshold", "staple_days", "reviews"),
    *("suggestions", "referrals", "staff_contacts", "visits", "saved_items", "carts"),
    *("carts_left", "cart_orders", "touches", "answered", "unanswered", "points", "coupons"),
)
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(FACTS),
    **dict.fromkeys(_COUNTS, 0),
    "person_id": 1,
    "regularity": 0.0,
    "worth": 0.0,
    "families": [],
    "tags": [],
}


def day(ago: int) -> date:
    """Return the day so many days before TODAY."""
    return TODAY - timedelta(days=ago)


def noon(on: date) -> datetime:
    """Return midday UTC, which is the same day in every zone that tests use."""
    return datetime(on.year, on.month, on.day, 12, tzinfo=UTC)


def facts(*people: Mapping[str, Any]) -> pl.DataFrame:
    """
    Return a facts frame of these people, each the facts that are not nothing.

    Raises KeyError for a fact that no frame has.
    """
    for person in people:
        if unknown := person.keys() - FACTS.keys():
            raise KeyError(*sorted(unknown))
    return pl.DataFrame([{**_NOTHING, **person} for person in people], schema=FACTS, orient="row")


def buyer(order_days: int = 5, last_ago: int = 10, every: int = 20, **known: Any) -> dict[str, Any]:
    """Return the facts of somebody who ordered once on each of some days, always so far apart."""
    last = day(last_ago)
    first = last - timedelta(days=every * (order_days - 1))
    repeats = order_days > 1
    return {
        "orders": order_days,
        "order_days": order_days,
        "first_on": first,
        "last_on": last,
        "first_order_at": noon(first),
        "last_order_at": noon(last),
        "last_gap": every if repeats else None,
        "gap_median": float(every) if repeats else None,
        "gap_spread": 0.0 if repeats else None,
        **known,
    }


def tag(trait: str = "likes", value: str = "latte", in_days: int = 30, **known: Any) -> Any:
    """Return a tag that expires so many days after TODAY."""
    whole = {"event": "shop:7", "confidence": 0.75, "expires_on": day(-in_days), **known}
    return {"trait": trait, "value": value, **whole}


_HOURS = st.integers(min_value=-24 * 300, max_value=0)
_OF_TYPE: dict[pl.DataType, st.SearchStrategy[Any]] = {
    pl.Int64(): st.integers(min_value=0, max_value=8),
    pl.Float64(): st.one_of(
        st.sampled_from([0.0, 0.5, 1.0, 2.0, 30.0, 64.0]),
        st.floats(min_value=0, max_value=500).map(lambda value: round(value, 4)),
    ),
    pl.Date(): st.integers(min_value=0, max_value=300).map(day),
    pl.Datetime("us", "UTC"): _HOURS.map(lambda hours: noon(TODAY) + timedelta(hours=hours)),
    pl.String(): st.sampled_from(["latte", "tea"]),
}


def _arbitrary_tag(values: Mapping[str, Any], expires_on: date | None) -> dict[str, Any]:
    return {**values, "expires_on": expires_on}


_TAGS = st.lists(
    st.builds(
        _arbitrary_tag,
        st.fixed_dictionaries(
            {
                "trait": st.sampled_from(["likes", "travels", None]),
                "value": st.sampled_from(["latte", "tea", None]),
                "event": st.sampled_from(["shop:1", None]),
                "confidence": st.sampled_from([0.5, None]),
            }
        ),
        st.none() | st.integers(min_value=-60, max_value=60).map(day),
    ),
    max_size=3,
    unique_by=lambda one: (one["trait"], one["value"]),
)


@st.composite
def arbitrary_people(draw: st.DrawFn, most: int = 6) -> list[dict[str, Any]]:
    """
    Draw people whose facts agree in nothing but their types, each fact null now and then.

    Days and instants lie within the 300 days before TODAY, expiries 60 days around it.
    """
    people = []
    for person_id in range(1, draw(st.integers(min_value=0, max_value=most)) + 1):
        person = {
            name: draw(st.none() | _OF_TYPE[kind])
            for name, kind in FACTS.items()
            if name not in ("person_id", "families", "tags")
        }
        people.append({**person, "person_id": person_id, "tags": draw(st.none() | _TAGS)})
    return people
