"""
A process beside ours that decides as ours does: python -m tasks.lane FD.

Threads share one interpreter, so that two of them decide hardly more than one does. The process
knows nothing of Prefect, which takes seconds to load, nor of settings and secrets; what it needs it
is told with each request, the policy above all, so that all is decided by the same rules.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection, Pipe
from subprocess import Popen

from tasks.deciding import decide
from tasks.planner import Planner

_log = logging.getLogger("runwu.plan")

_Request = tuple[Planner, int, datetime, Sequence[int]]
_Answer = tuple[int, int] | Exception


class Lane:
    """The other process: it starts when first asked for, and ends with us whatever ends us."""

    def __init__(self) -> None:
        self._process: Popen[bytes] | None = None
        self._to: Connection[_Request, _Answer] | None = None
        self._is_ready = False

    @property
    def is_there(self) -> bool:
        """Whether there is one, ready or not."""
        return self._to is not None

    def is_ready(self) -> bool:
        """Tell whether it can decide by now; start it if there is none."""
        if self._to is None:
            self._start()
        elif not self._is_ready and self._to.poll():
            self._is_ready = True
            with suppress(EOFError):  # who is gone already is found out when asked
                self._to.recv()
        return self._is_ready

    def decide(
        self, planner: Planner, run: int, as_of: datetime, persons: Sequence[int]
    ) -> tuple[int, int]:
        """
        Do what tasks.deciding.decide does, over there, and wait for it; here if nobody is there.

        Who was killed over there has decided all of it or nothing, so it is done here then.
        """
        if self._to is None:
            return decide(planner, run, as_of, persons)
        try:
            self._to.send((planner, run, as_of, persons))
            answer = self._to.recv()
        except (EOFError, OSError):
            self.end()
            _log.warning("the process that decided beside this one has ended; going on alone")
            answer = decide(planner, run, as_of, persons)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> None:
        """Let the process end, if there is one; who is still starting is not waited for."""
        if self._to is not None and self._process is not None:
            self._to.close()
            if not self._is_ready:
                self._process.kill()
            self._process.wait()
        self._to = self._process = None
        self._is_ready = False

    def _start(self) -> None:
        ours, theirs = Pipe()
        told = theirs.fileno()
        command = [sys.executable, "-m", "tasks.lane", str(told)]
        # Whoever interrupts us by a key stops us alone: the process sees that we are gone.
        self._process = Popen(command, pass_fds=[told], start_new_session=True)  # noqa: S603
        theirs.close()
        self._to = ours


def main(asking: "Connection[_Answer, _Request]") -> None:
    """Say that we are there, and decide what is asked until whoever asks is gone."""
    with suppress(EOFError, ConnectionError):
        asking.send((0, 0))
        while True:
            planner, run, as_of, persons = asking.recv()
            try:
                answer: _Answer = decide(planner, run, as_of, persons)
            except Exception as error:  # noqa: BLE001 - whoever asked raises it
                answer = error
            asking.send(answer)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
