"""Serving: the port, and one stand-in alone."""

import socket
import threading
import time

import httpx
import pytest
from fastapi.testclient import TestClient

from sandbox.app import Part, create_app
from sandbox.server import serve
from sandbox.world import Options
from schemas.errors import ConfigurationError


def test_a_taken_port_is_told_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} .* RUNWU_SANDBOX_URL"):
            serve(Options(members=1), port)


def test_it_answers_on_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    threading.Thread(target=serve, args=(Options(members=1), port), daemon=True).start()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/sandbox/clock", trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.02)
        else:
            break
    assert answer.status_code == 200


@pytest.mark.parametrize(("only", "absent"), [("shop", "/wecom"), ("wecom", "/shop")])
def test_one_stand_in_can_be_served_alone(only: Part, absent: str) -> None:
    app = create_app(Options(members=1), only)
    paths = {"/shop": "/shop/orders", "/wecom": "/wecom/cgi-bin/gettoken"}
    with TestClient(app) as client:
        statuses = {part: client.get(path).status_code for part, path in paths.items()}
        assert client.get("/sandbox/clock").status_code == 200
    assert statuses[absent] == 404
    assert statuses[f"/{only}"] in {200, 401}
