import logging
from datetime import UTC, datetime

import pytest

from adapters.wecom.client import WecomClient
from adapters.wecom.contacts import WecomContacts
from schemas.enums import Entity
from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import COLUMNS, Page, Row, Window
from tests.adapters.loopback import Loopback
from tests.adapters.reading import pages_of
from tests.adapters.wecom_script import WecomScript, error

WINDOW = Window(None, datetime(2026, 3, 1, tzinfo=UTC))


def _rows(client: WecomClient) -> list[Row]:
    pages = _pages(client)
    assert all(page.pulled == len(page.rows) for page in pages)
    return [row for page in pages for row in page.rows]


def _pages(client: WecomClient) -> list[Page]:
    return pages_of(WecomContacts(client), Entity.CONTACT, WINDOW)


def _entry(customer: object, employee: object, **more: object) -> dict[str, object]:
    tags = {"tag_id": more["tag_id"]} if "tag_id" in more else {}
    return {
        "external_contact": {"external_userid": customer, "unionid": more.get("unionid")},
        "follow_info": {
            "userid": employee,
            "createtime": more.get("createtime", 1772352000),
            **tags,
        },
    }


def _tag(key: str, name: object, *, deleted: bool = False) -> dict[str, object]:
    return {"id": key, "name": name, "deleted": deleted}


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
        ("wecom", "wm1", "li", "u1", since, None, None),
        ("wecom", "wm1", "wu", "u1", since, None, None),
    ]


def test_employees_are_asked_twenty_at_a_time(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": [f"e{n}" for n in range(41)]})
    wecom.answer("get_by_user", {"external_contact_list": []})
    assert _rows(client) == []
    asked = [r.body for r in server.requests if r.path.endswith("get_by_user")]
    assert [len(body["userid_list"]) for body in asked] == [20, 20, 1]
    assert {body["limit"] for body in asked} == {100}


def test_employees_without_customers_are_no_error(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": [f"e{n}" for n in range(21)]})
    wecom.answer("get_by_user", error(84061), {"external_contact_list": [_entry("wm1", "e20")]})
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


TAGS = {
    "tag_group": [
        {"group_name": "喜好", "tag": [_tag("et1", "浅烘"), _tag("et2", "深烘")]},
        {"group_name": "等级", "tag": [_tag("et3", "金卡"), _tag("et4", "旧", deleted=True)]},
        {"group_name": "空"},
        "nonsense",
    ]
}


def test_tags_are_told_by_name(client: WecomClient, wecom: WecomScript, server: Loopback) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    entries = [
        _entry("wm1", "li", tag_id=["et3", "et1", "et1"]),
        _entry("wm2", "li", tag_id=[]),
        _entry("wm3", "li"),
        _entry("wm4", "li", tag_id=["et4", "et-of-a-rule", "et2"]),
        _entry("wm5", "li", tag_id="et1"),
    ]
    wecom.answer("get_by_user", {"external_contact_list": entries})
    wecom.answer("get_corp_tag_list", TAGS)
    rows = [dict(zip(COLUMNS[Entity.CONTACT], row, strict=True)) for row in _rows(client)]
    assert [row["tags"] for row in rows] == [["浅烘", "金卡"], [], None, ["深烘"], None]
    assert [row["defects"] for row in rows] == [None, None, None, None, "tags: et1"]
    assert server.paths().count("get_corp_tag_list") == 1


def test_tags_nobody_has_are_not_asked_for(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    wecom.answer("get_by_user", {"external_contact_list": [_entry("wm1", "li", tag_id=[])]})
    assert len(_rows(client)) == 1
    assert "get_corp_tag_list" not in server.paths()


def test_of_a_pair_told_twice_the_last_counts(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li", "wu"]})
    wecom.answer(
        "get_by_user",
        {
            "external_contact_list": [_entry("wm1", "li"), _entry("wm2", "li"), "nonsense"],
            "next_cursor": "c",
        },
        {
            "external_contact_list": [
                _entry("wm1", "li", unionid="u1"),
                _entry("wm2", "wu"),
                "nonsense",
                _entry("wm2", "li"),
            ]
        },
    )
    pages = _pages(client)
    rows = [row for page in pages for row in page.rows]
    assert sorted(row[1:4] for row in rows if row[1] and row[2]) == [
        ("wm1", "li", "u1"),
        ("wm2", "li", None),
        ("wm2", "wu", None),
    ]
    assert len(rows) == 5, "what has no pair is kept, each time"
    assert sum(page.pulled for page in pages) == 7
    assert [page.dropped for page in pages if page.dropped] == [{"repeated_contact": 2}]
    assert all(page.pulled == len(page.rows) + sum(page.dropped.values()) for page in pages)


def test_many_contacts_are_told_a_thousand_at_a_time(
    client: WecomClient, wecom: WecomScript
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    entries = [_entry(f"wm{number}", "li") for number in range(2001)]
    wecom.answer("get_by_user", {"external_contact_list": entries})
    assert [len(page.rows) for page in _pages(client)] == [1000, 1000, 1]


@pytest.mark.parametrize("code", [40058, 84061])
def test_a_list_that_breaks_off_is_an_error_and_not_the_end(
    client: WecomClient, wecom: WecomScript, code: int
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    first = {"external_contact_list": [_entry("wm1", "li")], "next_cursor": "gone"}
    wecom.answer("get_by_user", first, error(code))
    with pytest.raises(SourceError, match=rf"^sources.wecom: WeCom refused .*\({code}\)"):
        _pages(client)


def test_a_cursor_that_comes_again_is_an_error(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    page = {"external_contact_list": [_entry("wm1", "li")], "next_cursor": "same"}
    wecom.answer("get_by_user", page)
    with pytest.raises(SourceError, match="repeats a cursor"):
        _pages(client)


def test_a_token_that_expires_in_mid_reading_is_replaced(
    client: WecomClient, wecom: WecomScript
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    first = {"external_contact_list": [_entry("wm1", "li")], "next_cursor": "c"}
    expired = error(42001)
    wecom.answer("get_by_user", first, expired, {"external_contact_list": [_entry("wm2", "li")]})
    assert [row[1] for row in _rows(client)] == ["wm1", "wm2"]
    assert wecom.tokens == 2
