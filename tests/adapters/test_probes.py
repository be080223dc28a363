"""Asking whether something answers: once, briefly, and with the sentence that reading ends in."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.wecom.client import READ_ATTEMPTS, WecomClient
from adapters.wecom.contacts import WecomContacts
from adapters.wecom.errors import BUSY
from schemas.errors import ConfigurationError, SourceError
from tests.adapters.file.files import GOOD, csv, source
from tests.adapters.loopback import Answer, Loopback
from tests.adapters.shops import answers, page, shop
from tests.adapters.wecom_script import WecomScript, error

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_shop_is_asked_for_nothing_and_nobody(server: Loopback) -> None:
    server.script = answers(page("members"), page("orders"))
    asyncio.run(shop(server).probe(AT))
    assert server.paths() == ["members", "orders"]
    for request in server.requests:
        assert request.query == {
            "updated_from": AT.isoformat(),
            "updated_until": AT.isoformat(),
            "limit": "1",
        }


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=401), "refuses our credentials"),
        (Answer(status=404), "check base_url"),
        (Answer(b"<html>"), "is no JSON"),
        (Answer({"members": {}}), "lacks a list"),
    ],
)
def test_a_shop_that_cannot_be_read_is_found_out(
    server: Loopback, answer: Answer, told: str
) -> None:
    server.script = answers(answer)
    with pytest.raises(SourceError, match=told):
        asyncio.run(shop(server).probe(AT))


def test_a_busy_shop_is_not_waited_for(server: Loopback) -> None:
    server.script = answers(Answer(status=429, headers={"Retry-After": "60"}))
    waits: list[float] = []
    with pytest.raises(SourceError, match=r"did not answer \(HTTP 429\); check base_url"):
        asyncio.run(shop(server, waits).probe(AT))
    assert (waits, len(server.requests)) == ([], 1)


def test_wecom_is_asked_who_follows_customers(client: WecomClient, wecom: WecomScript) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": ["li"]})
    asyncio.run(WecomContacts(client).probe(AT))
    assert wecom.tokens == 1


def test_a_wrong_secret_is_tried_once(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.secret_refused = 40001
    with pytest.raises(ConfigurationError, match="RUNWU_WECOM_SECRET"):
        asyncio.run(WecomContacts(client).probe(AT))
    assert server.paths() == ["gettoken"]


def test_a_busy_wecom_is_not_asked_again(
    client: WecomClient, wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_follow_user_list", error(BUSY))
    with pytest.raises(SourceError, match="the system is busy"):
        asyncio.run(WecomContacts(client).probe(AT))
    assert server.paths() == ["gettoken", "get_follow_user_list"]


def test_reading_stays_patient_after_a_probe(
    connect: Callable[..., WecomClient], wecom: WecomScript, server: Loopback
) -> None:
    wecom.answer("get_follow_user_list", {"follow_user": []})
    client = connect()
    client.probe("externalcontact/get_follow_user_list")
    wecom.answers.clear()
    wecom.answer("get_follow_user_list", error(BUSY))
    before = len(server.requests)
    with pytest.raises(Exception, match="busy"):
        client.call("GET", "externalcontact/get_follow_user_list")
    assert len(server.requests) - before == 1 + READ_ATTEMPTS


def test_a_file_is_looked_at_without_being_read_through(tmp_path: Path) -> None:
    asyncio.run(source(csv(tmp_path, {}, {"time": "not a time"})).probe(AT))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no file"),
        (",".join(name for name in GOOD if name != "price"), "has no column 'price'"),
    ],
)
def test_a_file_that_cannot_be_read_is_found_out(
    tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "till.csv"
    if content is not None:
        path.write_text(f"{content}\n")
    with pytest.raises(SourceError, match=told):
        asyncio.run(source(path).probe(AT))
