"""
The data contract as Great Expectations suites, one expectation per row rule, by the same name.

Importing Great Expectations takes seconds, so it happens inside the functions.
"""

from datetime import datetime
from typing import Any

from schemas.enums import Entity
from schemas.limits import CURRENCY, MAX_PRICE, MAX_QUANTITY, STATUSES

ROW_COUNT = "row_count"


def suite(entity: Entity, *, source: str, as_of: datetime, first_load: bool) -> dict[str, Any]:
    """
    Return the expectations of an entity by rule name.

    Great Expectations passes row-wise checks on an empty set, hence the row count; only a first
    load must bring rows, because a quiet quarter of an hour is no broken contract.
    """
    from great_expectations import expectations as gxe

    expectations = {
        Entity.MEMBER: _members,
        Entity.ORDER_LINE: _order_lines,
        Entity.CONTACT: _contacts,
    }[entity](source, as_of)
    expectations[ROW_COUNT] = gxe.ExpectTableRowCountToBeBetween(min_value=int(first_load))
    return expectations


def _members(_: str, as_of: datetime) -> dict[str, Any]:
    from great_expectations import expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    return {
        **_present("key", "consent"),
        # A yes needs its date as proof; a no is believed without one.
        "consent_dated": gxe.ExpectColumnValuesToNotBeNull(
            column="consent_at",
            row_condition=Column("consent") == True,  # noqa: E712 - its idiom
        ),
        **_past(as_of, "joined_at", "consent_at"),
        **_unique("key"),
        **_readable(),
    }


def _contacts(_: str, as_of: datetime) -> dict[str, Any]:
    return {
        **_present("channel", "address", "employee_id", "since"),
        **_past(as_of, "since"),
        **_unique("channel", "address", "employee_id"),
        **_readable(),
    }


def _order_lines(source: str, as_of: datetime) -> dict[str, Any]:
    from great_expectations import expectations as gxe

    quoted = source.replace("'", "''")
    return {
        **_present(
            "order_key",
            "ordinal",
            "member_key",
            "ordered_at",
            "product_key",
            "quantity",
            "unit_price",
            "status",
            "currency",
        ),
        **_past(as_of, "ordered_at"),
        **_unique("order_key", "ordinal"),
        **_readable(),
        "status_known": gxe.ExpectColumnValuesToBeInSet(column="status", value_set=list(STATUSES)),
        "currency_code": gxe.ExpectColumnValuesToMatchRegex(column="currency", regex=CURRENCY),
        "quantity_range": gxe.ExpectColumnValuesToBeBetween(
            column="quantity", min_value=1, max_value=MAX_QUANTITY
        ),
        "unit_price_range": gxe.ExpectColumnValuesToBeBetween(
            column="unit_price", min_value=0, strict_min=True, max_value=MAX_PRICE
        ),
        # {batch} becomes a sub-select that Great Expectations itself calls "subselect".
        "member_known": gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT row FROM {batch} WHERE subselect.member_key IS NOT NULL AND NOT EXISTS"  # noqa: S608 - quoted
                f" (SELECT 1 FROM member m WHERE m.source = '{quoted}'"
                " AND m.key = subselect.member_key)"
            )
        ),
        "one_member": gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT row FROM {batch} WHERE subselect.order_key IN (SELECT order_key"
                " FROM staged_order_line GROUP BY order_key"
                " HAVING count(DISTINCT member_key) > 1)"
            )
        ),
    }


def _present(*columns: str) -> dict[str, Any]:
    from great_expectations import expectations as gxe

    return {
        f"{column}_present": gxe.ExpectColumnValuesToNotBeNull(column=column) for column in columns
    }


def _past(as_of: datetime, *columns: str) -> dict[str, Any]:
    from great_expectations import expectations as gxe

    return {
        f"{column}_past": gxe.ExpectColumnValuesToBeBetween(column=column, max_value=as_of)
        for column in columns
    }


def _unique(*columns: str) -> dict[str, Any]:
    from great_expectations import expectations as gxe

    if len(columns) == 1:
        unique: Any = gxe.ExpectColumnValuesToBeUnique(column=columns[0])
    else:
        unique = gxe.ExpectCompoundColumnsToBeUnique(
            column_list=list(columns), ignore_row_if="any_value_is_missing"
        )
    return {f"{columns[-1]}_unique": unique}


def _readable() -> dict[str, Any]:
    from great_expectations import expectations as gxe

    return {"readable": gxe.ExpectColumnValuesToBeNull(column="defects")}
