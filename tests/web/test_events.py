"""Events posted to a real server over a real database."""

import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from schemas.clock import now
from store.database import engine
from tasks import inbox
from tests.builders import rows
from tests.conftest import database_of, fresh_name
from web.app import create_app
from web.events import MOST_BYTES
from web.server import listener, server

SECRET, OLD_SECRET = "s-of-the-till", "s-of-last-year"
DOORS = {"till": (SECRET, OLD_SECRET)}
NOWHERE = "postgresql://nobody@127.0.0.1:9/none"
EVENT = {"key": "e1", "member_key": "m1", "kind": "visit", "at": "2026-03-02T09:00:00+08:00"}

_KEPT = "SELECT content, received_at FROM inbox WHERE source = 'till' AND key = :key"
_numbers = count(1)


@contextmanager
def serving(database: Engine) -> Iterator[str]:
    app = create_app(DOORS, partial(inbox.keep, database), partial(inbox.can_keep, database))
    with listener(0) as listening:
        running = server(app)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def kept_in(server_url: str, template: str) -> Iterator[Engine]:
    """One database for the module: every event has a key of its own."""
    with database_of(server_url, fresh_name(), template) as url:
        yield engine(url)


@pytest.fixture(scope="module")
def url(kept_in: Engine) -> Iterator[str]:
    with serving(kept_in) as address:
        yield address


def fresh(**told: Any) -> dict[str, Any]:
    return {**EVENT, "key": f"e{next(_numbers)}", **told}


def v1(body: bytes, secret: str = SECRET, *, at: int | None = None) -> str:
    seconds = str(at if at is not None else int(now().timestamp()))
    return f"t={seconds},v1=" + _hex(secret, seconds, body)


def _hex(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def post(url: str, body: object, header: str | None = None, source: str = "till") -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = v1(raw) if header is None else header
    return httpx.post(
        f"{url}/events/{source}",
        content=raw,
        headers=[(b"X-Runwu-Signature", signed.encode())] if signed else [],
        trust_env=False,
        timeout=30,
    )


def counts(answer: httpx.Response) -> tuple[int, dict[str, int]]:
    return answer.status_code, answer.json()


def exactly(value: object) -> object:
    """Return a value whose numbers compare as written, 1e16 and 10000000000000000 alike."""
    return json.loads(json.dumps(value), parse_float=Decimal, parse_int=Decimal)


def test_a_signed_event_is_kept_as_it_was_told(url: str, kept_in: Engine) -> None:
    event = fresh(subject="手冲 ☕", noted={"table": 7, "guests": [1.5, None, True]})
    assert counts(post(url, event)) == (202, {"new": 1})
    assert [row.content for row in rows(kept_in, _KEPT, key=event["key"])] == [event]


def test_what_is_told_again_counts_once_and_what_is_told_anew_replaces_it(
    url: str, kept_in: Engine
) -> None:
    event, other = fresh(), fresh()
    post(url, [event])
    (first,) = rows(kept_in, _KEPT, key=event["key"])
    assert counts(post(url, [event, other])) == (202, {"new": 1})
    assert rows(kept_in, _KEPT, key=event["key"]) == [first]
    assert counts(post(url, {**event, "kind": "booking"})) == (202, {"new": 1})
    (last,) = rows(kept_in, _KEPT, key=event["key"])
    assert last.content["kind"] == "booking"
    assert last.received_at > first.received_at


def test_of_two_with_one_key_in_a_list_the_later_counts(url: str, kept_in: Engine) -> None:
    key = 2**53 + next(_numbers)
    told = [fresh(key=key, subject="a"), fresh(key=str(key), subject="b")]
    assert counts(post(url, told)) == (202, {"new": 1})
    assert [row.content["subject"] for row in rows(kept_in, _KEPT, key=str(key))] == ["b"]


def test_any_of_several_secrets_signs_and_any_of_several_signatures(url: str) -> None:
    body = json.dumps(fresh()).encode()
    assert post(url, body, v1(body, OLD_SECRET)).status_code == 202
    exchanged = v1(body, "of-next-year") + ", v1=" + v1(body).partition("v1=")[2] + ",v0=x"
    assert post(url, body, exchanged).status_code == 202


Forge = Callable[[bytes], str]
FORGED: dict[str, Forge] = {
    "none": lambda _: "",
    "another's secret": lambda body: v1(body, "guessed"),
    "another body": lambda body: v1(body + b" "),
    "another time": lambda body: v1(body).replace("t=", "t=1"),
    "too old": lambda body: v1(body, at=int(now().timestamp()) - 400),
    "too early": lambda body: v1(body, at=int(now().timestamp()) + 400),
    "two times": lambda body: f"t={int(now().timestamp())}," + v1(body),
    "no time": lambda body: v1(body).partition(",")[2],
    "a time in words": lambda body: "t=now,v1=" + _hex(SECRET, "now", body),
    "no v1": lambda body: v1(body).replace("v1", "v0"),
    "an empty v1": lambda body: v1(body).partition("v1=")[0] + "v1=",
    "Chinese": lambda _: "t=1,v1=润物",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_what_is_not_signed_lately_with_a_secret_of_ours_is_not_kept(
    url: str, kept_in: Engine, forge: Forge
) -> None:
    event = fresh()
    body = json.dumps(event).encode()
    answer = post(url, body, forge(body))
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert rows(kept_in, _KEPT, key=event["key"]) == []


def test_a_source_that_may_not_post_is_not_found(url: str) -> None:
    assert post(url, fresh(), source="shop").status_code == 404


MALFORMED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b'{"key": ', "not JSON"),
    "UTF-16": ('{"key": "u"}'.encode("utf-16"), "not JSON"),
    "no UTF-8": (b'{"key": "\xff"}', "not JSON"),
    "very deep": (b"[" * 200_000, "not JSON"),
    "a long number": (b'{"key": "n", "v": ' + b"9" * 5000 + b"}", "not JSON"),
    "a text": (b'"key"', "event 1 of 1: it is no object"),
    "no key": (b'[{"key": "a"}, {"kind": "visit"}]', 'event 2 of 2: it has no "key"'),
    "key true": (b'{"key": true}', 'no "key"'),
    "key 1.5": (b'{"key": 1.5}', 'no "key"'),
    "blank key": (b'{"key": "  "}', 'no "key"'),
    "long key": (json.dumps({"key": "k" * 201}).encode(), "200 characters"),
    "NaN": (b'[{"key": "a"}, {"key": "b", "v": [NaN]}]', "event 2 of 2: a number"),
    "infinite": (b'{"key": "c", "v": 1e400}', "not finite"),
    "NUL": (rb'{"key": "a\u0000b"}', "NUL"),
    "a NUL below": (rb'{"key": "d", "v": {"\u0000": 1}}', "NUL"),
    "half a pair": (rb'{"key": "e", "v": ["\ud83d"]}', "surrogate"),
    "deep": (b'{"key": "f", "v": ' + b"[" * 40 + b"]" * 40 + b"}", "nested"),
    "too many": (json.dumps([{"key": n} for n in range(1001)]).encode(), "1001 events"),
}


