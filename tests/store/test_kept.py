"""What others refer to without a foreign key is there for good."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tests import builders
from tests.builders import change, rows


@pytest.mark.parametrize("table", ["run", "person", "candidate", "message"])
def test_nobody_takes_away_what_decisions_and_slots_refer_to(database: Engine, table: str) -> None:
    builders.messages(database, builders.persons(database, 1))
    with pytest.raises(DBAPIError, match=f"rows of {table} are kept"):
        change(database, f"DELETE FROM {table}")
    assert rows(database, f"SELECT count(*) FROM {table}") == [(1,)]
