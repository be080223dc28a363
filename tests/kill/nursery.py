"""Where victims are born: forked off a process that has imported everything, not a second each."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "__main__",
        "tests.kill.errands",
        "tests.kill.puller",
        "tests.kill.racer",
        "great_expectations",
    ]
)


@contextmanager
def born(life: Callable[..., None], *args: Any) -> Iterator[ForkServerProcess]:
    """A process that lives a life; it never outlives whoever wanted it."""
    process = _CONTEXT.Process(target=life, args=args)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
