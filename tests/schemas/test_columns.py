"""Points in time go to the database aware and come back in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.engine.default import DefaultDialect

from schemas.tables import columns

INSTANT = columns.Instant()
DIALECT = DefaultDialect()
THERE = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=8)))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match=r"naive datetime 2026-03-02T10:00:00: give it a zone"):
        INSTANT.process_bind_param(THERE.replace(tzinfo=None), DIALECT)


@pytest.mark.parametrize("value", [None, THERE])
def test_an_aware_time_passes_as_it_is(value: datetime | None) -> None:
    assert INSTANT.process_bind_param(value, DIALECT) is value


def test_whatever_zone_a_session_speaks_utc_comes_back() -> None:
    told = INSTANT.process_result_value(THERE, DIALECT)
    assert told == THERE
    assert told is not None
    assert told.tzinfo is UTC
    assert INSTANT.process_result_value(None, DIALECT) is None


def test_a_table_is_named_after_its_class() -> None:
    class ShopOrderLine(columns.Table):
        pass

    assert ShopOrderLine.__tablename__ == "shop_order_line"
