"""What add_msg_template takes and what it refuses."""

import pytest

from tests.sandbox.conftest import TEXT, Answer, Stand

LINK = {"title": "会员", "url": "https://example.com/m"}


def link(**changes: str) -> list[Answer]:
    return [{"msgtype": "link", "link": LINK | changes}]


def test_unknown_customers_and_those_of_others_are_in_the_fail_list(stand: Stand) -> None:
    mine = stand.customers("ChenYu")
    theirs = next(each for each in stand.customers("LinXia") if each not in mine)
    recipients = [mine[0], "wm-nobody", theirs]
    answer = stand.wecom("add_msg_template", sender="ChenYu", external_userid=recipients, text=TEXT)
    assert answer["errcode"] == 0
    assert answer["fail_list"] == ["wm-nobody", theirs]
    assert stand.control.tasks()[0].external_userid == (mine[0],)


def test_with_nobody_to_send_to_there_is_no_task(stand: Stand) -> None:
    answer = stand.wecom(
        "add_msg_template", sender="ChenYu", external_userid=["wm-nobody"], text=TEXT
    )
    assert answer["errcode"] == 41048
    assert stand.control.tasks() == []


def test_a_sender_alone_means_all_their_customers(stand: Stand) -> None:
    stand.send("ChenYu", [])
    assert list(stand.control.tasks()[0].external_userid) == stand.customers("ChenYu")


def test_the_same_call_twice_makes_two_tasks(stand: Stand) -> None:
    recipients = stand.customers("ChenYu")[:1]
    assert stand.send("ChenYu", recipients) != stand.send("ChenYu", recipients)


def test_limits_are_bytes(stand: Stand) -> None:
    recipients = stand.customers("ChenYu")[:1]
    stand.send("ChenYu", recipients, text={"content": "润" * 1333})
    stand.send("ChenYu", recipients, attachments=link(title="润" * 42, desc="润" * 170))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": {"content": "润" * 1334}}, 40058),
        ({"attachments": link(title="润" * 43)}, 40058),
        ({"attachments": link(desc="润" * 171)}, 40058),
        ({"attachments": link(url="https://example.com/" + "x" * 2029)}, 40058),
        ({"attachments": link(title="")}, 40063),
        ({"attachments": link(url="")}, 40063),
        ({"attachments": link() * 10}, 41064),
        ({"attachments": [{"msgtype": "image", "link": LINK}]}, 41065),
        ({"attachments": [{"msgtype": "poem", "poem": {"x": 1}}]}, 41065),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "m"}}]}, 40007),
        ({"text": {"content": ""}}, 40063),
        ({"text": {}}, 40063),
        ({"text": "hello"}, 40058),
        ({"sender": "Nobody"}, 60111),
        ({"sender": "", "external_userid": []}, 40063),
        ({"external_userid": ["wm"] * 10_001}, 40058),
        ({"external_userid": [1]}, 40058),
        ({"allow_select": "no"}, 40058),
        ({"chat_type": "party"}, 40058),
        ({"chat_type": "group"}, 41048),
        ({"tag_filter": {"group_list": [{"tag_list": ["t"]}]}}, 40068),
    ],
)
def test_what_the_contract_forbids_is_refused(
    stand: Stand, changes: dict[str, object], code: int
) -> None:
    body = {"sender": "ChenYu", "external_userid": stand.customers("ChenYu")[:1], "text": TEXT}
    assert stand.wecom("add_msg_template", **(body | changes))["errcode"] == code
    assert stand.control.tasks() == []


def test_a_link_needs_no_text(stand: Stand) -> None:
    stand.send("ChenYu", stand.customers("ChenYu")[:1], text={}, attachments=link())
    assert stand.control.tasks()[0].link_url == LINK["url"]
