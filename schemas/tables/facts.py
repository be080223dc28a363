"""What is known of a person, kept up to date from changes only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlmodel import Field

from schemas.dimensions import Dimension
from schemas.tables.columns import Money, Table, instant, money, word

# What follows from other tables refers to no person by a foreign key: a rebuild writes millions of
# rows, the key's check would cost as much as they do, and nothing is promised by it. Who is gone
# is forgotten by the refresh.


class StalePerson(Table, table=True):
    """A person something happened to since the facts were last refreshed."""

    person_id: int = Field(foreign_key="person.id", primary_key=True, sa_type=BigInteger)


class PersonFacts(Table, table=True):
    """
    One row per person of aggregates over the paid orders, the events, benefits and messages.

    What each column means, and how it is made, is said in rules/facts.py. Days are local dates of
    the business, gaps are days between distinct order days. `families` and `tags` are lists of
    objects: how each favourite product family is bought, and what was inferred, on what evidence.
    """

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    orders: int = 0
    refunds: int = 0
    order_days: int = 0
    units: int = Field(default=0, sa_type=BigInteger)
    spent: Money = money(default=0)
    first_order_at: datetime | None = instant(default=None)
    last_order_at: datetime | None = instant(default=None)
    first_on: date | None = None
    last_on: date | None = None
    last_gap: int | None = None
    gap_median: float | None = None
    gap_spread: float | None = None
    prior_median: float | None = None
    prior_spread: float | None = None
    regularity: float = 0
    worth: float = 0
    basket: Money | None = money(default=None)
    largest: Money | None = money(default=None)
    basket_units: float | None = None
    unit_price: float | None = None
    discount_told: int = 0
    discounted: int = 0
    repeats_told: int = 0
    repeats_discounted: int = 0
    over_threshold: int = 0
    store_key: str | None = None
    store_share: float | None = None
    channel: str | None = None
    channel_share: float | None = None
    city: str | None = None
    daypart: int | None = None
    daypart_share: float | None = None
    weekday: int | None = None
    weekday_share: float | None = None
    staple_key: str | None = None
    staple_name: str | None = None
    staple_days: int = 0
    families: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    tags: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    reviews: int = 0
    suggestions: int = 0
    referrals: int = 0
    staff_contacts: int = 0
    visits: int = 0
    saved_items: int = 0
    carts: int = 0
    carts_left: int = 0
    open_cart_at: datetime | None = instant(default=None)
    cart_hours: float | None = None
    cart_orders: int = 0
    complaint_at: datetime | None = instant(default=None)
    complaint_answered_at: datetime | None = instant(default=None)
    touches: int = 0
    answered: int = 0
    unanswered: int = 0
    last_touch_at: datetime | None = instant(default=None)
    points: int = Field(default=0, sa_type=BigInteger)
    coupons: int = 0
    benefits_change_on: date | None = None
    ahead_on: date | None = None


class Wheel(Table, table=True):
    """The next date on which time alone changes something of this kind for a person."""

    __table_args__ = (Index("ix_wheel_due", "due_on"),)

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = Field(primary_key=True)
    due_on: date
    version: str


class SegmentMembership(Table, table=True):
    """
    A named, evidenced state of a person; `until` is null while it lasts.

    `evidence` is kept as the text it came as, which is compared with what comes next.
    """

    __table_args__ = (
        Index(
            "uq_segment_open",
            "person_id",
            "dimension",
            "segment",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index(
            "ix_segment_open",
            "dimension",
            "segment",
            "since",
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_segment_ended", "until", postgresql_where=text("until IS NOT NULL")),
    )

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    dimension: Dimension = word(primary_key=True)
    segment: str = Field(primary_key=True)
    since: date = Field(primary_key=True)
    until: date | None = None
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class SegmentSize(Table, table=True):
    """How many persons are in a segment now; kept with every row that opens or ends."""

    dimension: Dimension = word(primary_key=True)
    segment: str = Field(primary_key=True)
    size: int


class Population(Table, table=True):
    """
    What all buyers together taught up to a day; the newest row is in force.

    `parameters` is rules.population.Population as JSON, and `groups` are what its model was fitted
    on, from which the orders to expect are told. `observed` counts the order days since then of
    those who were known already, `observed_at_close` those up to `closed_on`, the end of the last
    window that was held against what was expected.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    upto: date
    parameters: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    groups: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    closed_on: date
    observed: int = Field(default=0, sa_type=BigInteger)
    observed_at_close: int = Field(default=0, sa_type=BigInteger)


class Rebuild(Table, table=True):
    """
    What has to be made anew for everybody, and how far that has come.

    `subject` is "facts" or "segments", `version` what it is to conform to; all persons from
    `next_person` on are left to do, null when it is done. `as_of` is the latest instant as of which
    anything of the subject was made: at an earlier one nothing of it can be relied on.
    """

    subject: str = Field(primary_key=True)
    version: str
    next_person: int | None = Field(default=None, sa_type=BigInteger)
    as_of: datetime = instant()
