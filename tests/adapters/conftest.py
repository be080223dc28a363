from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from adapters.wecom.client import WecomClient
from tests.adapters.loopback import Loopback
from tests.adapters.wecom_script import WecomScript


@pytest.fixture
def server() -> Iterator[Loopback]:
    loopback = Loopback()
    yield loopback
    loopback.close()


@pytest.fixture
def wecom(server: Loopback) -> WecomScript:
    script = WecomScript()
    server.script = script
    return script


@pytest.fixture
def connect(server: Loopback) -> Iterator[Callable[..., WecomClient]]:
    """Return a way to open clients of `server`; they do not wait between attempts."""
    with ExitStack() as opened:

        def open_client(**changed: object) -> WecomClient:
            options = {
                "base_url": server.url,
                "corp_id": "ww1",
                "secret": "s3cret",
                "timeout_seconds": 5.0,
                "sleep": lambda _: None,
                **changed,
            }
            return opened.enter_context(WecomClient(**options))  # type: ignore[arg-type]

        yield open_client


@pytest.fixture
def client(connect: Callable[..., WecomClient]) -> WecomClient:
    return connect()
