"""What all buyers of a shop together teach about each of them, and when to learn anew."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from math import log, sqrt
from typing import Any, Self

import polars as pl

from rules.bgnbd import BgNbd, Groups, expected_after, fit
from rules.cadence import PopulationRhythm, population_rhythm
from rules.segments.cuts import cuts_of, cuts_version
from schemas.policy import Policy
from schemas.segments import Cuts

NEEDS = (
    *("order_days", "first_on", "last_on", "last_gap", "gap_median", "gap_spread"),
    *("worth", "unit_price", "basket_units"),
)
"""The facts that a population is learned from."""

_NOISE = 3.0
"""Standard deviations by which orders may miss what was expected without any reason."""

_PRIOR_ORDERS = 50.0
"""How many orders' worth of belief there is that a season is like all that went before."""


@dataclass(frozen=True)
class Population:
    """
    The buyers' model, their rhythm and where they divide, frozen until drift asks for more.

    `bgnbd` and `rhythm` are None where there is too little to learn from, which `why` says.
    `cut_under` is the version of the policy's shares that `cuts` were taken by.
    `season` is how many days of ordinary buying a day of this season brings.
    """

    bgnbd: BgNbd | None = None
    rhythm: PopulationRhythm | None = None
    cuts: Cuts = field(default_factory=Cuts)
    cut_under: str = ""
    season: float = 1.0
    why: str = "nobody has ordered yet"

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """Return what was stored."""
        return cls(
            BgNbd(**told["bgnbd"]) if told["bgnbd"] else None,
            PopulationRhythm(**told["rhythm"]) if told["rhythm"] else None,
            Cuts(**told["cuts"]),
            told["cut_under"],
            told["season"],
            told["why"],
        )


@dataclass(frozen=True)
class Lesson:
    """A population learned up to a day, and the groups its model was fitted on."""

    upto: date
    population: Population
    groups: Groups


@dataclass(frozen=True)
class Season:
    """What a closed window of days brought, beside what the model expected of it."""

    expected: float
    observed: int

    @property
    def factor(self) -> float:
        """Return how many days of ordinary buying one of its days brought."""
        return (self.observed + _PRIOR_ORDERS) / (self.expected + _PRIOR_ORDERS)

    def is_drift(self, policy: Policy) -> bool:
        """
        Tell whether the model misses by more than chance and more than the policy puts up with.

        Orders of many buyers are counts, so chance strays by the square root of what is expected.
        """
        missed = abs(self.observed - self.expected) > _NOISE * sqrt(max(self.expected, 1.0))
        return missed and abs(log(self.factor)) > log(policy.population.drift_ratio)


def learn(facts: pl.DataFrame, upto: date, policy: Policy) -> Lesson:
    """
    Return what the NEEDS of all persons teach as of a day.

    A model needs a history: repeat buyers and days as the policy says (prediction.md). Without one
    there is the rhythm alone, where there are gaps to take it from.
    """
    terms = policy.population
    buyers = facts.filter(pl.col("order_days") > 0)
    groups = Groups.of(buyers, upto)
    repeat = int((buyers["order_days"] > 1).sum())
    first = buyers["first_on"].min()
    days = (upto - first).days if isinstance(first, date) else 0
    enough = repeat >= terms.repeat_buyers and days >= terms.history_days
    found = f"{repeat} repeat buyers in {days} days"
    why = found
    if not enough:
        why = f"{found}; a model needs {terms.repeat_buyers} in {terms.history_days}"
    population = Population(
        bgnbd=fit(groups) if enough else None, rhythm=population_rhythm(buyers), why=why
    )
    return Lesson(upto, cut_anew(population, facts, upto, policy), groups)


def cut_anew(
    population: Population, facts: pl.DataFrame, today: date, policy: Policy
) -> Population:
    """Return the population with the cuts that the NEEDS of all persons make on a day."""
    shares = policy.segments
    cuts = cuts_of(facts, today, shares)
    return replace(population, cuts=cuts, cut_under=cuts_version(shares))


def is_cut_by(population: Population, policy: Policy) -> bool:
    """Tell whether the cuts are still those that the policy's shares ask for."""
    return population.cut_under == cuts_version(policy.segments)


def closed(groups: Groups, model: BgNbd, since: int, until: int, observed: int) -> Season:
    """
    Return what a window brought, told in days after the one up to which `groups` were made.

    Where refunds and merges took back more order days than came, it brought none.
    """
    expected = expected_after(groups, model, until) - expected_after(groups, model, since)
    return Season(expected, max(observed, 0))


def in_season(population: Population, season: Season) -> Population:
    """Return the population in a season, told to a hundredth."""
    return replace(population, season=round(season.factor, 2))
