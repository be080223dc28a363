"""Pushes like the flow does, and is killed for real at the point it is told."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.channels.wecom import WecomChannel
from schemas.enums import DispatchState
from store import outbox
from tasks import answers, push, reconcile
from tests.kill.boundaries import die

Function = Callable[..., Any]


def then_die(function: Function) -> Function:
    """Do it, then die."""

    def done(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        die()

    return done


def _when_accepted(function: Function) -> Function:
    def change(connection: Any, dispatch: int, origin: Any, target: Any, **columns: Any) -> bool:
        moved: bool = function(connection, dispatch, origin, target, **columns)
        if target is DispatchState.ACCEPTED:
            die()
        return moved

    return change


def arm(point: str) -> None:
    """Lay the mine."""
    match point:
        case "before the outbox commit":
            outbox.seal = then_die(outbox.seal)
        case "after the outbox commit":
            push.queued.fn = die  # type: ignore[assignment]
        case "before the call":
            WecomChannel.send = die  # type: ignore[assignment,method-assign]
        case "after the answer":
            WecomChannel.send = then_die(WecomChannel.send)  # type: ignore[method-assign]
        case "before the receipt's commit":
            outbox.change = _when_accepted(outbox.change)
        case "after the receipt's commit":
            answers.accepted = then_die(answers.accepted)
        case "never" | "in the call":
            return
        case _:
            raise ValueError(point)


def run(point: str, as_of: datetime, database_url: str, sandbox_url: str) -> None:
    """Reconcile, release and call, in the flow's order."""
    os.environ |= {"DATABASE_URL": database_url, "RUNWU_SANDBOX_URL": sandbox_url}
    arm(point)
    for dispatch in reconcile.unanswered.fn():
        reconcile.reconcile.fn(dispatch, as_of)
    while push.release_chunk.fn(as_of):
        pass
    for dispatch in push.queued.fn():
        push.call.fn(dispatch, as_of)
