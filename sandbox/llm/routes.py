"""The language model over HTTP, as an OpenAI-compatible server."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from sandbox.llm.answers import completion
from sandbox.llm.errors import LlmError
from sandbox.llm.requests import ChatRequest, check_form, read_request
from sandbox.llm.studio import Studio
from sandbox.records import Manner
from sandbox.world import World

_SECRET: Final = "Bearer sandbox-secret"  # noqa: S105  the stand-in's only secret is a public one
_MODEL: Final = "runwu-stand-in"
_TOO_MANY: Final = 429


def llm_routes(world: World, studio: Studio) -> APIRouter:
    """Return the stand-in's routes."""
    router = APIRouter(prefix="/llm/v1")

    @router.get("/models")
    async def models(request: Request) -> Response:
        try:
            _authorize(request)
        except LlmError as error:
            return JSONResponse(error.body(), error.status)
        created = int(world.now().timestamp())
        model = {"id": _MODEL, "object": "model", "created": created, "owned_by": "runwu"}
        return JSONResponse({"object": "list", "data": [model]})

    @router.post("/chat/completions")
    async def complete(request: Request) -> Response:
        with studio.visit() as at_once:
            try:
                return await _complete(world, studio, request, at_once)
            except LlmError as error:
                return JSONResponse(error.body(), error.status)

    return router


async def _complete(world: World, studio: Studio, request: Request, at_once: int) -> Response:
    asked = read_request(await request.body())
    number = studio.note(asked, at_once=at_once, authorized=_authorized(request))
    _authorize(request)
    check_form(asked, schemas=studio.schemas)
    manner = studio.next_manner()
    await asyncio.sleep(manner.seconds if manner.mode == "slow" else 0)
    if manner.mode == "html":
        return HTMLResponse("<html><body>It works!</body></html>")
    if manner.mode == "status":
        return _refusal(manner, request, asked)
    return JSONResponse(completion(asked, manner.mode, number, world.now()))


def _authorized(request: Request) -> bool:
    return request.headers.get("authorization") == _SECRET


def _authorize(request: Request) -> None:
    if not _authorized(request):
        given = request.headers.get("authorization", "none")
        raise LlmError(401, f"Incorrect API key provided: {given}.", code="invalid_api_key")


def _refusal(manner: Manner, request: Request, asked: ChatRequest) -> Response:
    """
    Refuse, quoting key and prompt.

    Rationale: real servers do so in part (OpenAI's 401 the key, FastAPI's 422 the input), and
    whoever logs or stores what they say would give both away.
    """
    key, last = request.headers.get("authorization"), asked.turns()[-1].content
    error = LlmError(manner.code, f"refused as asked for; the key was {key}, the prompt {last}")
    waits = manner.seconds > 0 or manner.code == _TOO_MANY
    headers = {"retry-after": f"{manner.seconds:g}"} if waits else {}
    return JSONResponse(error.body(), manner.code, headers)
