"""The `[contract]` section: how much the data contract bears before it is broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.enums import Entity
from schemas.section import Section
from schemas.sources.base import Currency

Severity = Literal["row", "set"]
"""What a broken rule costs: the row, which waits in quarantine, or the whole window."""


class RuleTerms(Section):
    """What one rule is held to; what is not said is as declared for all."""

    mostly: float | None = Field(default=None, ge=0, le=1)
    severity: Severity | None = None


class DriftTerms(Section):
    """
    When a business date is unlike recent ones.

    A day is held against the same weekday of the last `days` once there are `least_weekdays` of
    it, else against all of them once there are `least_days`. Counts and means may be `factor`
    times more or less than usual, shares differ by `share`; both more where recent days spread
    more, `spreads` robust deviations of them. A count may rise by `least_rows` in any case, and
    shares and means of fewer rows say nothing.
    """

    days: int = Field(default=56, ge=7, le=366)
    least_days: int = Field(default=14, ge=3)
    least_weekdays: int = Field(default=4, ge=3)
    factor: float = Field(default=4.0, gt=1)
    share: float = Field(default=0.2, gt=0, le=1)
    spreads: float = Field(default=6.0, ge=1)
    least_rows: int = Field(default=100, ge=1)


class Contract(Section):
    """
    The terms of the data contract.

    A window passes while `mostly` of its rows keep each rule; up to `forgiven` bad rows are
    quarantined without it. A rule of severity "set" forgives none unless its own `mostly` does.
    `began` is the first day of the business. Without `currencies` orders come in the currency the
    source has published so far. The last `documents_kept` windows of an entity are documented.
    """

    mostly: float = Field(default=0.95, ge=0, le=1)
    forgiven: int = Field(default=10, ge=0)
    rules: Mapping[Entity, Mapping[str, RuleTerms]] = Field(default_factory=dict)
    began: date | None = None
    currencies: tuple[Currency, ...] = ()
    max_age_hours: int = Field(default=26, ge=1)
    drift: DriftTerms = DriftTerms()
    documents_kept: int = Field(default=20, ge=1, le=500)

    def severity(self, entity: Entity, rule: str, declared: Severity) -> Severity:
        """Return what a broken rule costs."""
        return self._told(entity, rule).severity or declared

    def mostly_of(self, entity: Entity, rule: str, declared: Severity) -> float:
        """Return which share of the rows must keep a rule."""
        told = self._told(entity, rule).mostly
        if told is not None:
            return told
        return 1.0 if self.severity(entity, rule, declared) == "set" else self.mostly

    def bears(self, entity: Entity, rule: str, declared: Severity, bad: int, rows: int) -> bool:
        """Tell whether a window of `rows` passes with so many bad ones."""
        mostly = Decimal(str(self.mostly_of(entity, rule, declared)))
        forgiven = self.forgiven if self.severity(entity, rule, declared) == "row" else 0
        return bad <= forgiven or bad <= (1 - mostly) * rows

    def _told(self, entity: Entity, rule: str) -> RuleTerms:
        return self.rules.get(entity, {}).get(rule, _AS_DECLARED)


_AS_DECLARED = RuleTerms()


@dataclass(frozen=True)
class Terms:
    """
    What rules need to know of the business: of orders, benefits and stores of one source.

    `began` is an instant; `stores` tells whether the source yields stores, so that a store key
    can be held against them.
    """

    began: str | None = None
    currencies: tuple[str, ...] = ()
    stores: bool = False
