"""A window's suite: what its entity's rows are held to, and by which terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.contract import Contract, Terms
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from store.row_rules import row_rules
from tasks.expectations import belongings, orders, people
from tasks.expectations.bounds import Bounds

ROW_COUNT = "row_count"

_BY_ENTITY: Mapping[Entity, Callable[[Bounds], dict[str, Any]]] = {
    Entity.STORE: people.stores,
    Entity.EMPLOYEE: people.employees,
    Entity.PRODUCT: belongings.products,
    Entity.MEMBER: people.members,
    Entity.ORDER_LINE: orders.order_lines,
    Entity.BENEFIT: belongings.benefits,
    Entity.MEMBER_EVENT: belongings.member_events,
    Entity.CONTACT: people.contacts,
}


@dataclass(frozen=True)
class Suite:
    """What a window is judged by."""

    entity: Entity
    as_of: datetime
    terms: Terms
    contract: Contract
    first_load: bool = False


_NEVER_NONE = (Entity.MEMBER, Entity.ORDER_LINE, Entity.CONTACT)
"""What a business has some of from the beginning; none means that something else was read."""


def suite(told: Suite) -> dict[str, Any]:
    """
    Return the expectations of an entity by rule name.

    Great Expectations passes row-wise checks on an empty set, hence the row count; only a first
    load must bring rows, because a quiet quarter of an hour is no broken contract. Nor is it one
    that nobody was given a coupon yet, or that nothing happened to anybody.
    """
    from great_expectations import expectations as gxe

    made = _BY_ENTITY[told.entity](Bounds(told.as_of, told.terms))
    declared = {rule.name: rule.severity for rule in row_rules(told.entity, told.terms)}
    for rule, expectation in made.items():
        severity = told.contract.severity(told.entity, rule, declared.get(rule, "row"))
        expectation.mostly = told.contract.mostly_of(told.entity, rule, declared.get(rule, "row"))
        expectation.severity = "critical" if severity == "set" else "warning"
    made[ROW_COUNT] = gxe.ExpectTableRowCountToBeBetween(
        min_value=int(told.first_load and told.entity in _NEVER_NONE), severity="critical"
    )
    for rule, expectation in made.items():
        expectation.meta = {"rule": rule}
    return made


def require_known_rules(contract: Contract) -> None:
    """Raise ConfigurationError for terms of a rule that there is not."""
    for entity, told in contract.rules.items():
        known = sorted({ROW_COUNT, *(rule.name for rule in row_rules(entity))})
        for name in told:
            if name not in known:
                raise ConfigurationError(
                    f"contract.rules.{entity.value}.{name}: there is no such rule; "
                    f"{entity.value} has {', '.join(known)}"
                )
