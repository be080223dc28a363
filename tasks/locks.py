"""Single flight for flows."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import RunRefused
from store.database import exclusively
from tasks.wiring import wiring


@contextmanager
def single_flight(flow: str) -> Iterator[None]:
    """Hold the right to run a flow. Raises RunRefused while another run of it is under way."""
    with exclusively(wiring().database, flow) as mine:
        if not mine:
            raise RunRefused(f"another {flow} is under way; it will do this one's work")
        yield
