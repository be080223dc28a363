"""Any shop with a JSON interface, described in runwu.toml alone."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.enums import Entity
from schemas.incoming import COLUMNS
from schemas.section import Section, Words, Zone
from schemas.sources.base import ApiSection
from schemas.sources.rest_calls import (
    Auth,
    Expression,
    FieldName,
    HeaderName,
    HeaderText,
    NoAuth,
    OnePage,
    Paging,
    Path,
    Sent,
    TimeFormat,
    WindowParams,
)

PHONE = "phone"
"""A member's number as the shop writes it: mapped like a column, and only its hash goes on."""

_OWN = {"ordinal", "phone_hash", "defects"}  # ours to fill, never mapped
_REQUIRED: Mapping[Entity, tuple[str, ...]] = {
    Entity.STORE: ("key", "name"),
    Entity.EMPLOYEE: ("key",),
    Entity.PRODUCT: ("key", "name"),
    Entity.MEMBER: ("key", "consent"),
    Entity.ORDER_LINE: (
        *("order_key", "member_key", "ordered_at", "status", "currency"),
        *("product_key", "quantity", "unit_price"),
    ),
    Entity.BENEFIT: ("key", "kind", "name"),
    Entity.MEMBER_EVENT: ("key", "member_key", "kind", "at"),
}


RuleName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
Constant = str | bool | int


class RecordRule(Section):
    """Records a source declares to be none of our business: those where `when` is true."""

    rule: RuleName
    when: Expression


class RestEntity(Section):
    """
    How to ask for one kind of record, and how to read it.

    `params` are sent along: in the query, or with POST in a JSON body. `records` finds the list in
    an answer. `columns` maps our columns to expressions, `constants` to a value all records share;
    `values` translates what an expression finds, by column. Amounts are in units of
    10 ** -`amount_scale`. Without `window` all is read every time; `changed_at` then selects here.
    """

    path: Path
    method: Literal["GET", "POST"] = "GET"
    params: dict[FieldName, Sent] = Field(default_factory=dict)
    records: Expression = "@"
    paging: Paging = OnePage()
    window: WindowParams | None = None
    changed_at: Expression | None = None
    columns: dict[str, Expression]
    constants: dict[str, Constant] = Field(default_factory=dict)
    values: dict[str, dict[str, Constant]] = Field(default_factory=dict)
    drop: tuple[RecordRule, ...] = ()
    times: TimeFormat = "iso8601"
    amount_scale: int = Field(default=0, ge=0, le=6)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.window is not None and self.changed_at is not None:
            raise ValueError("leave changed_at out: window selects already")
        if self.method == "POST" and self.paging.kind == "link":
            raise ValueError('links are followed with GET; set method = "GET"')
        return self

    @property
    def mapped(self) -> Mapping[str, Expression]:
        """All columns that are read from a record or a part of it."""
        return self.columns


class RestOrders(RestEntity):
    """
    Orders: `lines` finds the lines within an order's record, `line_columns` maps what they tell.

    A line's ordinal is its place in that list, so lines that are dropped leave gaps, not shifts.
    """

    lines: Expression
    line_columns: dict[str, Expression]
    line_drop: tuple[RecordRule, ...] = ()

    @property
    def mapped(self) -> Mapping[str, Expression]:
        """All columns that are read from an order or a line."""
        return {**self.columns, **self.line_columns}

    @model_validator(mode="after")
    def _once(self) -> Self:
        if twice := sorted(set(self.columns) & set(self.line_columns)):
            raise ValueError(f"{twice[0]!r} is in columns and line_columns; keep one of them")
        return self


class RestEntities(Section):
    """What the source has."""

    store: RestEntity | None = None
    employee: RestEntity | None = None
    product: RestEntity | None = None
    member: RestEntity | None = None
    order_line: RestOrders | None = None
    benefit: RestEntity | None = None
    member_event: RestEntity | None = None

    @property
    def declared(self) -> dict[Entity, RestEntity]:
        """The entities there are, in the order of publication."""
        found = {entity: getattr(self, entity, None) for entity in Entity}
        return {entity: settings for entity, settings in found.items() if settings is not None}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.declared:
            raise ValueError(f"declare at least one of {', '.join(type(self).model_fields)}")
        for entity, settings in self.declared.items():
            _check_columns(entity, settings)
        return self


def _check_columns(entity: Entity, settings: RestEntity) -> None:
    mapped, constant = settings.mapped, settings.constants
    known = [column for column in COLUMNS[entity] if column not in _OWN]
    known += [PHONE] if entity is Entity.MEMBER else []
    _refuse(
        [column for column in (*mapped, *constant) if column not in known],
        f"{entity}.columns: {{}} is no column of ours; known are {', '.join(known)}",
    )
    _refuse(set(mapped) & set(constant), f"{entity}.constants: {{}} is in columns too; keep one")
    _refuse(
        set(settings.values) - (set(mapped) - {PHONE}),
        f"{entity}.values: {{}} is not among the columns, so there is nothing to translate",
    )
    _refuse(
        [column for column in _REQUIRED[entity] if column not in {*mapped, *constant}],
        f"{entity}.columns lacks {{}}; say by which JMESPath expression a record tells it",
    )


def _refuse(columns: Iterable[str], why: str) -> None:
    if bad := sorted(columns):
        raise ValueError(why.format(repr(bad[0])))


class RestSource(ApiSection):
    """
    A shop with a JSON interface of its own.

    `timezone` is the zone of times told without one; unset, such a time is a defect. `busy` is
    true of an answer of status 200 that only asks us to come again.
    """

    type: Literal["rest"]
    base_url: Words
    timezone: Zone | None = None
    headers: dict[HeaderName, HeaderText] = Field(default_factory=dict)
    auth: Auth = NoAuth()
    busy: Expression | None = None
    entities: RestEntities

    @model_validator(mode="after")
    def _no_secrets(self) -> Self:
        if any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("headers must hold no secret; declare auth, whose token is a variable")
        return self
