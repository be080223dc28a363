import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from adapters.wecom.client import WecomClient
from schemas.errors import (
    ChannelError,
    ConfigurationError,
    NotSent,
    Rejected,
    RunwuError,
    Unknown,
)
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.wecom_script import WecomScript, error

SEND = "externalcontact/add_msg_template"
READ = "externalcontact/get_groupmsg_task"
Connect = Callable[..., WecomClient]


def test_a_token_is_fetched_once_for_many_calls(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_groupmsg_task", {})
    client.call("POST", READ, json={})
    client.call("POST", READ, json={})
    assert server.paths().count("gettoken") == 1


@pytest.mark.parametrize("code", [40014, 42001, 40001])
def test_a_revoked_token_is_replaced_and_the_call_repeated(
    client: WecomClient, wecom: WecomScript, server: Loopback, code: int
) -> None:
    wecom.answer("add_msg_template", {"msgid": "m1"})
    wecom.invalid_code = code
    client.call("POST", SEND, json={})
    wecom.revoke()
    assert client.call("POST", SEND, json={})["msgid"] == "m1"
    assert server.paths().count("gettoken") == 2


@pytest.mark.parametrize(("code", "kind"), [(42001, NotSent), (40001, ConfigurationError)])
def test_a_token_refused_twice_stops_the_call(
    client: WecomClient,
    wecom: WecomScript,
    server: Loopback,
    code: int,
    kind: type[RunwuError],
) -> None:
    wecom.answer("add_msg_template", error(code))
    with pytest.raises(kind):
        client.call("POST", SEND, json={})
    assert server.paths() == ["gettoken", "add_msg_template", "gettoken", "add_msg_template"]


def test_a_wrong_secret_is_asked_only_once(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.secret_refused = 40001
    for _ in range(3):
        with pytest.raises(ConfigurationError, match="RUNWU_WECOM_SECRET"):
            client.call("POST", SEND, json={})
    assert server.paths() == ["gettoken"]


def test_a_token_is_renewed_before_it_expires(
    connect: Connect, wecom: WecomScript, server: Loopback
) -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    wecom.answer("get_groupmsg_task", {})
    client = connect(clock=lambda: now[0])
    client.call("POST", READ, json={})
    now[0] += timedelta(seconds=7200 - 299)
    client.call("POST", READ, json={})
    assert server.paths().count("gettoken") == 2


def test_threads_share_one_fetch_and_one_replacement(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_groupmsg_task", {})
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.call("POST", READ, json={}), range(24)))
        assert server.paths().count("gettoken") == 1
        wecom.revoke()
        list(threads.map(lambda _: client.call("POST", READ, json={}), range(24)))
    assert server.paths().count("gettoken") == 2


def test_a_late_failure_does_not_replace_a_fresh_token(
    client: WecomClient, wecom: WecomScript
) -> None:
    stale = client._tokens.current()
    fresh = client._tokens.instead_of(stale)
    assert client._tokens.instead_of(stale) == fresh
    assert wecom.tokens == 2


def test_no_token_means_a_send_reached_nobody(client: WecomClient, server: Loopback) -> None:
    server.script = lambda _: Answer(b"<html>bad gateway</html>", 502)
    with pytest.raises(NotSent):
        client.call("POST", SEND, json={})
    assert set(server.paths()) == {"gettoken"}


def test_a_send_that_times_out_reading_is_unknown_and_made_once(
    connect: Connect, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("add_msg_template", Answer(silent=True))
    client = connect(timeout_seconds=0.3)
    with pytest.raises(Unknown):
        client.call("POST", SEND, json={})
    assert server.paths().count("add_msg_template") == 1


def test_a_refused_connection_reached_nobody(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = connect(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(NotSent):
            client.call("POST", SEND, json={})


def test_a_connection_refused_after_the_token_reached_nobody(
    connect: Connect, wecom: WecomScript
) -> None:
    client = connect()
    client._tokens.current()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client._http.base_url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(NotSent):
            client.call("POST", SEND, json={})
    assert wecom.tokens == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>"),
        Answer({"errcode": 0, "msgid": "m"}, 503),
        Answer([]),
        Answer({"errcode": "0"}),
        Answer({}),
        Answer(b"{}", headers={"Content-Length": "999"}),
        error(-1),
    ],
)
def test_a_send_without_a_clear_answer_is_unknown_and_made_once(
    client: WecomClient, wecom: WecomScript, server: Loopback, answer: Answer
) -> None:
    wecom.answer("add_msg_template", answer)
    with pytest.raises(Unknown):
        client.call("POST", SEND, json={})
    assert server.paths().count("add_msg_template") == 1


@pytest.mark.parametrize(
    "trouble", [error(-1), error(45033), Answer(b"oops", 500), Answer(b"{", 200)]
)
def test_a_read_is_repeated_until_it_answers(
    client: WecomClient, wecom: WecomScript, trouble: Answer
) -> None:
    wecom.answer("get_groupmsg_task", trouble, trouble, trouble, {"task_list": []})
    assert client.call("POST", READ, json={})["task_list"] == []


@pytest.mark.parametrize("trouble", [error(-1), error(45033), Answer(b"oops", 500)])
def test_a_read_gives_up_after_three_repetitions(
    client: WecomClient, wecom: WecomScript, server: Loopback, trouble: Answer
) -> None:
    wecom.answer("get_groupmsg_task", trouble)
    with pytest.raises(NotSent):
        client.call("POST", READ, json={})
    assert server.paths().count("get_groupmsg_task") == 4


@pytest.mark.parametrize(("code", "kind"), [(45009, NotSent), (45033, NotSent), (41048, Rejected)])
def test_a_refused_send_is_made_once(
    client: WecomClient,
    wecom: WecomScript,
    server: Loopback,
    code: int,
    kind: type[ChannelError],
) -> None:
    wecom.answer("add_msg_template", error(code))
    with pytest.raises(kind) as caught:
        client.call("POST", SEND, json={})
    assert caught.value.code == code
    assert server.paths().count("add_msg_template") == 1


def test_neither_token_nor_secret_is_logged_or_told(
    client: WecomClient, wecom: WecomScript, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wecom.answer("add_msg_template", error(41048))
    with pytest.raises(Rejected) as caught:
        client.call("POST", SEND, json={})
    told = caplog.text + repr(caught.value)
    assert "HTTP Request" in told
    assert "token-1" not in told
    assert "s3cret" not in told


def test_a_repeated_cursor_ends_in_an_error(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_groupmsg_task", {"next_cursor": "again"})
    with pytest.raises(NotSent, match="cursor"):
        list(client.paged(READ, {}))


@pytest.mark.parametrize(
    "url", ["", "sandbox", "ftp://x", "https://", "http://x/?a=1", "http://e.com:port"]
)
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        WecomClient(url, "ww1", "s", 1.0)
