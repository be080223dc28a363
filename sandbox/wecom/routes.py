"""The WeCom stand-in over HTTP: always 200, the errcode tells."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from json import JSONDecodeError
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.wecom import operations
from sandbox.wecom.errors import WecomError, answer_of
from sandbox.wecom.fields import Answer, Body
from sandbox.wecom.operations import Office
from sandbox.wecom.tokens import LIFETIME
from sandbox.world import World

_PREFIX: Final = "/wecom/cgi-bin"
_POSTS: Final[Mapping[str, Callable[[Office, Body, datetime], Answer]]] = {
    "batch/get_by_user": operations.contacts_of_users,
    "get_corp_tag_list": operations.corp_tags,
    "add_msg_template": operations.create_task,
    "get_groupmsg_list_v2": operations.list_tasks,
    "get_groupmsg_task": operations.task_status,
    "get_groupmsg_send_result": operations.send_result,
    "cancel_groupmsg_send": operations.cancel_task,
}


def wecom_routes(world: World) -> APIRouter:
    """Return the stand-in's routes."""
    router = APIRouter(prefix=_PREFIX)

    @router.get("/gettoken")
    async def gettoken(corpid: str = "", corpsecret: str = "") -> JSONResponse:
        town, at = world.town()
        try:
            token = town.tokens.grant(corpid, corpsecret, at)
        except WecomError as error:
            return JSONResponse(answer_of(error.code, error.text, at))
        return _fine({"access_token": token, "expires_in": int(LIFETIME.total_seconds())})

    follow = _endpoint(world, operations.follow_users)
    router.add_api_route("/externalcontact/get_follow_user_list", follow, methods=["GET"])
    for name, operation in _POSTS.items():
        path = f"/externalcontact/{name}"
        router.add_api_route(path, _endpoint(world, operation), methods=["POST"])
    return router


def _endpoint(
    world: World, operation: Callable[[Office, Body, datetime], Answer]
) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def endpoint(request: Request) -> JSONResponse:
        body, warning = await _body(request)
        town, at = world.town()
        try:
            town.tokens.check(request.query_params.get("access_token", ""), at)
            return _fine(operation(Office(town.contacts, town.desk), body, at))
        except WecomError as error:
            return JSONResponse(answer_of(error.code, warning + error.text, at))

    return endpoint


async def _body(request: Request) -> tuple[Body, str]:
    """Return a call's parameters; malformed JSON counts as none, with a warning."""
    raw = await request.body()
    try:
        body = await request.json() if raw else {}
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    return (body, "") if isinstance(body, dict) else ({}, "Warning: wrong json format. ")


def _fine(answer: Answer) -> JSONResponse:
    return JSONResponse({"errcode": 0, "errmsg": "ok"} | answer)
