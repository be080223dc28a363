from collections.abc import Iterator

import pytest

from sandbox.world import Options
from tests.adapters.llm.bench import Bench
from tests.conftest import sandbox_world


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with sandbox_world(Options(members=1)) as url:
        yield url


@pytest.fixture
def bench(address: str) -> Bench:
    return Bench(address)
