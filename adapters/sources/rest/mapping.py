"""From an interface's records to staged rows, as the configuration maps them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adapters.phones import PhoneHash
from adapters.sources.rest.expressions import NotComputable, finding, true
from adapters.sources.rest.fields import Fields, kinds, optional
from adapters.sources.rest.times import moments
from adapters.values import Reading
from schemas.enums import Entity
from schemas.errors import ConfigurationError
from schemas.incoming import Row, Window, staged_row
from schemas.sources.rest import PHONE, RecordRule, RestEntity, RestOrders


@dataclass
class Mapped:
    """The rows of some records, and how many rows rules put aside."""

    rows: list[Row] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def pulled(self) -> int:
        """All rows there were."""
        return len(self.rows) + self.dropped.total()


class Rules:
    """The drop rules of records."""

    def __init__(self, rules: Sequence[RecordRule]) -> None:
        """Compile the rules; of several that are true the first one counts."""
        self._finds = {rule.rule: finding(rule.when) for rule in rules}

    def first(self, record: object) -> tuple[str | None, list[str]]:
        """Return the rule that drops a record, else None and the rules it cannot be asked."""
        unasked: list[str] = []
        for rule, find in self._finds.items() if isinstance(record, dict) else ():
            try:
                if true(find(record)):
                    return rule, []
            except NotComputable:
                unasked.append(rule)
        return None, unasked


class RecordMapping:
    """How records of an entity become rows. A record of whatever shape never raises."""

    def __init__(
        self,
        name: str,
        entity: Entity,
        settings: RestEntity,
        zone: str | None,
        phone_hash: PhoneHash | None,
    ) -> None:
        """Raise ConfigurationError if a constant does not fit its column."""
        self._entity = entity
        self._lines: OrderLines | None = None
        columns = {ours: told for ours, told in settings.columns.items() if ours != PHONE}
        self._fields = Fields(columns, settings, zone)
        self._phone = optional(settings.columns.get(PHONE))
        self._phone_hash = phone_hash
        self._rules = Rules(settings.drop)
        self._changed_at = optional(settings.changed_at)
        self._moment = moments(settings.times, zone)
        self._constants = _constants(f"sources.{name}.entities.{entity}", settings, zone)
        if isinstance(settings, RestOrders):
            self._lines = OrderLines(settings, zone)

    def map(self, records: Iterable[Any], window: Window) -> Mapped:
        """Return the rows of those records that are of the window, as far as they tell."""
        mapped = Mapped()
        for record in records:
            if self._outside(record, window):
                continue
            rule, unasked = self._rules.first(record)
            if rule is not None:
                mapped.dropped[rule] += self._lines.count(record) if self._lines else 1
                continue
            values, reading = self._fields.read(record, self._entity.value)
            for unread in unasked:
                reading.note(f"drop {unread}", "not what this rule is made for")
            values |= self._constants
            if self._lines:
                self._lines.add(mapped, record, values, reading)
            else:
                values |= self._hashed(record)
                mapped.rows.append(staged_row(self._entity, values, reading.defects()))
        return mapped

    def _outside(self, record: object, window: Window) -> bool:
        """Return whether a record tells that it did not change within the window."""
        if self._changed_at is None or not isinstance(record, dict):
            return False
        try:
            at = self._moment.validate_python(self._changed_at(record))
        except (NotComputable, ValidationError):
            return False
        return bool(at >= window.until or (window.since is not None and at < window.since))

    def _hashed(self, record: object) -> dict[str, str | None]:
        if self._phone is None or self._phone_hash is None or not isinstance(record, dict):
            return {}
        try:
            number = self._phone(record)
        except NotComputable:
            return {}
        written = isinstance(number, str | int) and not isinstance(number, bool)
        return {"phone_hash": self._phone_hash(str(number)) if written else None}


class OrderLines:
    """The lines within an order's record."""

    def __init__(self, settings: RestOrders, zone: str | None) -> None:
        """Read the lines where `settings` find them."""
        self._find = finding(settings.lines)
        self._fields = Fields(settings.line_columns, settings, zone)
        self._rules = Rules(settings.line_drop)

    def count(self, record: object) -> int:
        """Return how many rows an order gives; one without lines gives one."""
        lines = self._of(record)
        return len(lines) if isinstance(lines, list) and lines else 1

    def add(self, mapped: Mapped, record: object, told: dict[str, Any], order: Reading) -> None:
        """Add the rows of an order; one without lines gives one, with a defect."""
        lines = self._of(record)
        if not isinstance(lines, list) or not lines:
            order.note("lines", "none")
            mapped.rows.append(staged_row(Entity.ORDER_LINE, told, order.defects()))
            return
        for ordinal, line in enumerate(lines, 1):
            rule, unasked = self._rules.first(line)
            if rule is not None:
                mapped.dropped[rule] += 1
                continue
            values, reading = self._fields.read(line, "line")
            for unread in unasked:
                reading.note(f"line_drop {unread}", "not what this rule is made for")
            values = {**told, **values, "ordinal": ordinal}
            defects = order.defects(reading.defects())
            mapped.rows.append(staged_row(Entity.ORDER_LINE, values, defects))

    def _of(self, record: object) -> object:
        try:
            return self._find(record) if isinstance(record, dict) else None
        except NotComputable:
            return None


def _constants(where: str, settings: RestEntity, zone: str | None) -> dict[str, Any]:
    """Return the constants as their columns hold them: times in ISO 8601, amounts in full units."""
    known = kinds("iso8601", zone, 0)
    reading = Reading(settings.constants, "constants")
    values = {column: reading.take(column, known[column]) for column in settings.constants}
    if defects := reading.defects():
        raise ConfigurationError(f"{where}.constants can't be read: {defects}; mend that value")
    return values
