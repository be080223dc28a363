"""
What makes a staged row unfit, as SQL that is true of bad rows.

Each rule has its Great Expectations counterpart of the same name in tasks/expectations; the two
must count alike, or the window does not pass.
"""

from collections.abc import Callable, Mapping

from schemas.contract import Terms
from schemas.enums import Entity
from schemas.limits import (
    BENEFITS,
    CENT,
    EVENTS,
    MAX_PRICE,
    MAX_QUANTITY,
    MAX_REMAINING,
    MAX_TOTAL,
    STATUSES,
)
from store.predicates import (
    CURRENCY_CODE,
    FIRST_CURRENCY,
    PHONE,
    READABLE,
    SHARED_ID,
    USUAL_CURRENCY,
    ZONE,
    RowRule,
    begun,
    currency_expected,
    known,
    of_orders,
    one_of,
    past,
    present,
    store_known,
    unique,
    within,
)

KEYS: Mapping[Entity, tuple[str, ...]] = {
    Entity.STORE: ("key",),
    Entity.EMPLOYEE: ("key",),
    Entity.PRODUCT: ("key",),
    Entity.MEMBER: ("key",),
    Entity.ORDER_LINE: ("order_key", "ordinal"),
    Entity.BENEFIT: ("key",),
    Entity.MEMBER_EVENT: ("key",),
    Entity.CONTACT: ("channel", "address", "employee_id"),
}
"""What a source calls one thing by; together with the source's name it is the natural key."""

UNITS: Mapping[Entity, tuple[str, ...]] = {**KEYS, Entity.ORDER_LINE: ("order_key",)}
"""What comes in or stays out as a whole: an order with half its lines would tell a lie."""

MENDED = "mended"
"""The rule under which a quarantined row waits that somebody has mended by hand."""

COMPANION = "order_whole"
"""The rule under which good rows wait for the bad ones of the same unit."""

_NO_TERMS = Terms()
_MEMBER_KNOWN = known("member_known", "member_key", "member", of=":members")

ONE_UNIONID = RowRule(
    "one_unionid",
    "phone_hash",
    "s.phone_hash IN (SELECT k.phone_hash FROM (SELECT t.phone_hash, t.unionid FROM {table} t"
    " WHERE t.unionid IS NOT NULL UNION ALL SELECT m.phone_hash, m.unionid FROM member m"
    " WHERE m.unionid IS NOT NULL AND m.phone_hash IN"
    " (SELECT t.phone_hash FROM {table} t WHERE t.phone_hash IS NOT NULL)"
    " AND NOT (m.source = :source AND EXISTS (SELECT 1 FROM {table} t WHERE t.key = m.key)))"
    " k GROUP BY k.phone_hash HAVING min(k.unionid) <> max(k.unionid))",
)
"""
A phone has one unionid, among what is staged and all that is published of any source.

What a staged member was before does not count, as this row replaces it.
"""


def _stores(_: Terms) -> tuple[RowRule, ...]:
    return present("key"), present("name"), unique("key"), ZONE, READABLE


def _employees(terms: Terms) -> tuple[RowRule, ...]:
    return present("key"), unique("key"), store_known(terms), READABLE


def _products(_: Terms) -> tuple[RowRule, ...]:
    stock = within("stock", 0, MAX_REMAINING)
    return present("key"), present("name"), unique("key"), stock, READABLE


def _members(terms: Terms) -> tuple[RowRule, ...]:
    return (
        present("key"),
        present("consent"),
        RowRule("consent_dated", "consent_at", "s.consent AND s.consent_at IS NULL"),
        past("joined_at"),
        begun("joined_at", terms),
        past("consent_at"),
        begun("consent_at", terms),
        unique("key"),
        PHONE,
        SHARED_ID,
        ONE_UNIONID,
        ZONE,
        READABLE,
    )


_TOLD_TWICE = "o.least_total <> o.most_total OR o.least_discount <> o.most_discount"
_LEFT_OVER = "abs(o.goods - coalesce(o.most_discount, 0) - o.most_total)"


