"""A declared interface over real HTTP: who asks, which pages, for which window, and what fails."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.enums import Entity
from schemas.errors import ConfigurationError, SourceError
from schemas.incoming import COLUMNS, Window
from tests.adapters.loopback import Answer
from tests.adapters.reading import pages_of
from tests.adapters.rest.builders import MEMBER, PAGE, SECRETS, WAITS, crm
from tests.adapters.rest.stand_in import RestLoopback, RestShop
from tests.adapters.shops import WINDOW

OAUTH = {"kind": "oauth_client_credentials", "token_url": "set below", "scope": "orders"}
PAGED: dict[str, dict[str, Any]] = {
    "page": {"path": "by-page", "records": "data.items", "paging": PAGE},
    "offset": {"path": "by-offset", "records": "items", "paging": {**PAGE, "kind": "offset"}},
    "cursor": {
        "path": "by-cursor",
        "records": "items",
        "paging": {
            "kind": "cursor",
            "next": "next",
            "param": "after",
            "more": "has_more",
            "size_param": "size",
            "size": 20,
        },
    },
    "link": {"path": "by-link", "paging": {"kind": "link", "size_param": "size", "size": 20}},
    "link in the body": {
        "path": "by-next",
        "records": "items",
        "paging": {"kind": "link", "next": "next", "size_param": "size", "size": 20},
    },
    "none": {"path": "all"},
}


@pytest.fixture
def server() -> Iterator[RestLoopback]:
    loopback = RestLoopback()
    loopback.script = RestShop({"id": number, "opted_in": True} for number in range(50))
    yield loopback
    loopback.close()


def shop_in(server: RestLoopback) -> RestShop:
    assert isinstance(server.script, RestShop)
    return server.script


def read(
    server: RestLoopback, member: dict[str, Any], window: Window = WINDOW, **changed: Any
) -> list[str]:
    source = crm(server.url, {"member": {**MEMBER, **member}}, **changed)
    at = COLUMNS[Entity.MEMBER].index("key")
    return [row[at] for page in pages_of(source, Entity.MEMBER, window) for row in page.rows]


def everybody(count: int = 50) -> list[str]:
    return [str(number) for number in range(count)]


@pytest.mark.parametrize(
    ("method", "paging"),
    [("GET", paging) for paging in PAGED]
    + [("POST", paging) for paging in PAGED if not paging.startswith("link")],
)
def test_every_way_of_paging_brings_everybody_once(
    server: RestLoopback, method: str, paging: str
) -> None:
    assert read(server, PAGED[paging] | {"method": method}) == everybody()
    sent = [request.body if method == "POST" else request.query for request in server.requests]
    assert all(asked.get("sort") == "id" for asked in sent) == (paging in ("page", "offset"))


@pytest.mark.parametrize("paging", PAGED)
def test_an_empty_set_is_one_empty_page(server: RestLoopback, paging: str) -> None:
    shop_in(server).records.clear()
    assert read(server, PAGED[paging]) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("paging", [paging for paging in PAGED if paging != "none"])
def test_a_cursor_goes_on_behind_its_page(server: RestLoopback, paging: str) -> None:
    source = crm(server.url, {"member": {**MEMBER, **PAGED[paging]}})
    first, *_, last = pages_of(source, Entity.MEMBER, WINDOW)
    assert last.cursor is None
    at = COLUMNS[Entity.MEMBER].index("key")
    rest = pages_of(source, Entity.MEMBER, WINDOW, first.cursor)
    assert [row[at] for page in rest for row in page.rows] == everybody()[20:]


@pytest.mark.parametrize(
    ("format_", "since", "until"),
    [
        ("iso8601", "2026-03-01T00:00:00+00:00", "2026-03-02T00:00:00.400000+00:00"),
        ("epoch_seconds", "1772323200", "1772409601"),
        ("epoch_milliseconds", "1772323200000", "1772409600400"),
        ("%Y-%m-%d %H:%M:%S", "2026-03-01 08:00:00", "2026-03-02 08:00:01"),
    ],
)
def test_a_window_is_asked_for_as_declared(
    server: RestLoopback, format_: str, since: str, until: str
) -> None:
    server.script = lambda _: Answer([])
    zone = "Asia/Shanghai" if "%" in format_ else "UTC"
    names = {"since": "from", "until": "to", "format": format_, "timezone": zone}
    window = Window(WINDOW.since, datetime(2026, 3, 2, 0, 0, 0, 400_000, tzinfo=UTC))
    read(server, {"window": names, "params": {"expand": True}}, window)
    read(server, {"window": names}, Window(None, window.until))
    first, second = server.requests
    assert first.query == {"from": since, "to": until, "expand": "true"}
    assert second.query == {"to": until}


def test_without_a_filter_of_its_own_records_are_selected_by_their_time(
    server: RestLoopback,
) -> None:
    server.script = lambda _: Answer(
        [
            {"id": 1, "changed": "2026-02-28T23:59:59Z"},
            {"id": 2, "changed": "2026-03-01T00:00:00Z"},
            {"id": 3, "changed": "2026-03-02T00:00:00Z"},
            {"id": 4, "changed": "whenever"},
            {"id": 5},
            "no record",
        ]
    )
    assert read(server, {"changed_at": "changed"}) == ["2", "4", "5", None]


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ({"kind": "none"}, None),
        ({"kind": "bearer"}, "Bearer t0ken&secret"),
        ({"kind": "basic"}, "Basic dTpwYTU1"),
        ({"kind": "header", "name": "Authorization"}, "t0ken&secret"),
    ],
)
def test_credentials_go_where_they_are_declared(
    server: RestLoopback, auth: dict[str, str], shown: str | None
) -> None:
    assert read(server, {}, auth=auth) == everybody()
    assert server.requests[0].authorization == shown


@pytest.mark.parametrize("paging", ["page", "link", "link in the body"])
def test_a_secret_in_the_query_is_sent_and_never_shown(
    server: RestLoopback, paging: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO if paging == "link" else logging.DEBUG)
    auth = {"kind": "query", "name": "key"}
    shop_in(server).faults = [Answer(status=503)]
    source = crm(server.url, {"member": {**MEMBER, **PAGED[paging]}}, auth=auth)
    pages = pages_of(source, Entity.MEMBER, WINDOW)
    assert sum(page.pulled for page in pages) == 50
    assert {request.query["key"] for request in server.requests} == {SECRETS["token"]}
    shop_in(server).faults = [Answer(status=404)]
    with pytest.raises(SourceError) as refused:
        pages_of(source, Entity.MEMBER, WINDOW)
    told = f"{caplog.text} {refused.value!r} {[page.cursor for page in pages]} {vars(source)}"
    assert "HTTP Request" in told
    assert "t0ken" not in told


def test_an_unset_secret_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SECRETS, "client_secret")
    auth = {**OAUTH, "token_url": "http://127.0.0.1:1/token"}
    with pytest.raises(ConfigurationError, match="RUNWU_SOURCES_CRM_CLIENT_SECRET"):
        crm("http://127.0.0.1:1", {"member": MEMBER}, auth=auth)


def test_a_throttled_call_waits_as_asked_and_a_cut_answer_is_asked_again(
    server: RestLoopback,
) -> None:
    shop_in(server).faults = [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(b'{"data": {"items": [', headers={"Content-Length": "999"}),
    ]
    assert read(server, PAGED["page"]) == everybody()
    assert WAITS[0] == 7.0
    assert len(WAITS) == 2


def test_an_answer_that_only_says_busy_is_asked_again(server: RestLoopback) -> None:
    shop_in(server).faults = [Answer({"code": 50001, "msg": "slow down"})]
    assert read(server, PAGED["cursor"], busy="code == `50001`") == everybody()
    assert len(WAITS) == 1


@pytest.mark.parametrize("body", [{"code": 7}, {"items": None}, {"items": {}}, [], 7, "x", None])
def test_an_answer_without_the_list_is_an_error_never_an_empty_page(
    server: RestLoopback, body: object
) -> None:
    shop_in(server).faults = [Answer(body)]
    with pytest.raises(SourceError, match=r"records = 'items'"):
        read(server, PAGED["cursor"])


@pytest.mark.parametrize(
    ("paging", "bodies", "told"),
    [
        ("cursor", [{"items": [1], "next": "a"}, {"items": [2], "next": "a"}], "repeats itself"),
        ("cursor", [{"items": [1], "next": "a"}, {"items": [1], "next": "b"}], "are the same"),
        ("cursor", [{"items": [], "next": {"a": 1}}], "paging.next"),
        ("cursor", [{"items": [], "next": "\ud83d"}], "paging.next"),
        ("link in the body", [{"items": [1], "next": "http://127.0.0.1:1/all"}], "must not go"),
        ("link in the body", [{"items": [1], "next": "//example.com/all"}], "must not go"),
        ("link in the body", [{"items": [1], "next": "http://["}], "must not go"),
        ("link in the body", [{"items": [1], "next": {"a": 1}}], "no address"),
        ("link in the body", [{"items": [1], "next": "\ud83d"}], "base_url"),
    ],
)
def test_paging_that_would_not_end_or_leads_away_is_an_error(
    server: RestLoopback, paging: str, bodies: list[dict[str, Any]], told: str
) -> None:
    shop_in(server).faults = [Answer({"has_more": True, **body}) for body in bodies]
    with pytest.raises(SourceError, match=told):
        read(server, PAGED[paging])


def test_endless_empty_pages_are_an_error(server: RestLoopback) -> None:
    count = iter(range(10**6))
    server.script = lambda _: Answer({"items": [], "next": next(count) + 1, "has_more": True})
    with pytest.raises(SourceError, match="stays empty"):
        read(server, PAGED["cursor"])


def test_a_total_that_is_no_number_is_an_error(server: RestLoopback) -> None:
    server.script = lambda _: Answer({"items": [{"id": 1}], "count": "many"})
    paging = {**PAGE, "kind": "offset", "total": "count"}
    with pytest.raises(SourceError, match=r"paging\.total"):
        read(server, PAGED["offset"] | {"paging": paging})


@pytest.mark.parametrize("client_auth", ["body", "header"])
def test_a_token_is_fetched_once_and_renewed_when_it_expires_in_mid_run(
    server: RestLoopback, client_auth: str
) -> None:
    shop = shop_in(server)
    shop.open = False
    shop.between = lambda: setattr(shop, "tokens", shop.tokens + (len(server.requests) == 3))
    auth = {**OAUTH, "token_url": f"{server.url}/token", "client_auth": client_auth}
    assert read(server, PAGED["cursor"], auth=auth) == everybody()
    assert server.paths().count("token") == 2
    assert len(server.requests) == 3 + 2 + 1  # pages, tokens, the one refused
    form = {"grant_type": "client_credentials", "scope": "orders"}
    in_body = {"client_id": "id1", "client_secret": SECRETS["client_secret"]}
    assert shop.forms[0] == (form | in_body if client_auth == "body" else form)
    asked = next(request for request in server.requests if request.path == "/token")
    assert bool(asked.authorization) == (client_auth == "header")


def test_a_token_outlives_one_reading(server: RestLoopback) -> None:
    shop_in(server).open = False
    auth = {**OAUTH, "token_url": f"{server.url}/token"}
    source = crm(server.url, {"member": {**MEMBER, **PAGED["none"]}}, auth=auth)
    for _ in range(2):
        pages_of(source, Entity.MEMBER, WINDOW)
    assert server.paths().count("token") == 1


def test_a_source_that_refuses_every_token_is_an_error(server: RestLoopback) -> None:
    shop = shop_in(server)
    shop.open = False
    shop._token = lambda request: Answer({"access_token": "never"})  # type: ignore[method-assign] # noqa: ARG005
    auth = {**OAUTH, "token_url": f"{server.url}/token"}
    with pytest.raises(SourceError, match="RUNWU_SOURCES_CRM_"):
        read(server, PAGED["none"], auth=auth)
    assert len(server.requests) == 4


def test_probing_asks_each_entity_once_and_tells_what_reading_would(server: RestLoopback) -> None:
    entities = {"member": {**MEMBER, **PAGED["page"]}, "store": {**PAGED["link"], **STORE}}
    asyncio.run(crm(server.url, entities).probe(WINDOW.until))
    assert server.paths() == ["by-link", "by-page"]
    shop_in(server).faults = [Answer(status=503)]
    with pytest.raises(SourceError, match="503"):
        asyncio.run(crm(server.url, entities).probe(WINDOW.until))


STORE: dict[str, Any] = {"columns": {"key": "id", "name": "name"}}


def test_what_is_declared_is_what_there_is() -> None:
    source = crm("http://127.0.0.1:1", {"store": {"path": "s", **STORE}, "member": MEMBER})
    assert source.entities == (Entity.STORE, Entity.MEMBER)
    with pytest.raises(ValueError, match="benefit"):
        pages_of(source, Entity.BENEFIT, WINDOW)
