import logging
from datetime import UTC, datetime

import pytest

from adapters.wecom.client import WecomClient
from adapters.wecom.contacts import WecomContacts
from schemas.enums import Entity
from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import COLUMNS, Row, Window
from tests.adapters.loopback import Loopback
from tests.adapters.wecom_script import WecomScript, error

WINDOW = Window(None, datetime(2026, 3, 1, tzinfo=UTC))


def _rows(client: WecomClient) -> list[Row]:
    pages = list(WecomContacts(client).pages(Entity.CONTACT, WINDOW))
    assert all(page.pulled == len(page.rows) for page in pages)
    return [row for page in pages for row in page.rows]


def _entry(customer: object, employee: object, **more: object) -> dict[str, object]:
    return {
        "external_contact": {"external_userid": customer, "unionid": more.get("unionid")},
        "follow_info": {"userid": employee, "createtime": more.get("createtime", 1772352000)},
    }


def test_every_pair_of_customer_and_employee_is_a_row(
    client: WecomClient, wecom: WecomScript
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li", "wu"]})
    wecom.answer(
        "get_by_user",
        {
            "external_contact_list": [_entry("wm1", "li", unionid="u1")],
            "next_cursor": "c",
        },
        {"external_contact_list": [_entry("wm1", "wu", unionid="u1")]},
    )
    since = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert _rows(client) == [
        ("wecom", "wm1", "li", "u1", since, None),
        ("wecom", "wm1", "wu", "u1", since, None),
    ]


def test_employees_are_asked_a_hundred_at_a_time(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": [f"e{n}" for n in range(201)]})
    wecom.answer("get_by_user", {"external_contact_list": []})
    assert _rows(client) == []
    asked = [r.body for r in server.requests if r.path.endswith("get_by_user")]
    assert [len(body["userid_list"]) for body in asked] == [100, 100, 1]
    assert {body["limit"] for body in asked} == {100}


def test_employees_without_customers_are_no_error(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": [f"e{n}" for n in range(101)]})
    wecom.answer("get_by_user", error(84061), {"external_contact_list": [_entry("wm1", "e100")]})
    assert [row[1] for row in _rows(client)] == ["wm1"]


def test_what_cannot_be_read_is_told(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    entries = [_entry(7, "li", createtime="soon; now"), "nonsense", _entry("wm\x00\ud8001", None)]
    wecom.answer("get_by_user", {"external_contact_list": entries})
    first, second, third = (
        dict(zip(COLUMNS[Entity.CONTACT], r, strict=True)) for r in _rows(client)
    )
    assert (first["address"], first["since"]) == (None, None)
    assert first["defects"] == "address: 7; since: soon, now"
    assert second["defects"] == "address: nonsense; employee_id: None"
    assert third["address"] == "wm?1"
    assert third["defects"] == r"address: wm\x00\ud8001"


def test_unlicensed_employees_are_counted_not_named(
    client: WecomClient, wecom: WecomScript, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wecom.answer("get_follow_user_list", {"follow_user": ["li", "wu"]})
    wecom.answer(
        "get_by_user",
        {"external_contact_list": [], "fail_info": {"unlicensed_userid_list": ["li-unlicensed"]}},
    )
    assert _rows(client) == []
    assert "wecom.unlicensed_employees count=1" in caplog.text
    assert "li-unlicensed" not in caplog.text


def test_a_failing_channel_is_a_failing_source(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", error(45009))
    with pytest.raises(SourceError, match="45009"):
        _rows(client)


def test_a_configuration_fault_stays_one(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", error(48002))
    with pytest.raises(ConfigurationError, match="48002"):
        _rows(client)
