from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.channels.wecom import WecomChannel, marked
from adapters.wecom.client import WecomClient
from schemas.channel import Link, Parcel, Reached, Result
from schemas.errors import Rejected, Unknown
from schemas.settings import WecomSettings
from tests.adapters.loopback import Loopback
from tests.adapters.wecom_script import WecomScript, error

LINK = Link("会员权益", "看看", "https://example.com/members?from=wecom#top")
PARCEL = Parcel("zhang", ("wm1", "wm2"), "您好", marked(LINK, "d-1"))
SINCE = datetime(2026, 3, 1, 8, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=1)


@pytest.fixture
def channel(client: WecomClient, wecom: WecomScript) -> WecomChannel:
    wecom.answer("add_msg_template", {"msgid": "m1", "fail_list": ["wm2"]})
    return WecomChannel(client, WecomSettings())


def test_a_parcel_becomes_one_task_for_named_recipients(
    channel: WecomChannel, server: Loopback
) -> None:
    receipt = channel.send(PARCEL)
    assert (receipt.msgid, receipt.refused) == ("m1", ("wm2",))
    assert server.requests[-1].body == {
        "chat_type": "single",
        "sender": "zhang",
        "external_userid": ["wm1", "wm2"],
        "allow_select": False,
        "text": {"content": "您好"},
        "attachments": [
            {
                "msgtype": "link",
                "link": {
                    "title": "会员权益",
                    "desc": "看看",
                    "url": "https://example.com/members?from=wecom&m=d-1#top",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    "parcel",
    [
        replace(PARCEL, recipients=()),
        replace(PARCEL, recipients=("wm1", "")),
        replace(PARCEL, sender=""),
        replace(PARCEL, sender=" "),
        replace(PARCEL, link=LINK),
    ],
)
def test_no_call_is_made_without_sender_recipients_or_marker(
    channel: WecomChannel, server: Loopback, parcel: Parcel
) -> None:
    with pytest.raises(ValueError, match=r"parcel|marker"):
        channel.send(parcel)
    assert server.requests == []


@pytest.mark.parametrize(
    "parcel",
    [
        replace(PARCEL, text="润" * 1334),
        replace(PARCEL, text="half \ud83d"),
        replace(PARCEL, link=replace(PARCEL.link, title="润" * 43)),
        replace(PARCEL, link=replace(PARCEL.link, title="")),
        replace(PARCEL, link=replace(PARCEL.link, description="x" * 513)),
        replace(PARCEL, link=replace(PARCEL.link, url=PARCEL.link.url.replace("#", "x" * 2048))),
        replace(PARCEL, recipients=("wm",) * 10_001),
    ],
)
def test_what_is_too_big_is_rejected_before_the_call(
    channel: WecomChannel, server: Loopback, parcel: Parcel
) -> None:
    with pytest.raises(Rejected):
        channel.send(parcel)
    assert server.requests == []


def test_sizes_at_the_limit_pass(channel: WecomChannel) -> None:
    link = marked(Link("润" * 42 + "xx", "x" * 512, "https://example.com/"), "d-1")
    assert channel.send(Parcel("zhang", ("wm1",), "润" * 1333 + "x", link)).msgid == "m1"


def test_a_task_without_msgid_may_exist(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("add_msg_template", {"fail_list": []})
    with pytest.raises(Unknown):
        WecomChannel(client, WecomSettings()).send(PARCEL)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://e.com", "https://e.com?m=d-1"),
        ("https://e.com/a?x=%20y&z", "https://e.com/a?x=%20y&z&m=d-1"),
        ("https://e.com/a?m=old&x=1#f?m=2", "https://e.com/a?x=1&m=d-1#f?m=2"),
        ("https://e.com/?", "https://e.com/?m=d-1"),
    ],
)
def test_a_marker_leaves_the_rest_of_the_url_alone(url: str, expected: str) -> None:
    assert marked(replace(LINK, url=url), "d-1").url == expected


def test_a_marker_is_quoted() -> None:
    assert marked(LINK, "a&b=c").url.endswith("?from=wecom&m=a%26b%3Dc#top")


def _task(msgid: str, *urls: str) -> dict[str, Any]:
    attachments = [{"msgtype": "link", "link": {"title": "t", "url": url}} for url in urls]
    return {"msgid": msgid, "create_time": "1772352000", "attachments": attachments}


def test_a_marker_is_found_on_a_later_page_by_its_exact_value(
    channel: WecomChannel, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer(
        "get_groupmsg_list_v2",
        {
            "group_msg_list": [
                _task("m1", "https://e.com/?m=d-10"),
                _task("m2", "https://e.com/d-1?x=d-1"),
                _task("m3", "http://["),
                {"msgid": "m4", "text": {"content": "d-1"}},
            ],
            "next_cursor": "c1",
        },
        {"group_msg_list": [_task("m5", "https://e.com/?m=d-1")], "next_cursor": ""},
    )
    assert channel.find("d-1", SINCE, UNTIL) == "m5"
    assert [request.body["cursor"] for request in server.requests[1:]] == ["", "c1"]


def test_a_marker_nobody_bears_is_not_found(channel: WecomChannel, wecom: WecomScript) -> None:
    wecom.answer("get_groupmsg_list_v2", {"group_msg_list": []})
    assert channel.find("d-1", SINCE, UNTIL) is None


def test_a_long_span_is_asked_in_pieces_without_gaps(
    channel: WecomChannel, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_groupmsg_list_v2", {"group_msg_list": []})
    channel.find("d-1", SINCE - timedelta(days=70), SINCE)
    spans = [(r.body["start_time"], r.body["end_time"]) for r in server.requests[1:]]
    assert len(spans) == 3
    assert all(end - start <= 30 * 86400 for start, end in spans)
    assert [start for start, _ in spans[:-1]] == [end for _, end in spans[1:]]
    assert spans[0][1] == SINCE.timestamp()


def test_progress_tells_each_outcome(channel: WecomChannel, wecom: WecomScript) -> None:
    wecom.answer(
        "get_groupmsg_task",
        {"task_list": [{"userid": "li", "status": 0}], "next_cursor": "c"},
        {"task_list": [{"userid": "Zhang", "status": 2, "send_time": 1}]},
    )
    wecom.answer(
        "get_groupmsg_send_result",
        {"send_list": [{"external_userid": "a", "status": 0}], "next_cursor": "c"},
        {
            "send_list": [
                {"external_userid": "b", "status": 1, "send_time": 1772352000},
                {"external_userid": "c", "status": 2},
                {"external_userid": "d", "status": 3},
                {"external_userid": "e", "status": 9},
            ]
        },
    )
    progress = channel.progress("m1", "zhang")
    assert progress is not None
    assert progress.confirmed
    assert progress.results == (
        Result("a", Reached.WAITING),
        Result("b", Reached.SENT, datetime(2026, 3, 1, 8, tzinfo=UTC)),
        Result("c", Reached.NOT_FRIEND),
        Result("d", Reached.CAPPED),
        Result("e", Reached.WAITING),
    )


def test_another_employees_confirmation_is_not_the_senders(
    channel: WecomChannel, wecom: WecomScript
) -> None:
    wecom.answer("get_groupmsg_task", {"task_list": [{"userid": "li", "status": 2}]})
    wecom.answer("get_groupmsg_send_result", {"send_list": []})
    progress = channel.progress("m1", "zhang")
    assert progress is not None
    assert not progress.confirmed


@pytest.mark.parametrize("call", ["get_groupmsg_task", "get_groupmsg_send_result"])
def test_a_task_being_set_up_has_no_progress_yet(
    channel: WecomChannel, wecom: WecomScript, call: str
) -> None:
    wecom.answer(call, error(41063))
    wecom.answer("get_groupmsg_task", {"task_list": []})
    assert channel.progress("m1", "zhang") is None


def test_cancelling_twice_is_fine(channel: WecomChannel, wecom: WecomScript) -> None:
    wecom.answer("cancel_groupmsg_send", {}, error(41093), error(41047))
    channel.cancel("m1")
    channel.cancel("m1")
    with pytest.raises(Rejected):
        channel.cancel("m1")
