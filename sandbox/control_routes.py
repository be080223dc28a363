"""The control endpoints: the world's clock, what happened in it, and what shall go wrong."""

from fastapi import APIRouter, HTTPException

from sandbox.faults import Faults
from sandbox.llm.studio import Studio
from sandbox.records import (
    ClockTime,
    CompletionRecord,
    Deletion,
    Farewell,
    Fault,
    Manner,
    OwnSend,
    Received,
    TaskName,
    TaskRecord,
)
from sandbox.wecom.errors import WecomError
from sandbox.world import World


def control_routes(world: World, studio: Studio, faults: Faults) -> APIRouter:
    """Return the routes under /sandbox."""
    router = APIRouter(prefix="/sandbox")

    @router.get("/clock")
    async def read_clock() -> ClockTime:
        return ClockTime(at=world.now())

    @router.post("/clock")
    async def set_clock(wanted: ClockTime) -> ClockTime:
        return ClockTime(at=world.set_clock(wanted.at))

    @router.get("/received")
    async def received() -> list[Received]:
        return world.town()[0].letterbox.received

    @router.get("/tasks")
    async def tasks() -> list[TaskRecord]:
        return [task.record() for task in world.town()[0].desk.tasks.values()]

    @router.get("/deleted")
    async def deleted() -> list[Deletion]:
        return world.town()[0].letterbox.deletions

    @router.post("/deleted")
    async def delete(wanted: Farewell) -> list[Deletion]:
        town, at = world.town()
        customer = town.contacts.find(wanted.external_userid)
        if customer is None:
            raise HTTPException(404, f"there is no customer {wanted.external_userid}")
        town.letterbox.delete(customer, wanted.userid, at)
        return town.letterbox.deletions

    @router.post("/faults")
    async def add_fault(fault: Fault) -> Fault:
        faults.add(fault)
        return fault

    _add_employees(router, world)
    _add_llm(router, studio)
    return router


def _add_employees(router: APIRouter, world: World) -> None:
    @router.post("/confirm")
    async def confirm(wanted: TaskName) -> TaskRecord:
        return _confirm(world, wanted.msgid)

    @router.post("/own_sends")
    async def send_own(wanted: OwnSend) -> TaskRecord:
        return _send_own(world, wanted)


def _add_llm(router: APIRouter, studio: Studio) -> None:
    @router.get("/llm")
    async def completions() -> list[CompletionRecord]:
        return studio.received

    @router.post("/llm")
    async def add_manner(manner: Manner) -> Manner:
        studio.ask(manner)
        return manner


def _confirm(world: World, msgid: str) -> TaskRecord:
    town, at = world.town()
    task = town.desk.tasks.get(msgid)
    if task is None:
        raise HTTPException(404, f"there is no task {msgid}")
    if task.cancelled:
        raise HTTPException(409, f"task {msgid} was cancelled")
    for share in task.shares:
        town.desk.confirm(task, share, at)
    return task.record()


def _send_own(world: World, wanted: OwnSend) -> TaskRecord:
    town, at = world.town()
    try:
        task = town.desk.send_own(wanted.userid, wanted.external_userid, wanted.text, at)
    except WecomError as error:
        raise HTTPException(409, error.text) from error
    return task.record()
