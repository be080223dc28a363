"""Orders are put together from all their lines, however those came and went."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.incoming import staged_row
from store import staging
from store.arranging import arrange
from store.database import transaction
from store.gathered import gather
from store.row_rules import row_rules
from store.staging import Stage
from tests.builders import rows, staged
from tests.tasks.contract_rows import FIT, ODD

LINES = Stage("shop", Entity.ORDER_LINE)
_WHOLE = [rule for rule in row_rules(Entity.ORDER_LINE) if rule.of_order]
_OF_WHOLE = ("member_key", "currency", "total", "discount", "quantity", "unit_price")
_CHANGES = st.fixed_dictionaries(
    {"order_key": st.sampled_from(["o1", "o2"])},
    optional={name: st.sampled_from(ODD[Entity.ORDER_LINE][name]) for name in _OF_WHOLE},
)
_FIT = FIT[Entity.ORDER_LINE]


def _orders(database: Engine, which: str, condition: str) -> list[Any]:
    query = f"SELECT o.order_key FROM {LINES.table}__{which} o WHERE {condition} ORDER BY 1"
    return rows(database, query)


def test_there_are_rules_over_whole_orders() -> None:
    assert len(_WHOLE) == 5


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([{"order_key": "o1", "total": 5}])
@example([{"order_key": "o1", "total": Decimal("Infinity"), "unit_price": Decimal("Infinity")}])
@example([{"order_key": "o1", "discount": 9, "total": 0}])
@given(st.lists(_CHANGES, min_size=1, max_size=5))
def test_whoever_breaks_a_rule_over_whole_orders_is_among_the_odd(
    database: Engine, told: list[dict[str, Any]]
) -> None:
    lines = [{**_FIT, "ordinal": place, **one} for place, one in enumerate(told)]
    staged(database, Entity.ORDER_LINE, lines)
    for rule in _WHOLE:
        bad = _orders(database, "orders", rule.of_order)
        assert _orders(database, "odd", rule.of_order) == bad


_ARRIVING = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["o1", "o2", "o3"]), st.sampled_from([None, 1, 2, 2])),
        max_size=4,
    ),
    max_size=4,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ARRIVING, st.booleans())
def test_after_all_arranging_orders_are_what_their_lines_are(
    database: Engine, pages: list[list[tuple[str, int | None]]], newest: bool
) -> None:
    told = [
        [
            staged_row(Entity.ORDER_LINE, {**_FIT, "order_key": key, "ordinal": ordinal}, None)
            for key, ordinal in page
        ]
        for page in pages
    ]
    gathered = f"SELECT * FROM {LINES.table}__orders ORDER BY order_key"
    with transaction(database) as connection:
        staging.clear(connection, LINES)
        staging.stage_pages(connection, LINES, told, 1)
        arrange(connection, LINES, newest=newest)
    after = rows(database, gathered)
    with transaction(database) as connection:
        gather(connection, LINES)
    assert after == rows(database, gathered)