def _order_lines(terms: Terms) -> tuple[RowRule, ...]:
    return (
        *(present(column) for column in ("order_key", "ordinal", "member_key", "ordered_at")),
        *(present(column) for column in ("product_key", "quantity", "unit_price")),
        past("ordered_at"),
        begun("ordered_at", terms),
        unique("order_key", "ordinal"),
        present("status"),
        one_of("status_known", "status", STATUSES),
        present("currency"),
        CURRENCY_CODE,
        currency_expected(
            terms, f"coalesce({USUAL_CURRENCY.format(source=':source')}, {FIRST_CURRENCY})"
        ),
        within("quantity", 1, MAX_QUANTITY),
        RowRule(
            "unit_price_range", "unit_price", f"s.unit_price <= 0 OR s.unit_price > {MAX_PRICE}"
        ),
        within("total", 0, MAX_TOTAL),
        _MEMBER_KNOWN,
        store_known(terms),
        of_orders("one_member", "member_key", "o.least_member <> o.most_member"),
        of_orders("one_currency", "currency", "o.least_currency <> o.most_currency"),
        of_orders("one_total", "total", _TOLD_TWICE),
        of_orders("total_sums", "total", f"{_LEFT_OVER} >= {CENT}"),
        # Less than nothing off is a surcharge, as when a clerk raised the price by hand.
        of_orders("discount_range", "discount", "o.most_off > o.goods"),
        READABLE,
    )


def _benefits(terms: Terms) -> tuple[RowRule, ...]:
    coupon, points = "s.kind = 'coupon'", "s.kind = 'points'"
    fit = f"coalesce(s.face_value > 0 AND s.face_value <= {MAX_PRICE}, false)"
    return (
        present("key"),
        present("kind"),
        present("name"),
        unique("key"),
        one_of("kind_known", "kind", BENEFITS),
        _MEMBER_KNOWN,
        RowRule("coupon_valued", "face_value", f"{coupon} AND NOT {fit}"),
        RowRule("coupon_currency", "currency", f"{coupon} AND s.currency IS NULL"),
        within("threshold", 0, MAX_PRICE),
        CURRENCY_CODE,
        currency_expected(terms, USUAL_CURRENCY.format(source=":source")),
        RowRule("points_counted", "remaining", f"{points} AND s.remaining IS NULL"),
        within("remaining", 0, MAX_REMAINING),
        RowRule("validity_ordered", "valid_until", "s.valid_from > s.valid_until"),
        READABLE,
    )


def _events(terms: Terms) -> tuple[RowRule, ...]:
    return (
        *(present(column) for column in ("key", "member_key", "kind", "at")),
        past("at"),
        begun("at", terms),
        unique("key"),
        one_of("kind_known", "kind", EVENTS),
        _MEMBER_KNOWN,
        READABLE,
    )


def _contacts(terms: Terms) -> tuple[RowRule, ...]:
    return (
        *(present(column) for column in ("channel", "address", "employee_id", "since")),
        past("since"),
        begun("since", terms),
        unique("channel", "address", "employee_id"),
        SHARED_ID,
        READABLE,
    )


_BY_ENTITY: Mapping[Entity, Callable[[Terms], tuple[RowRule, ...]]] = {
    Entity.STORE: _stores,
    Entity.EMPLOYEE: _employees,
    Entity.PRODUCT: _products,
    Entity.MEMBER: _members,
    Entity.ORDER_LINE: _order_lines,
    Entity.BENEFIT: _benefits,
    Entity.MEMBER_EVENT: _events,
    Entity.CONTACT: _contacts,
}


def row_rules(entity: Entity, terms: Terms = _NO_TERMS) -> tuple[RowRule, ...]:
    """Return the rules of an entity; the terms fill in their bounds, never which there are."""
    return _BY_ENTITY[entity](terms)


ROW_RULES: Mapping[Entity, tuple[RowRule, ...]] = {entity: row_rules(entity) for entity in Entity}
"""The rules of every entity for a business of which nothing is said."""

_CAME = (
    "EXISTS (SELECT 1 FROM {table} t WHERE t.source = {of}"
    " AND t.key = {{row}}.content->>'{column}')"
)
MENDS: Mapping[str, str] = {
    "member_known": _CAME.format(table="member", column="member_key", of=":members"),
    "store_known": _CAME.format(table="store", column="store_key", of=":source"),
}
"""Rules whose reason may go by itself: what is true of a quarantined row, {row}, by then."""
