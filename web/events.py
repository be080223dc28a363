"""POST /events/{source}: events of members, signed by whoever tells them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from schemas.clock import now
from web.event_json import Malformed, events_in
from web.signature import HEADER, fault_of

MOST_BYTES = 1024 * 1024
RETRY_SECONDS = 30

Keep = Callable[[str, Mapping[str, Mapping[str, Any]]], int | None]
"""Keeps events of a source for good and returns how many were new; None if it cannot now."""


def event_routes(doors: Mapping[str, Sequence[str]], keep: Keep) -> APIRouter:
    """Return the routes by which the sources in `doors` post events signed with their secrets."""
    router = APIRouter()

    @router.post("/events/{source}", status_code=202)
    async def receive(source: str, request: Request) -> dict[str, int]:
        secrets = doors.get(source)
        if secrets is None:
            raise HTTPException(404, "no source of type webhook has this name")
        body = await _read(request)
        fault = fault_of(request.headers.get(HEADER, ""), body, secrets, now())
        if fault is not None:
            raise HTTPException(401, fault)
        try:
            events = events_in(body)
        except Malformed as error:
            raise HTTPException(422, str(error)) from error
        new = await run_in_threadpool(keep, source, events)
        if new is None:
            raise HTTPException(
                503,
                "the events could not be kept; send them again",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        return {"new": new}

    return router


async def _read(request: Request) -> bytes:
    """Return the body as it was sent, of which never more than MOST_BYTES is held."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise HTTPException(413, f"the body is larger than {MOST_BYTES} bytes; send less")
    except ClientDisconnect as error:
        raise HTTPException(400, "the body ended early") from error
    return bytes(body)
