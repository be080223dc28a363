"""The thresholds of the segments and of the evidence behind them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.dimensions import KocSign
from schemas.section import Section, Words

LIKES = "likes"
"""The trait whose values are favourite product families."""

TRAVELS = "travels"
"""The trait of buying in another city, on weekdays or at weekends."""

Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Several = Annotated[int, Field(ge=2)]
Days = Annotated[int, Field(ge=1, le=3_650)]


class DeclaredTrait(Section):
    """
    A trait that a business reads from what is bought, e.g. a child in the family from nappies.

    It holds for `keep_days` after the latest order, once such products were bought on `days` days.
    `families` are whole names, `products` parts of product names; case does not matter in either.
    """

    name: Annotated[Words, Field(pattern=r"^[^:]+$")]
    value: Words
    families: tuple[Words, ...] = ()
    products: tuple[Words, ...] = ()
    days: Several = 2
    keep_days: Days = 365

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if self.name in (LIKES, TRAVELS):
            raise ValueError(f"the trait {self.name!r} is inferred already; choose another name")
        if not self.families and not self.products:
            raise ValueError(f"the trait {self.name!r} needs `families` or `products`")
        return self


class SegmentPolicy(Section):
    """
    Every threshold of the segments, in days, distinct days, orders or shares.

    No source gives numbers for these (domain.md); the defaults are runwu's own and careful: nobody
    is put anywhere on the evidence of a single order.
    """

    half_life_days: Days = 180
    super_user_share: Share = 0.01
    top_share: Share = 0.05
    valued_share: Share = 0.2

    shopper_days: Several = 3
    active_share: Share = 0.2
    active_days: Days = 90
    batch_share: Share = 0.2
    batch_units: float = Field(default=5, gt=1)
    price_share: float = Field(default=0.2, gt=0, le=0.5)
    free_shipping_from: Annotated[Decimal, Field(gt=0, decimal_places=4)] | None = None
    hunter_margin: Share = 0.1
    hunter_share: Share = 0.5
    points_kept: Count = 1_000
    cart_days: Days = 3
    carts_left: Several = 2
    carts_left_share: Share = 0.5
    cart_orders: Several = 3
    impatient_hours: float = Field(default=1, gt=0)
    deliberate_hours: float = Field(default=72, gt=0)

    price_repeats: Several = 3
    price_bound_share: Share = 0.9
    attached_share: float = Field(default=0.2, ge=0, lt=1)

    koc_order_days: Several = 3
    koc_referrals: Count = 1
    koc_voices: Count = 2
    koc_staff_contacts: Count = 2
    koc_signs: int = Field(default=3, ge=1, le=len(KocSign))
    koc_required: tuple[KocSign, ...] = (KocSign.BUYS_AGAIN,)

    silent_touches: Count = 3
    silent_order_days: Several = 2
    silent_days: Days = 60
    silent_cycles: float = Field(default=2, ge=1, le=10)

    taste_days: Several = 3
    taste_share: Share = 0.3
    travel_days: Several = 2
    trait_days: Days = 180
    traits: tuple[DeclaredTrait, ...] = ()

    likely_share: Share = 0.5
    likely_days: Days = 30

    complaint_days: Days = 14

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if not self.super_user_share < self.top_share < self.valued_share:
            raise ValueError(
                "each value tier holds the one above it; "
                "let `super_user_share` < `top_share` < `valued_share`"
            )
        if self.impatient_hours >= self.deliberate_hours:
            raise ValueError(
                "nobody is impatient and deliberate; let `impatient_hours` < `deliberate_hours`"
            )
        if self.attached_share >= self.price_bound_share:
            raise ValueError(
                "nobody is attached and price-bound; let `attached_share` < `price_bound_share`"
            )
        _each_once("koc_required", self.koc_required)
        if self.koc_signs < len(self.koc_required):
            raise ValueError(
                f"`koc_required` names {len(self.koc_required)} signs; "
                f"`koc_signs` = {self.koc_signs} asks for fewer"
            )
        _each_once("traits", [f"{trait.name}:{trait.value}" for trait in self.traits])
        return self


@dataclass(frozen=True)
class Cuts:
    """
    Where a shop's own members divide, frozen when its population is fitted; None is unknown.

    `super_user`, `top` and `valued` are the least decayed money of each value tier, `unit_price_*`
    bound the cheapest and dearest buyers; both in main units. `order_rate` is the least of frequent
    buyers in order days per 30 days, `basket_units` the least units per order of large baskets.
    Raises ValueError if a cut is no positive number, or cuts are out of order.
    """

    super_user: float | None = None
    top: float | None = None
    valued: float | None = None
    unit_price_low: float | None = None
    unit_price_high: float | None = None
    order_rate: float | None = None
    basket_units: float | None = None

    def __post_init__(self) -> None:
        for name, cut in vars(self).items():
            if cut is not None and not (math.isfinite(cut) and cut > 0):
                raise ValueError(f"a cut is a positive number, and `{name}` is {cut}")
        tiers = [cut for cut in (self.valued, self.top, self.super_user) if cut is not None]
        if tiers != sorted(tiers):
            raise ValueError(f"a higher value tier asks for more, not less: {tiers}")
        low, high = self.unit_price_low, self.unit_price_high
        if low is not None and high is not None and low >= high:
            raise ValueError(f"nobody buys cheap at {low} and dear at {high}")


def _each_once(name: str, values: Sequence[str]) -> None:
    twice = sorted({f"'{value}'" for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"`{name}` has {', '.join(twice)} more than once")
