"""The same seed and the same calls make the same world; messages have consequences."""

from datetime import timedelta

from sandbox.records import Received
from sandbox.world import Options
from tests.sandbox.conftest import MORNING, Answer, Stand, Start


def story(stand: Stand, steps: int) -> tuple[list[Answer], list[Answer], list[Received]]:
    """Write to some customers and return the orders, contacts and messages two days later."""
    stand.control.set_clock(MORNING)
    stand.sign_in()
    for userid in ("ChenYu", "HeMin"):
        stand.send(userid, stand.customers(userid)[:5])
    for step in range(1, steps + 1):
        stand.control.set_clock(MORNING + timedelta(days=2) * step / steps)
    stand.sign_in()
    contacts = stand.wecom("batch/get_by_user", userid_list=["ChenYu"])
    orders = stand.all_rows("orders", limit=1000)
    return orders, contacts["external_contact_list"], stand.control.received()


def test_the_same_seed_makes_the_same_world_however_often_the_clock_is_set(start: Start) -> None:
    first, second = (story(start(Options(members=60)), steps) for steps in (1, 5))
    assert first == second
    assert len(first[2]) == 10


def test_another_seed_makes_another_world(start: Start) -> None:
    first, second = (story(start(Options(members=20, seed=s)), 1)[0] for s in (7, 8))
    assert first != second


def test_the_second_of_the_day_at_which_the_world_begins_does_not_matter(start: Start) -> None:
    worlds = []
    for seconds in (0, 59):
        stand = start(Options(members=40))
        stand.control.set_clock(MORNING + timedelta(seconds=seconds))
        worlds.append(stand.all_rows("orders", updated_until=MORNING.isoformat(), limit=1000))
    assert worlds[0] == worlds[1]


def test_messages_bring_some_purchases_forward_and_lose_none(start: Start) -> None:
    orders = []
    for writes in (False, True):
        stand = start(Options(members=300))
        stand.control.set_clock(MORNING)
        stand.sign_in()
        for userid in ("ChenYu", "LinXia", "ZhouQing") if writes else ():
            stand.control.confirm(stand.send(userid, stand.customers(userid)))
        stand.control.set_clock(MORNING + timedelta(days=2))
        orders.append(len(stand.all_rows("orders", updated_from=MORNING.isoformat(), limit=1000)))
    assert orders[1] > orders[0]


def test_adopted_customers_have_employees_but_no_shop(crowd: Stand) -> None:
    users = crowd.http.get(
        "/wecom/cgi-bin/externalcontact/get_follow_user_list", params={"access_token": crowd.token}
    ).json()["follow_user"]
    rows = [
        row
        for userid in users
        for row in crowd.wecom("batch/get_by_user", userid_list=[userid], limit=100)[
            "external_contact_list"
        ]
    ]
    assert {row["external_contact"]["unionid"] for row in rows} == {f"log:{n}" for n in range(300)}
    years = [(MORNING.timestamp() - row["follow_info"]["createtime"]) / 31557600 for row in rows]
    assert 1.9 < min(years) < max(years) < 6.1
    assert crowd.all_rows("members") == []
    assert crowd.all_rows("orders") == []


def test_whoever_is_written_to_too_often_deletes_the_employee(crowd: Stand) -> None:
    customers = crowd.customers("ChenYu")
    lost = []
    for day in range(5):
        crowd.control.set_clock(MORNING + timedelta(days=day))
        crowd.sign_in()
        crowd.control.confirm(crowd.send("ChenYu", customers))
        lost.append(len(crowd.control.deleted()))
    assert lost[1] <= 5
    assert lost[-1] >= 10
    assert {each.userid for each in crowd.control.deleted()} == {"ChenYu"}
