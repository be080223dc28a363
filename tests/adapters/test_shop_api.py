import socket

import pytest

from schemas.enums import Entity
from schemas.errors import SourceError
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.shops import MEMBER, answers, page, read, shop, shop_at


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_shop_is_asked_again(server: Loopback, status: int) -> None:
    waits: list[float] = []
    server.script = answers(Answer(status=status), page("members", MEMBER))
    assert len(read(shop(server, waits), Entity.MEMBER)) == 1
    assert len(waits) == 1
    assert 0 < waits[0] < 2


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "86400"}, 60.0),
        (
            {
                "Retry-After": "Sun, 01 Mar 2026 08:00:09 GMT",
                "Date": "Sun, 01 Mar 2026 08:00:00 GMT",
            },
            9.0,
        ),
    ],
)
def test_the_shop_says_how_long_to_wait(
    server: Loopback, headers: dict[str, str], wait: float
) -> None:
    waits: list[float] = []
    server.script = answers(Answer(status=429, headers=headers), page("members"))
    read(shop(server, waits), Entity.MEMBER)
    assert waits == [wait]


@pytest.mark.parametrize("asked", ["soon", "Sun, 01 Mar 2026 08:00:09 GMT", "-5", ""])
def test_a_wish_to_wait_that_cannot_be_read_is_ours_to_choose(server: Loopback, asked: str) -> None:
    waits: list[float] = []
    busy = Answer(status=503, headers={"Retry-After": asked})
    server.script = answers(busy, page("members"))
    read(shop(server, waits), Entity.MEMBER)
    assert waits[0] < 2


def test_attempts_are_bounded(server: Loopback) -> None:
    server.script = answers(Answer(status=503))
    with pytest.raises(SourceError, match="503"):
        read(shop(server), Entity.MEMBER)
    assert len(server.requests) == 5


def test_an_answer_cut_short_is_asked_again(server: Loopback) -> None:
    cut = Answer(b'{"members"', headers={"Content-Length": "99"})
    server.script = answers(cut, page("members", MEMBER))
    assert len(read(shop(server), Entity.MEMBER)) == 1


def test_an_unreachable_shop_is_a_source_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(SourceError, match="ConnectError"):
            read(shop_at(url), Entity.MEMBER)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_names_the_variable_to_set(server: Loopback, status: int) -> None:
    server.script = answers(Answer(status=status))
    with pytest.raises(SourceError, match="RUNWU_SOURCES_SHOP_"):
        read(shop(server), Entity.MEMBER)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>"),
        Answer([]),
        Answer({"members": []}),
        Answer({"members": {}, "next_cursor": None}),
        Answer({"next_cursor": None}),
        Answer({"members": [], "next_cursor": 7}),
        Answer(b"[" * 100_000),
        Answer(status=404),
        Answer(status=302, headers={"Location": "/elsewhere"}),
    ],
)
def test_a_malformed_answer_is_a_source_error(server: Loopback, answer: Answer) -> None:
    server.script = answers(answer)
    with pytest.raises(SourceError):
        read(shop(server), Entity.MEMBER)
    assert len(server.requests) == 1


def test_a_repeated_cursor_ends_in_an_error(server: Loopback) -> None:
    server.script = answers(
        page("members", cursor="a"), page("members", cursor="b"), page("members", cursor="a")
    )
    with pytest.raises(SourceError, match="cursor"):
        read(shop(server), Entity.MEMBER)
