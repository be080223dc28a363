"""Things that go wrong on demand: error answers, dropped connections, slow answers."""

import asyncio
import json
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.records import Fault
from sandbox.wecom.errors import answer_of
from schemas.clock import now


@dataclass
class Faults:
    """The faults still to come, each with how many calls it has left."""

    _waiting: list[tuple[Fault, int]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Let `fault` befall the next calls it is meant for."""
        self._waiting.append((fault, fault.times))

    def take(self, path: str) -> Fault | None:
        """Return the fault that befalls this call, if any."""
        for index, (fault, left) in enumerate(self._waiting):
            if path.endswith(fault.path):
                self._waiting[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                return fault
        return None


class FaultyLine:
    """ASGI middleware between the network and the stand-ins; the control endpoints stay sound."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call, faithfully or not."""
        path: str = scope.get("path", "")
        exempt = scope["type"] != "http" or path.startswith("/sandbox/")
        fault = None if exempt else self._faults.take(path)
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "errcode":
            await _refuse(fault, send, wecom=path.startswith("/wecom/"))
        elif fault.kind == "drop_before":
            await _drop(send)
        else:
            answer = await self._process(scope, receive)
            if fault.kind == "drop_after":
                await _drop(send)
                return
            await asyncio.sleep(fault.seconds)
            for message in answer:
                await send(message)

    async def _process(self, scope: Scope, receive: Receive) -> list[Message]:
        """Let the call take effect and keep its answer back."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        return answer


async def _refuse(fault: Fault, send: Send, *, wecom: bool) -> None:
    if wecom:
        status, body = 200, answer_of(fault.code, "fault asked for", now())
    else:
        status = fault.code if fault.code > 0 else 503
        body = {"detail": "fault asked for"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _drop(send: Send) -> None:
    """Promise a body and never send it: the server closes the connection."""
    headers = [(b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
