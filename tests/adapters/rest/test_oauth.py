"""Client credentials: one token for all calls, renewed in time, and told apart when refused."""

import asyncio
import base64
from collections.abc import Callable

import httpx
import pytest

from adapters.sources.http import Busy
from adapters.sources.rest.oauth import ClientCredentials
from schemas.errors import SourceError

TOKEN_URL = "https://login.example/token"  # noqa: S105 - an address
Service = Callable[[int], httpx.Response]


def issued(number: int) -> httpx.Response:
    return httpx.Response(200, json={"access_token": f"t{number}", "expires_in": 3600})


class Api:
    """A token service and an interface behind it that accepts the last `good` token only."""

    def __init__(self, service: Service = issued) -> None:
        self.service = service
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.good: str | None = None
        self.now = 0.0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        if request.url == TOKEN_URL:
            self.tokens += 1
            return self.service(self.tokens)
        shown = request.headers["Authorization"]
        refused = self.good is not None and shown != f"Bearer {self.good}"
        return httpx.Response(401 if refused else 200, text=shown)

    def auth(self) -> ClientCredentials:
        return ClientCredentials("crm", TOKEN_URL, "id1", "s3cret", clock=lambda: self.now)


def client(api: Api, auth: ClientCredentials) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.MockTransport(api), auth=auth, base_url="https://shop.example", timeout=7
    )


def call(api: Api, times: int = 1, auth: ClientCredentials | None = None) -> list[httpx.Response]:
    async def together() -> list[httpx.Response]:
        async with client(api, auth or api.auth()) as http:
            return await asyncio.gather(*[http.get("/orders") for _ in range(times)])

    return asyncio.run(together())


def test_calls_under_way_at_once_share_one_fetch() -> None:
    api = Api()
    assert {response.text for response in call(api, 20)} == {"Bearer t1"}
    assert api.tokens == 1


def test_calls_refused_at_once_share_one_renewal() -> None:
    api, auth = Api(), None
    auth = api.auth()
    call(api, 1, auth)
    api.good = "t2"
    assert {response.status_code for response in call(api, 20, auth)} == {200}
    assert api.tokens == 2


def test_a_token_is_renewed_shortly_before_its_end() -> None:
    api = Api()
    auth = api.auth()
    for now, tokens in [(0.0, 1), (3569.0, 1), (3570.0, 2), (3571.0, 2)]:
        api.now = now
        call(api, 1, auth)
        assert api.tokens == tokens


@pytest.mark.parametrize("lasts", [None, "soon", True, -1, [], "3600"])
def test_a_token_of_unknown_life_is_used_until_it_is_refused(lasts: object) -> None:
    api = Api(lambda n: httpx.Response(200, json={"access_token": f"t{n}", "expires_in": lasts}))
    auth = api.auth()
    call(api, 2, auth)
    assert api.tokens == 1


def test_a_fresh_token_that_is_refused_is_not_tried_for_ever() -> None:
    api = Api()
    api.good = "another"
    (response,) = call(api)
    assert (response.status_code, api.tokens) == (401, 2)


def test_asking_for_a_token_waits_no_longer_than_the_call_that_needs_it() -> None:
    api = Api()
    call(api)
    assert api.asked[0].extensions["timeout"] == api.asked[1].extensions["timeout"]
    assert api.asked[0].extensions["timeout"]["read"] == 7


def test_id_and_secret_travel_as_declared() -> None:
    api = Api()
    in_header = ClientCredentials("crm", TOKEN_URL, "id1", "s3cret", scope="a b", in_header=True)
    call(api, 1, in_header)
    assert api.asked[0].headers["Authorization"] == (
        f"Basic {base64.b64encode(b'id1:s3cret').decode()}"
    )
    assert api.asked[0].content == b"grant_type=client_credentials&scope=a+b"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_token_service_may_be_asked_again(status: int) -> None:
    with pytest.raises(Busy, match=str(status)):
        call(Api(lambda _: httpx.Response(status)))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(400, json={"error": "invalid_client", "id": "id1"}),
        httpx.Response(302, headers={"Location": "https://elsewhere.example"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"access_token": None}),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": "two\r\nlines"}),
        httpx.Response(200, json={"access_token": "三"}),
    ],
)
def test_no_token_is_one_sentence_without_the_secret(answer: httpx.Response) -> None:
    with pytest.raises(SourceError, match=r"sources\.crm: .*token") as refused:
        call(Api(lambda _: answer))
    assert "s3cret" not in str(refused.value)
    assert "id1" not in str(refused.value)


def test_a_failed_fetch_keeps_nobody_waiting() -> None:
    api = Api(lambda n: httpx.Response(503) if n == 1 else issued(n))

    async def one_by_one() -> httpx.Response:
        async with client(api, api.auth()) as http:
            with pytest.raises(Busy):
                await http.get("/orders")
            return await asyncio.wait_for(http.get("/orders"), 5)

    assert asyncio.run(one_by_one()).text == "Bearer t2"
