"""A real HTTP server on the loopback whose answers a test scripts."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    path: str
    query: dict[str, str]
    body: Any
    authorization: str | None


@dataclass(frozen=True)
class Answer:
    body: object = None  # bytes go out as they are, anything else as JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False  # never answer: the client must give up


Script = Callable[[Request], Answer]


class Loopback:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.script: Script = lambda _: Answer(status=404)
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # closing waits for them, so no socket is left behind
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [request.path.rpartition("/")[2] for request in self.requests]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                loopback._serve(self)

            do_POST = do_GET  # noqa: N815 - http.server's own naming

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        raw = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        request = Request(
            parts.path, query, json.loads(raw or b"null"), handler.headers.get("Authorization")
        )
        with self._lock:
            self.requests.append(request)
        answer = self.script(request)
        if answer.silent:
            self._released.wait(30)
            return
        content = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        )
        handler.send_response_only(answer.status)
        for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
