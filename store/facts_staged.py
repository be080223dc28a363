"""
Staged rows with what Great Expectations cannot see in a row alone, as one query per entity.

How often a key comes, whether what it refers to is there, what an order's lines come to: put
beside each row once, these are bounds on columns, which Great Expectations bundles in one scan.
"""

from collections.abc import Callable, Mapping

from schemas.contract import Terms
from schemas.enums import Entity
from schemas.limits import PHONE_HASH_LENGTH, UNIONID_LENGTH
from store.predicates import FIRST_CURRENCY, USUAL_CURRENCY, ZONE_UNKNOWN, repeated
from store.row_rules import KEYS
from store.staging import Stage


def facts(stage: Stage, terms: Terms) -> str:
    """Return the query of an entity's staged rows and their facts."""
    columns, joins = _BY_ENTITY[stage.entity](stage, terms)
    key = repeated(KEYS[stage.entity]).replace("{table}", stage.table)
    told = ", ".join([f"({key})::int AS key_repeated", *columns])
    return f"SELECT s.*, {told} FROM {stage.table} s{' '.join(['', *joins])}"


_Parts = tuple[list[str], list[str]]


def _zone(_: Stage, __: Terms) -> _Parts:
    return [f"({ZONE_UNKNOWN})::int AS zone_unknown"], []


def _nothing(_: Stage, __: Terms) -> _Parts:
    return [], []


def _with_store(stage: Stage, terms: Terms) -> _Parts:
    if not terms.stores:
        return ["0 AS store_missing"], []
    return (
        ["(s.store_key IS NOT NULL AND st.key IS NULL)::int AS store_missing"],
        [f"LEFT JOIN store st ON st.source = '{stage.source}' AND st.key = s.store_key"],
    )


def _with_member(stage: Stage) -> _Parts:
    return (
        ["(s.member_key IS NOT NULL AND me.key IS NULL)::int AS member_missing"],
        [f"LEFT JOIN member me ON me.source = '{stage.members}' AND me.key = s.member_key"],
    )


_PHONE = (
    f"CASE WHEN length(s.phone_hash) = {PHONE_HASH_LENGTH} THEN s.phone_hash"
    " ELSE left(s.phone_hash, 0) END AS fit_phone_hash"
)
_UNIONID = (
    f"CASE WHEN length(s.unionid) <= {UNIONID_LENGTH} THEN s.unionid"
    " ELSE left(s.unionid, 0) END AS fit_unionid"
)
"""Of a length that does not fit nothing is left; and where nothing was told nothing is."""


def _contacts(_: Stage, __: Terms) -> _Parts:
    return [_UNIONID], []


def _members(stage: Stage, terms: Terms) -> _Parts:
    zone, _ = _zone(stage, terms)
    replaced = f"LEFT JOIN {stage.table} r ON m.source = '{stage.source}' AND r.key = m.key"
    phones = (
        "SELECT phone_hash, CASE WHEN min(unionid) = max(unionid) THEN 1 ELSE 2 END AS unionids,"
        " count(unionid) AS told FROM ("
        f"SELECT phone_hash, unionid FROM {stage.table} WHERE phone_hash IS NOT NULL"
        f" UNION ALL SELECT m.phone_hash, m.unionid FROM member m {replaced}"
        f" WHERE r.key IS NULL AND m.phone_hash IN (SELECT phone_hash FROM {stage.table})"
        ") known GROUP BY phone_hash"
    )
    return (
        [
            *zone,
            _UNIONID,
            _PHONE,
            "CASE WHEN ph.told > 0 THEN ph.unionids END AS unionids",
            "(s.consent AND s.consent_at IS NULL)::int AS undated",
        ],
        [f"LEFT JOIN ({phones}) ph ON ph.phone_hash = s.phone_hash"],
    )


_KINDS = "CASE WHEN o.least_{0} = o.most_{0} THEN 1 WHEN o.most_{0} IS NOT NULL THEN 2 END"
_TOLD_TWICE = (
    "(o.least_total <> o.most_total OR o.least_discount <> o.most_discount)::int AS told_twice"
)


def _order_lines(stage: Stage, terms: Terms) -> _Parts:
    members, join_members = _with_member(stage)
    stores, join_stores = _with_store(stage, terms)
    return (
        [
            *members,
            *stores,
            f"{_KINDS.format('member')} AS order_members",
            f"{_KINDS.format('currency')} AS order_currencies",
            _TOLD_TWICE,
            "abs(o.goods - (o.most_total + coalesce(o.most_discount, 0))) AS left_over",
            "(o.most_off > o.goods)::int AS discount_unfit",
            _currency_odd(stage, terms, first=True),
        ],
        [
            *join_members,
            *join_stores,
            f"LEFT JOIN {stage.table}__odd o ON o.order_key = s.order_key",
        ],
    )


def _benefits(stage: Stage, terms: Terms) -> _Parts:
    members, joins = _with_member(stage)
    coupon = "s.kind = 'coupon'"
    return (
        [
            *members,
            f"CASE WHEN {coupon} THEN coalesce(s.face_value, 0) END AS coupon_value",
            f"CASE WHEN {coupon} THEN (s.currency IS NULL)::int END AS currency_untold",
            "CASE WHEN s.kind = 'points' THEN (s.remaining IS NULL)::int END AS points_uncounted",
            "extract(epoch FROM s.valid_until - s.valid_from) AS seconds_valid",
            _currency_odd(stage, terms, first=False),
        ],
        joins,
    )


def _events(stage: Stage, _: Terms) -> _Parts:
    return _with_member(stage)


def _currency_odd(stage: Stage, terms: Terms, *, first: bool) -> str:
    """Return whether an amount is in another currency than those of the business."""
    if terms.currencies:
        known = ", ".join(f"'{one}'" for one in terms.currencies)
        return f"(s.currency NOT IN ({known}))::int AS currency_odd"
    usual = USUAL_CURRENCY.format(source=f"'{stage.source}'")
    if first:
        usual = f"coalesce({usual}, {FIRST_CURRENCY.replace('{table}', stage.table)})"
    return f"(s.currency <> {usual})::int AS currency_odd"


_BY_ENTITY: Mapping[Entity, Callable[[Stage, Terms], _Parts]] = {
    Entity.STORE: _zone,
    Entity.EMPLOYEE: _with_store,
    Entity.PRODUCT: _nothing,
    Entity.MEMBER: _members,
    Entity.ORDER_LINE: _order_lines,
    Entity.BENEFIT: _benefits,
    Entity.MEMBER_EVENT: _events,
    Entity.CONTACT: _contacts,
}
