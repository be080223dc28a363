from collections.abc import Iterator

import pytest

from tests.medusa.backoffice import Backoffice, opened
from tests.medusa.server import running_medusa


@pytest.fixture(scope="session")
def medusa_url() -> Iterator[str]:
    with running_medusa() as url:
        yield url


@pytest.fixture(scope="session")
def office(medusa_url: str) -> Iterator[Backoffice]:
    made = opened(medusa_url)
    yield made
    made.http.close()
