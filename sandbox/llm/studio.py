"""What came in, and how the completions to come shall go."""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.llm.requests import ChatRequest
from sandbox.records import CompletionRecord, Manner

_GOOD = Manner(mode="good")


class Studio:
    """The stand-in's memory."""

    def __init__(self) -> None:
        self.received: list[CompletionRecord] = []
        self.schemas = True
        self._waiting: list[Manner] = []
        self._busy = 0

    def ask(self, manner: Manner) -> None:
        """Let completions go in this manner."""
        if manner.mode == "no_schema":
            self.schemas = False
        elif manner.mode == "good":
            self.schemas = True
            self._waiting.clear()
        else:
            self._waiting += [manner] * manner.times

    def note(self, request: ChatRequest, *, at_once: int, authorized: bool) -> int:
        """Remember a request and return which one it is."""
        self.received.append(
            CompletionRecord(
                model=request.model,
                rung=request.rung,
                authorized=authorized,
                at_once=at_once,
                messages=request.turns(),
            )
        )
        return len(self.received)

    def next_manner(self) -> Manner:
        """Return how this completion goes."""
        return self._waiting.pop(0) if self._waiting else _GOOD

    @contextmanager
    def visit(self) -> Iterator[int]:
        """Count a request as being dealt with, and yield how many are."""
        self._busy += 1
        try:
            yield self._busy
        finally:
            self._busy -= 1
