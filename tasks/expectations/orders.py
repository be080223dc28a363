"""What orders are held to, line by line and as a whole."""

from decimal import Decimal
from typing import Any

from schemas.limits import CENT, MAX_PRICE, MAX_QUANTITY, MAX_TOTAL, STATUSES
from tasks.expectations.bounds import (
    Bounds,
    between,
    currency_code,
    in_set,
    never,
    present,
    readable,
    unique,
)


def order_lines(bounds: Bounds) -> dict[str, Any]:
    """Return what order lines are held to."""
    return {
        **present("order_key", "ordinal", "member_key", "ordered_at"),
        **present("product_key", "quantity", "unit_price", "status", "currency"),
        **bounds.past("ordered_at"),
        **bounds.begun("ordered_at"),
        **unique("ordinal"),
        "status_known": in_set("status", STATUSES),
        **currency_code(),
        "currency_expected": never("currency_odd"),
        "quantity_range": between("quantity", min_value=1, max_value=MAX_QUANTITY),
        "unit_price_range": between(
            "unit_price", min_value=0, strict_min=True, max_value=MAX_PRICE
        ),
        "total_range": between("total", min_value=0, max_value=MAX_TOTAL),
        "member_known": never("member_missing"),
        "store_known": never("store_missing"),
        "one_member": between("order_members", max_value=1),
        "one_currency": between("order_currencies", max_value=1),
        "one_total": never("told_twice"),
        "total_sums": between("left_over", max_value=float(Decimal(CENT)), strict_max=True),
        "discount_range": never("discount_unfit"),
        **readable(),
    }
