"""Tokens, employees and customers, as wecom.md describes them."""

from datetime import timedelta

import pytest

from tests.sandbox.conftest import MORNING, Stand

GETTOKEN = "/wecom/cgi-bin/gettoken"


@pytest.mark.parametrize(
    ("corp", "secret", "code"),
    [("ww-other", "sandbox-secret", 40013), ("ww-sandbox", "wrong", 40001)],
)
def test_gettoken_tells_a_bad_corp_from_a_bad_secret(
    stand: Stand, corp: str, secret: str, code: int
) -> None:
    answer = stand.http.get(GETTOKEN, params={"corpid": corp, "corpsecret": secret})
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)


def test_a_token_lives_for_two_hours_of_the_worlds_time(stand: Stand) -> None:
    stand.control.set_clock(MORNING + timedelta(seconds=7100))
    assert stand.wecom("batch/get_by_user", userid_list=["ChenYu"])["errcode"] == 0
    stand.control.set_clock(MORNING + timedelta(seconds=7300))
    assert stand.wecom("batch/get_by_user", userid_list=["ChenYu"])["errcode"] == 42001
    stand.sign_in()
    assert stand.wecom("batch/get_by_user", userid_list=["ChenYu"])["errcode"] == 0


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("made-up", 40014)])
def test_a_missing_token_differs_from_an_unknown_one(stand: Stand, token: str, code: int) -> None:
    stand.token = token
    assert stand.wecom("get_groupmsg_task", msgid="x")["errcode"] == code


def test_an_errmsg_has_a_hint_and_an_address_for_more(stand: Stand) -> None:
    message = stand.wecom("get_groupmsg_task", msgid="x")["errmsg"]
    assert message.startswith("invalid msgid, hint: [")
    assert message.endswith("https://open.work.weixin.qq.com/devtool/query?e=41047")


def test_malformed_json_counts_as_no_parameters_and_is_warned_of(stand: Stand) -> None:
    path = "/wecom/cgi-bin/externalcontact/batch/get_by_user"
    params = {"access_token": stand.token}
    answer = stand.http.post(path, params=params, content=b"{userid_list").json()
    assert answer["errcode"] == 40063
    assert answer["errmsg"].startswith("Warning: wrong json format. ")


def test_customers_are_paged_to_the_end(crowd: Stand) -> None:
    users = ["ChenYu", "LinXia", "HeMin", "ZhouQing", "TangLe", "SuWen"]
    seen, sizes, cursor = [], [], ""
    while True:
        page = crowd.wecom("batch/get_by_user", userid_list=users, cursor=cursor, limit=500)
        rows = page["external_contact_list"]
        sizes.append(len(rows))
        seen += [
            (r["external_contact"]["external_userid"], r["follow_info"]["userid"]) for r in rows
        ]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert set(sizes[:-1]) == {100}, "a limit above the maximum means the maximum"
    assert len(seen) == len(set(seen))
    assert len({external for external, _ in seen}) == 300


def test_fifty_customers_come_unless_told(crowd: Stand) -> None:
    page = crowd.wecom("batch/get_by_user", userid_list=["ChenYu", "LinXia"])
    assert len(page["external_contact_list"]) == 50


def test_follow_info_is_an_object_with_tag_ids(stand: Stand) -> None:
    (row, *_) = stand.wecom("batch/get_by_user", userid_list=["ChenYu"])["external_contact_list"]
    assert row["follow_info"]["userid"] == "ChenYu"
    assert all(key.startswith("et") for key in row["follow_info"]["tag_id"])
    assert row["external_contact"]["type"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40063),
        ({"userid_list": ["Nobody"]}, 60111),
        ({"userid_list": ["ChenYu"] * 101}, 40058),
        ({"userid_list": "ChenYu"}, 40058),
        ({"userid_list": ["ChenYu"], "cursor": "x"}, 40058),
        ({"userid_list": ["ChenYu"], "limit": "ten"}, 40058),
    ],
)
def test_bad_parameters_are_refused(stand: Stand, body: dict[str, object], code: int) -> None:
    assert stand.wecom("batch/get_by_user", **body)["errcode"] == code


def test_some_customers_have_tags_the_corporation_knows_by_name(crowd: Stand) -> None:
    groups = crowd.wecom("get_corp_tag_list")["tag_group"]
    names = {tag["id"]: tag["name"] for group in groups for tag in group["tag"]}
    users = ["ChenYu", "LinXia", "HeMin"]
    page = crowd.wecom("batch/get_by_user", userid_list=users, limit=100)
    given = [row["follow_info"]["tag_id"] for row in page["external_contact_list"]]
    assert {group["group_name"] for group in groups} == {"口味", "到店"}
    assert 20 < sum(1 for keys in given if keys) < 60
    assert {key for keys in given for key in keys} == set(names)
    again = crowd.wecom("batch/get_by_user", userid_list=users, limit=100)
    assert again["external_contact_list"] == page["external_contact_list"]


def test_tags_can_be_asked_for_by_group_or_one_by_one(stand: Stand) -> None:
    first, second = stand.wecom("get_corp_tag_list")["tag_group"]
    tag = second["tag"][0]["id"]
    (chosen,) = stand.wecom("get_corp_tag_list", tag_id=[tag])["tag_group"]
    assert [one["id"] for one in chosen["tag"]] == [tag]
    both = stand.wecom("get_corp_tag_list", tag_id=[tag], group_id=[first["group_id"]])
    assert both["tag_group"] == [first], "a group outdoes single tags"
    assert stand.wecom("get_corp_tag_list", tag_id=["etUnknown"])["tag_group"] == []
    assert stand.wecom("get_corp_tag_list", tag_id="etUnknown")["errcode"] == 40058
