"""Single flight for flows."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import RunRefused
from store.database import exclusively
from tasks.wiring import wiring

_PATIENCE_SECONDS = 600


@contextmanager
def single_flight(flow: str) -> Iterator[None]:
    """Hold the right to run a flow, waiting for it; raises RunRefused when that takes too long."""
    with exclusively(wiring().database, flow, patience=_PATIENCE_SECONDS) as mine:
        if not mine:
            raise RunRefused(
                f"another {flow} has been under way for {_PATIENCE_SECONDS // 60} minutes; "
                "run this one again when that one has ended"
            )
        yield
