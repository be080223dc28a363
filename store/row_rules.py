"""
What makes a staged row unfit, as SQL that is true of bad rows.

Each rule has its Great Expectations counterpart of the same name in tasks/expectations.py; the
two must count alike, or the window does not pass. The predicates see the staging table as `s`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.enums import Entity
from schemas.limits import CURRENCY, MAX_PRICE, MAX_QUANTITY, STATUSES

TABLES: Mapping[Entity, str] = {
    Entity.MEMBER: "staged_member",
    Entity.ORDER_LINE: "staged_order_line",
    Entity.CONTACT: "staged_contact",
}


@dataclass(frozen=True)
class RowRule:
    """A named predicate over one staging table, and the column it is about."""

    name: str
    column: str
    bad: str


def _present(column: str) -> RowRule:
    return RowRule(f"{column}_present", column, f"s.{column} IS NULL")


def _past(column: str) -> RowRule:
    return RowRule(f"{column}_past", column, f"s.{column} > :as_of")


def _unique(table: str, *columns: str) -> RowRule:
    key = ", ".join(columns)
    some = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    twice = f"SELECT {key} FROM {table} WHERE {some} GROUP BY {key} HAVING count(*) > 1"
    mine = ", ".join(f"s.{column}" for column in columns)
    return RowRule(f"{columns[-1]}_unique", columns[-1], f"({mine}) IN ({twice})")


_READABLE = RowRule("readable", "defects", "s.defects IS NOT NULL")
_QUOTED = ", ".join(f"'{status}'" for status in STATUSES)

ROW_RULES: Mapping[Entity, tuple[RowRule, ...]] = {
    Entity.MEMBER: (
        _present("key"),
        _present("consent"),
        RowRule("consent_dated", "consent_at", "s.consent AND s.consent_at IS NULL"),
        _past("joined_at"),
        _past("consent_at"),
        _unique("staged_member", "key"),
        _READABLE,
    ),
    Entity.ORDER_LINE: (
        _present("order_key"),
        _present("ordinal"),
        _present("member_key"),
        _present("ordered_at"),
        _present("product_key"),
        _present("quantity"),
        _present("unit_price"),
        _past("ordered_at"),
        _unique("staged_order_line", "order_key", "ordinal"),
        RowRule("status_known", "status", f"s.status NOT IN ({_QUOTED})"),
        _present("status"),
        RowRule("currency_code", "currency", f"s.currency !~ '{CURRENCY}'"),
        _present("currency"),
        RowRule("quantity_range", "quantity", f"s.quantity NOT BETWEEN 1 AND {MAX_QUANTITY}"),
        RowRule(
            "unit_price_range", "unit_price", f"s.unit_price <= 0 OR s.unit_price > {MAX_PRICE}"
        ),
        RowRule(
            "member_known",
            "member_key",
            "s.member_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM member m "
            "WHERE m.source = :source AND m.key = s.member_key)",
        ),
        RowRule(
            "one_member",
            "member_key",
            "s.order_key IN (SELECT order_key FROM staged_order_line "
            "GROUP BY order_key HAVING count(DISTINCT member_key) > 1)",
        ),
        _READABLE,
    ),
    Entity.CONTACT: (
        _present("channel"),
        _present("address"),
        _present("employee_id"),
        _present("since"),
        _past("since"),
        _unique("staged_contact", "channel", "address", "employee_id"),
        _READABLE,
    ),
}
