"""Columns are named by whoever asks, or guessed from what they are usually called."""

import pytest

from adapters.order_log.columns import Columns, chosen, parsed
from schemas.errors import ConfigurationError

RETAIL = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]


def test_usual_names_are_known() -> None:
    assert chosen({}, RETAIL, "log.csv") == Columns(
        "CustomerID",
        "InvoiceDate",
        quantity="Quantity",
        unit_price="UnitPrice",
        order_id="InvoiceNo",
    )
    assert chosen({}, ["会员ID", "下单时间", "实付金额"], "log.csv") == Columns(
        "会员ID", "下单时间", "实付金额"
    )


def test_what_is_named_wins_over_what_is_usual() -> None:
    given = parsed("member_id=who, ordered_at=InvoiceDate,amount=paid")
    columns = chosen(given, [*RETAIL, "who", "paid"], "log.csv")
    assert columns.member_id == "who"
    assert columns.amount == "paid"
    assert columns.unit_price is None


def test_a_quantity_is_read_beside_an_amount_if_it_is_named() -> None:
    given = parsed("amount=paid,quantity=Quantity")
    assert chosen(given, [*RETAIL, "paid"], "log.csv").quantity == "Quantity"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("member_id", "'member_id'"),
        ("", "''"),
        ("member_id=", "'member_id='"),
        ("person=a", "'person'"),
        ("amount=a,amount=b", "amount twice"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        parsed(text)


def test_a_column_that_is_missing_is_named_beside_those_that_are_there() -> None:
    with pytest.raises(ConfigurationError, match="no column 'x' for amount; it has a, b"):
        chosen({"amount": "x"}, ["a", "b"], "log.csv")


@pytest.mark.parametrize(
    ("found", "told"),
    [(["when", "InvoiceDate"], "member_id"), (["CustomerID", "b"], "ordered_at"), ([], "member")],
)
def test_where_nothing_is_usual_the_columns_are_listed(found: list[str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refused:
        chosen({}, found, "log.csv")
    assert ", ".join(found) in str(refused.value)


def test_of_very_many_columns_some_are_listed() -> None:
    with pytest.raises(ConfigurationError, match="c29 …"):
        chosen({}, [f"c{number}" for number in range(500)], "log.csv")
