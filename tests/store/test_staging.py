"""Rows on their way in."""

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.enums import Entity
from schemas.incoming import staged_row
from store import staging
from store.arranging import drop_repeated, keep_newest
from store.aside import quarantine
from store.counting import bad_counts
from store.database import transaction
from store.gathered import gather
from store.row_rules import ROW_RULES
from store.staging import Stage
from tests import builders
from tests.builders import MORNING, rows, staged
from tests.house import at

_KEPT = "SELECT rule, column_name, value, row FROM quarantine ORDER BY 1, 4"


CONTACTS = Stage("wecom", Entity.CONTACT)
_LEFT = f"SELECT address FROM {CONTACTS.table} ORDER BY row"


def _quarantine(
    database: Engine,
    run: int,
    broken: Iterable[str],
    stage: Stage = CONTACTS,
    *,
    passed: bool = True,
) -> int:
    with transaction(database) as connection:
        return quarantine(
            connection, stage, run_id=run, as_of=MORNING, broken=broken, passed=passed
        )


def _stage(database: Engine, *rows: dict[str, Any]) -> None:
    staged(database, Entity.CONTACT, rows, "wecom")


def _contact(address: str | None, **told: Any) -> dict[str, Any]:
    names = {"channel": "wecom", "address": address, "employee_id": "yi", "since": at(1, 9)}
    return {**names, **told}


def test_rows_alike_in_every_column_are_dropped_but_the_first(database: Engine) -> None:
    twice = _contact("a", unionid=None)
    _stage(database, twice, _contact("b"), twice, twice)
    with transaction(database) as connection:
        assert drop_repeated(connection, CONTACTS) == 2
    left = rows(database, f"SELECT row, address FROM {CONTACTS.table} ORDER BY row")
    assert left == [(1, "a"), (2, "b")]


def test_rows_that_differ_anywhere_are_not_repeated(database: Engine) -> None:
    _stage(database, _contact("a"), _contact("a", unionid="u"))
    with transaction(database) as connection:
        assert drop_repeated(connection, CONTACTS) == 0


def test_leftovers_of_a_killed_pull_are_cleared(database: Engine) -> None:
    _stage(database, _contact("old"))
    _stage(database, _contact("new"))
    assert rows(database, _LEFT) == [("new",)]


def test_a_stage_is_taken_down_although_a_closed_session_is_not_gone_yet(database: Engine) -> None:
    """The server drops what a session leaves when it gets to it, which may be later than we do."""
    _stage(database, _contact("a"))
    with database.connect() as lingering:
        view = f"CREATE TEMPORARY VIEW shown AS SELECT * FROM {CONTACTS.table}"
        lingering.exec_driver_sql(view)
        lingering.commit()
        with transaction(database) as connection:
            staging.strike(connection, CONTACTS)
    assert rows(database, f"SELECT to_regclass('{CONTACTS.table}')") == [(None,)]


def test_pages_are_numbered_on(database: Engine) -> None:
    row = staged_row(Entity.CONTACT, _contact("a"), None)
    with transaction(database) as connection:
        staging.clear(connection, CONTACTS)
        assert staging.stage_pages(connection, CONTACTS, [[row, row], [row]], 1) == 3
        assert staging.stage_pages(connection, CONTACTS, [[row]], 4, page=3) == 1
    found = rows(database, f"SELECT row, page FROM {CONTACTS.table} ORDER BY row")
    assert found == [(1, 1), (2, 1), (3, 2), (4, 3)]


def test_a_bad_row_is_kept_once_per_rule_and_leaves_once(database: Engine) -> None:
    _stage(database, _contact(None, since=at(9, 9)), _contact("fine"))
    run = builders.run(database)
    assert _quarantine(database, run, ["address_present", "since_past"]) == 1
    assert rows(database, _KEPT) == [
        ("address_present", "address", None, 1),
        ("since_past", "since", "2026-03-09 01:00:00+00", 1),
    ]
    assert rows(database, _LEFT) == [("fine",)]


def test_a_rule_that_is_not_broken_puts_nothing_aside(database: Engine) -> None:
    _stage(database, _contact(None))
    assert _quarantine(database, builders.run(database), ["since_past"]) == 0
    assert len(rows(database, _LEFT)) == 1


def test_a_window_tried_again_replaces_what_it_put_aside(database: Engine) -> None:
    run = builders.run(database)
    for bad in (2, 1):
        _stage(database, *(_contact(f"{n}", since=at(9, 9)) for n in range(bad)))
        assert _quarantine(database, run, ["since_past"]) == bad
    assert len(rows(database, _KEPT)) == 1


@pytest.mark.parametrize(("as_of", "future"), [(at(9, 8, 59), 1), (at(9, 9), 0)])
def test_future_is_judged_by_the_runs_clock(database: Engine, as_of: Any, future: int) -> None:
    _stage(database, _contact("a", since=at(9, 9)))
    with transaction(database) as connection:
        counts = bad_counts(connection, CONTACTS, ROW_RULES[Entity.CONTACT], as_of=as_of)
    assert counts["since_past"] == future


def test_of_an_order_read_again_only_the_later_reading_is_kept(database: Engine) -> None:
    stage = staged(database, Entity.ORDER_LINE, [])
    pages = {1: ("o1 1", "o1 2", "o2 1"), 2: ("o3 1",), 3: ("o1 1",)}
    with transaction(database) as connection:
        for page, lines in pages.items():
            told = [{"order_key": one[:2], "ordinal": int(one[3:])} for one in lines]
            found = [staged_row(Entity.ORDER_LINE, line, None) for line in told]
            staging.stage_pages(connection, stage, [found], page * 10, page)
        gather(connection, stage)
        assert keep_newest(connection, stage) == 2
    left = rows(database, f"SELECT order_key, ordinal, page FROM {stage.table} ORDER BY row")
    assert left == [("o2", 1, 1), ("o3", 1, 2), ("o1", 1, 3)]


def test_a_member_told_twice_joined_when_the_earlier_row_says(database: Engine) -> None:
    days = [(at(5, 9), at(5, 9)), (at(3, 9), at(3, 9)), (at(4, 9), at(1, 9))]
    members = [
        {"key": "m1", "consent": True, "joined_at": joined, "consent_at": since}
        for joined, since in days
    ]
    stage = staged(database, Entity.MEMBER, members)
    with transaction(database) as connection:
        assert drop_repeated(connection, stage) == 1
    left = rows(database, f"SELECT joined_at, consent_at FROM {stage.table} ORDER BY row")
    assert left == [days[1], days[2]]
