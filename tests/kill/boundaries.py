"""Where one task has ended and the next has not begun: the points at which a day is killed."""

import inspect
import os
import signal
from collections.abc import Callable
from typing import Any

from prefect import Task

Step = Callable[[str, str], None]
"""What is done at a boundary; it is told the name of what was done, and all that tells it apart."""


def die(*_: object, **__: object) -> None:
    """Go without a word: no handler, no finally, no commit."""
    os.kill(os.getpid(), signal.SIGKILL)


def after_each_task(step: Step, *, engine: bool) -> None:
    """Take a step whenever a task has finished, be it called through the engine or plainly."""
    through_the_engine = Task.__call__

    def called(task: Task[Any, Any], *args: Any, **kwargs: Any) -> Any:
        if engine:
            result: Any = through_the_engine(task, *args, **kwargs)
        else:
            result = task.fn(*args, **kwargs)
        if inspect.isawaitable(result):
            return _awaited(task, args, result, step)
        step(task.name, _told(task, args, result))
        return result

    Task.__call__ = called  # type: ignore[method-assign,assignment]


async def _awaited(task: Task[Any, Any], args: tuple[Any, ...], result: Any, step: Step) -> Any:
    value = await result
    step(task.name, _told(task, args, value))
    return value


def _told(task: Task[Any, Any], args: tuple[Any, ...], result: Any) -> str:
    """Say what was done so that the same work is told alike in another world: no random ids."""
    telling = [
        str(one)
        for one in (*args, result)
        if isinstance(one, int) or (isinstance(one, str) and one.isidentifier())
    ]
    return " ".join([task.name, *telling])