@pytest.mark.parametrize(("body", "told"), MALFORMED.values(), ids=MALFORMED.keys())
def test_what_cannot_be_kept_is_refused_whole_with_its_place(
    url: str, kept_in: Engine, body: bytes, told: str
) -> None:
    before = rows(kept_in, "SELECT count(*) FROM inbox")
    answer = post(url, body)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert rows(kept_in, "SELECT count(*) FROM inbox") == before


@hypothesis_settings(max_examples=25)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_is_told_is_kept_as_it_is_or_refused(
    url: str, kept_in: Engine, value: object
) -> None:
    event = fresh(told=value)
    answer = post(url, event)
    found = [exactly(row.content) for row in rows(kept_in, _KEPT, key=event["key"])]
    assert (answer.status_code, found) in [(202, [exactly(event)]), (422, [])]


@pytest.mark.parametrize("told_in_advance", [True, False])
def test_a_body_beyond_the_bound_is_refused(url: str, *, told_in_advance: bool) -> None:
    whole = b" " * (MOST_BYTES + 1)
    parts = (whole[n : n + 65536] for n in range(0, len(whole), 65536))
    content = whole if told_in_advance else parts
    answer = httpx.post(
        f"{url}/events/till",
        content=content,
        headers={"X-Runwu-Signature": v1(whole)},
        trust_env=False,
    )
    assert answer.status_code == 413


def test_a_body_of_just_the_bound_is_taken(url: str) -> None:
    body = json.dumps(fresh()).encode().ljust(MOST_BYTES)
    assert post(url, body).status_code == 202


def test_who_hangs_up_in_the_middle_harms_nobody_and_is_no_fault_of_ours(
    url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "handlers", [caplog.handler])
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(b"POST /events/till HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    assert post(url, fresh()).status_code == 202
    assert caplog.records == []


def test_it_is_well_while_the_database_is(url: str) -> None:
    answer = httpx.get(f"{url}/health", trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})


def test_without_a_database_a_sender_is_asked_to_try_again() -> None:
    with serving(engine(NOWHERE)) as address:
        answer = post(address, fresh())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert httpx.get(f"{address}/health", trust_env=False).status_code == 503
