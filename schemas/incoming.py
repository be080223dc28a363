"""The shapes in which sources hand over what they read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.enums import Entity
from schemas.tables import (
    StagedBenefit,
    StagedContact,
    StagedEmployee,
    StagedMember,
    StagedMemberEvent,
    StagedOrderLine,
    StagedProduct,
    StagedStore,
)
from schemas.tables.staged import Staged

Row = tuple[Any, ...]

STAGED: Mapping[Entity, type[Staged]] = {
    Entity.STORE: StagedStore,
    Entity.EMPLOYEE: StagedEmployee,
    Entity.PRODUCT: StagedProduct,
    Entity.MEMBER: StagedMember,
    Entity.ORDER_LINE: StagedOrderLine,
    Entity.BENEFIT: StagedBenefit,
    Entity.MEMBER_EVENT: StagedMemberEvent,
    Entity.CONTACT: StagedContact,
}

"""The shape of a staged row, by entity."""

COLUMNS: Mapping[Entity, tuple[str, ...]] = {
    entity: tuple(name for name in model.model_fields if name not in Staged.model_fields)
    for entity, model in STAGED.items()
}
"""The columns of a staged row, in the order in which a source yields their values."""


@dataclass(frozen=True)
class Window:
    """A closed span of a source's time: `since` (None: from the beginning) <= t < `until`."""

    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class Page:
    """
    What one read brought.

    `rows` follow COLUMNS; `pulled` counts everything read, `dropped` what declared rules put
    aside, by rule: pulled = len(rows) + sum(dropped). A value that could not be read is None in
    its column and told in `defects` as "column: value", several joined by "; ".

    `cursor` is where reading goes on behind this page, in the source's own terms; None where it
    could only begin anew.
    """

    rows: list[Row]
    pulled: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    cursor: str | None = None


def staged_row(entity: Entity, values: Mapping[str, Any], defects: str | None) -> Row:
    """Return a row in the order of COLUMNS; a column that `values` does not name is null."""
    row = tuple(values.get(column) for column in COLUMNS[entity][:-1])
    return (*row, defects)


def rehearsal_unionid(source: str, key: str) -> str:
    """Return the made-up unionid by which the sandbox adopts a public log's customer."""
    return f"{source}:{key}"


def key_text(value: object) -> str:
    """Return a key as text; a whole number that a file stores as a float loses its ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
