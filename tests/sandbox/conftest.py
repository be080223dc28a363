"""The stand-ins on a free port, and the clients that talk to them."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
import uvicorn

from sandbox.calendar import ZONE
from sandbox.control import Control
from sandbox.server import listener, server
from sandbox.world import Options

MORNING = datetime(2026, 3, 2, 9, 10, tzinfo=ZONE)
TEXT = {"content": "您好,您常喝的豆子快喝完了吧?"}

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # spares every client reading certificates

Answer = dict[str, Any]


@dataclass
class Stand:
    """A running world: its control, and calls as a client of the shop and of WeCom makes them."""

    control: Control
    http: httpx.Client
    token: str = ""

    def shop(self, entity: str, **params: object) -> Answer:
        """Return one page of the shop."""
        given = {name: str(value) for name, value in params.items()}
        answer: Answer = self.http.get(f"/shop/{entity}", params=given).raise_for_status().json()
        return answer

    def all_rows(self, entity: str, **params: object) -> list[Answer]:
        """Return the rows of all pages."""
        page = self.shop(entity, **params)
        rows: list[Answer] = page[entity]
        while page["next_cursor"]:
            page = self.shop(entity, cursor=page["next_cursor"], **params)
            rows += page[entity]
        return rows

    def sign_in(self) -> None:
        """Fetch a token for the calls to come."""
        params = {"corpid": "ww-sandbox", "corpsecret": "sandbox-secret"}
        answer = self.http.get("/wecom/cgi-bin/gettoken", params=params).json()
        self.token = answer["access_token"]

    def wecom(self, name: str, **body: object) -> Answer:
        """Return the answer of an endpoint under externalcontact."""
        path = f"/wecom/cgi-bin/externalcontact/{name}"
        params = {"access_token": self.token}
        reply = self.http.post(path, params=params, json=body)
        assert reply.status_code == 200
        answer: Answer = reply.json()
        return answer

    def customers(self, userid: str) -> list[str]:
        """Return an employee's customers, first page."""
        answer = self.wecom("batch/get_by_user", userid_list=[userid], limit=100)
        rows = answer["external_contact_list"]
        return [row["external_contact"]["external_userid"] for row in rows]

    def send(self, sender: str, recipients: list[str], **more: object) -> str:
        """Create a task and return its msgid."""
        body = {"sender": sender, "external_userid": recipients, "text": TEXT} | more
        answer = self.wecom("add_msg_template", **body)
        assert answer["errcode"] == 0, answer
        return str(answer["msgid"])

    def statuses(self, msgid: str, userid: str) -> list[int]:
        """Return the statuses of an employee's rows."""
        answer = self.wecom("get_groupmsg_send_result", msgid=msgid, userid=userid)
        assert answer["errcode"] == 0, answer
        return [row["status"] for row in answer["send_list"]]


Start = Callable[[Options], Stand]


Running = list[tuple[uvicorn.Server, threading.Thread]]


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    """Keep the servers of all tests, and wait at the end until every one has stopped."""
    servers: Running = []
    yield servers
    for _, thread in servers:
        thread.join()


@pytest.fixture
def start(running: Running) -> Iterator[Start]:
    """Start worlds of one's own; they are told to stop after the test."""
    before = len(running)
    clients: list[httpx.Client] = []

    def begin(options: Options) -> Stand:
        listening, serving = listener(0), server(options)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=serving.run, args=([listening],))
        thread.start()
        running.append((serving, thread))
        while not serving.started:
            time.sleep(0.002)
        headers = {"authorization": "Bearer sandbox-secret"}
        http = httpx.Client(
            base_url=url, headers=headers, timeout=10, trust_env=False, verify=PLAIN
        )
        clients.append(http)
        return Stand(Control(url), http)

    yield begin
    for client in clients:
        client.close()
    for serving, _ in running[before:]:
        serving.should_exit = True


@pytest.fixture
def stand(start: Start) -> Stand:
    """Return a world of sixty members on a Monday morning, signed in."""
    stand = start(Options(members=60))
    stand.control.set_clock(MORNING)
    stand.sign_in()
    return stand


@pytest.fixture
def crowd(start: Start) -> Stand:
    """Return a world of three hundred adopted customers on a Monday morning, signed in."""
    stand = start(Options(adopt=tuple(f"log:{n}" for n in range(300))))
    stand.control.set_clock(MORNING)
    stand.sign_in()
    return stand
