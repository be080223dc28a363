"""A shop's members change: somebody joins every day, and somebody drifts away."""

from datetime import datetime, timedelta
from operator import itemgetter

import pytest

from sandbox.calendar import midnight
from sandbox.members.shopper import HISTORY_DAYS, draw_shopper
from sandbox.wecom.employees import EMPLOYEES
from sandbox.world import Options
from tests.sandbox.conftest import MORNING, Answer, Stand, Start

MEMBERS = 300
DAYS, MONTH = 3, 30


def joined(rows: list[Answer]) -> list[datetime]:
    return sorted(datetime.fromisoformat(row["joined_at"]) for row in rows)


@pytest.fixture
def town(start: Start) -> Stand:
    """A shop of three hundred members on a Monday morning."""
    stand = start(Options(members=MEMBERS))
    stand.control.set_clock(MORNING)
    return stand


def test_somebody_joins_every_day(town: Stand) -> None:
    for day in range(1, DAYS + 1):
        town.control.set_clock(midnight(MORNING) + timedelta(days=day))
        newest = joined(town.all_rows("members", limit=1000))[MEMBERS:]
        assert [at.date().day for at in newest] == [MORNING.day + n for n in range(day)]


def test_a_newcomer_buys_within_the_hour(town: Stand) -> None:
    town.control.set_clock(MORNING + timedelta(days=MONTH))
    first: dict[str, datetime] = {}
    for row in town.all_rows("orders", limit=1000):
        first.setdefault(row["member_id"], datetime.fromisoformat(row["ordered_at"]))
    rows = sorted(town.all_rows("members", limit=1000), key=itemgetter("joined_at"))[MEMBERS:]
    assert len(rows) == MONTH
    for row in rows:
        waited = first[row["id"]] - datetime.fromisoformat(row["joined_at"])
        assert timedelta(0) < waited <= timedelta(hours=1)


def test_most_newcomers_add_an_employee(town: Stand) -> None:
    town.control.set_clock(MORNING + timedelta(days=MONTH))
    town.sign_in()
    met = {
        row["external_contact"]["external_userid"]
        for userid in EMPLOYEES
        for row in town.wecom("batch/get_by_user", userid_list=[userid], limit=100)[
            "external_contact_list"
        ]
        if row["follow_info"]["createtime"] > MORNING.timestamp()
    }
    assert 0.7 * MONTH < len(met) <= MONTH


def test_nobody_orders_before_the_shop_knows_them(town: Stand) -> None:
    for minutes in range(0, 24 * 60, 10):
        town.control.set_clock(MORNING + timedelta(minutes=minutes))
        since = MORNING.isoformat()
        members = {row["id"] for row in town.all_rows("members", limit=1000)}
        assert {row["member_id"] for row in town.all_rows("orders", updated_from=since)} <= members


def test_consent_comes_as_a_later_update_of_the_same_member(town: Stand) -> None:
    seen: dict[str, list[bool]] = {}
    for minutes in range(0, DAYS * 24 * 60, 5):
        town.control.set_clock(MORNING + timedelta(minutes=minutes))
        since = MORNING.isoformat()
        for row in town.all_rows("members", updated_from=since):
            said = seen.setdefault(row["id"], [])
            if said[-1:] != [row["marketing_consent"]]:
                said.append(row["marketing_consent"])
    assert [False, True] in seen.values()
    assert all(said in ([False], [False, True]) for said in seen.values())


def test_a_world_of_adopted_customers_gets_no_newcomers(crowd: Stand) -> None:
    crowd.control.set_clock(MORNING + timedelta(days=DAYS))
    assert crowd.all_rows("members") == []


def test_members_go_on_drifting_away_at_the_pace_of_the_history() -> None:
    opened = midnight(MORNING)
    drawn = [draw_shopper(7, number, opened).quits_at for number in range(1, 2001)]
    before = sum(at < opened for at in drawn)
    after = sum(opened <= at < opened + timedelta(days=HISTORY_DAYS) for at in drawn)
    assert 0.08 < before / len(drawn) < 0.12
    assert 0.07 < after / len(drawn) < 0.12
